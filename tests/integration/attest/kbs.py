"""A key broker service as Trustee's protocol 0.4.0 has it: a session with a challenge, a token for
evidence that answers it, and a resource encrypted to the key that the evidence vouches for."""

import base64
import hashlib
import json
import os
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from https_service import Answer, HttpsService
from maa import decode, encode, json_answer, token

RESOURCE = b"\x00the secret that is released\xff"


def canonical(content):
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()


def problem(status, detail):
    return json_answer({"type": "https://github.com/confidential-containers/kbs/errors",
                        "detail": detail}, status)


def extra_data_of(quote):
    signer_end = 8 + int.from_bytes(quote[6:8], "big")
    size = int.from_bytes(quote[signer_end:signer_end + 2], "big")
    return quote[signer_end + 2:signer_end + 2 + size]


def sealed(content, public_jwk, header=None):
    """A JWE in its flattened JSON form."""
    number = lambda name: int.from_bytes(decode(public_jwk[name]), "big")
    public = rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
    key, iv = os.urandom(32), os.urandom(12)
    protected = encode(canonical(header or {"alg": "RSA-OAEP-256", "enc": "A256GCM"}))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    encrypted = AESGCM(key).encrypt(iv, content, protected.encode())
    return {"protected": protected, "encrypted_key": encode(public.encrypt(key, oaep)),
            "iv": encode(iv), "ciphertext": encode(encrypted[:-16]), "tag": encode(encrypted[-16:])}


class Kbs(HttpsService):
    """What a test changes: `status` of the appraisal, `claims` of the token, `seal` (the answer made
    of a resource's JWE), `challenge`, and `instead`, an answer by path."""

    def __init__(self, **more):
        super().__init__(self.respond, **more)
        self.key = rsa.generate_private_key(65537, 2048)
        self.sessions = {}
        self.status = "affirming"
        self.claims = {}
        self.challenge = {}
        self.seal = lambda jwe: jwe
        self.instead = {}

    def respond(self, method, path, headers, body):
        if path in self.instead:
            return self.instead[path]
        if (method, path) == ("POST", "/kbs/v0/auth"):
            return self.authenticate(json.loads(body))
        session = self.sessions.get(headers.get("Cookie", "").removeprefix("kbs-session-id="))
        if session is None:
            return problem(401, "there is no such session")
        if (method, path) == ("POST", "/kbs/v0/attest"):
            return self.attest(session, json.loads(body))
        if (method, path) == ("GET", "/kbs/v0/resource/default/key/one"):
            if "attested" not in session:
                return problem(401, "the session is not attested")
            return json_answer(self.seal(sealed(RESOURCE, session["attested"])))
        return problem(404, "there is no such resource")

    def authenticate(self, asked):
        if asked["version"] != "0.4.0" or asked["tee"] != "az-snp-vtpm":
            return problem(401, "the request is of another version")
        name, nonce = os.urandom(8).hex(), base64.b64encode(os.urandom(32)).decode()
        self.sessions[name] = {"nonce": nonce}
        answer = json_answer({"nonce": nonce, "extra-params": "", **self.challenge})
        answer.headers["Set-Cookie"] = f"kbs-session-id={name}; Path=/; Secure; HttpOnly"
        return answer

    def attest(self, session, asked):
        runtime, evidence = asked["runtime-data"], asked["tee-evidence"]
        bound = hashlib.sha384(canonical({
            "additional-evidence": evidence["additional_evidence"], "nonce": session["nonce"],
            "tee-pubkey": runtime["tee-pubkey"]})).digest()
        primary = evidence["primary_evidence"]
        quote = bytes.fromhex(primary["tpm_quote"]["message"])
        report = decode(primary["hcl_report"])
        if runtime["nonce"] != session["nonce"] or extra_data_of(quote) != bound:
            return problem(401, "the quote does not answer the challenge")
        if f'"user-data":"{bound.hex().upper()}{"0" * 32}"'.encode() not in report:
            return problem(401, "the report does not answer the challenge")
        session["attested"] = runtime["tee-pubkey"]
        now = int(time.time())
        claims = {"eat_profile": "tag:github.com,2024:confidential-containers/Trustee",
                  "exp": now + 300, "iat": now,
                  "submods": {"cpu0": {"ear.status": self.status}}, **self.claims}
        return json_answer({"token": token({"alg": "RS256", "typ": "JWT"}, claims, self.key)})
