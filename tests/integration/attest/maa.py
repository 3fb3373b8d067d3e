"""Microsoft Azure Attestation as far as its SevSnpVm is documented: it verifies report, certificate
and runtime data, and signs what it found."""

import base64
import hashlib
import json
import time
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from https_service import Answer, HttpsService

# AMD gives every VCEK the serial number zero.
warnings.filterwarnings("ignore", "Parsed a serial number which wasn't positive")


def encode(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def json_answer(content, status=200, **more):
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json"},
                  **more)


def jwk(key, kid):
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "use": "sig",
            "n": encode(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
            "e": encode(numbers.e.to_bytes(3, "big"))}


def token(header, claims, key):
    """Compact; `key`: an RSA key, bytes for HS256, or nothing."""
    signed = ".".join(encode(json.dumps(part, separators=(",", ":")).encode())
                      for part in (header, claims))
    if isinstance(key, bytes):
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(signed.encode())
        return f"{signed}.{encode(mac.finalize())}"
    if key is None:
        return f"{signed}."
    return f"{signed}.{encode(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def certificates_in(pem):
    """VCEK, ASK and ARK, in lines of 64 characters, as Microsoft's own clients send them."""
    assert max(map(len, pem.splitlines())) <= 64, "lines of a PEM text have 64 characters"
    end = b"-----END CERTIFICATE-----\n"
    return [x509.load_pem_x509_certificate(each + end) for each in pem.split(end)[:-1]]


def report_is_signed(report, leaf):
    number = lambda offset: int.from_bytes(report[offset:offset + 72], "little")
    signature = utils.encode_dss_signature(number(0x2A0), number(0x2E8))
    try:
        leaf.public_key().verify(signature, report[:0x2A0], ec.ECDSA(hashes.SHA384()))
    except Exception:
        return False
    return True


class Maa(HttpsService):
    """What a test changes: `header`, `claims` and `key` of the tokens, and `instead`, an answer by
    path. `rejected`: why evidence was not accepted."""

    def __init__(self, **more):
        super().__init__(self.respond, **more)
        self.own_key = self.key = rsa.generate_private_key(65537, 2048)
        self.header = {}
        self.claims = {}
        self.instead = {}
        self.rejected = []

    def respond(self, method, path, headers, body):
        if path in self.instead:
            given = self.instead[path]
            return given.pop(0) if isinstance(given, list) and len(given) > 1 else (
                given[0] if isinstance(given, list) else given)
        if (method, path) == ("GET", "/certs"):
            return json_answer({"keys": [jwk(self.own_key, "mine")]})
        if (method, path) == ("POST", "/attest/SevSnpVm?api-version=2022-08-01"):
            return self.attest(json.loads(body))
        return Answer(404)

    def attest(self, asked):
        proof = json.loads(decode(asked["report"]))
        report, runtime = decode(proof["SnpReport"]), decode(asked["runtimeData"]["data"])
        certificates = certificates_in(decode(proof["VcekCertChain"]))
        names = [each.subject.rfc4514_string() for each in certificates]
        why = (f"the chain is {len(names)} certificates long"
               if [name.partition(",")[0] for name in names] != [
                   "CN=SEV-VCEK", "CN=SEV-Milan", "CN=ARK-Milan"] else
               "the report is not signed by the VCEK"
               if not report_is_signed(report, certificates[0]) else
               "the runtime data is not that of the report"
               if hashlib.sha256(runtime).digest() != report[0x50:0x70] else
               "the runtime data is not JSON" if asked["runtimeData"]["dataType"] != "JSON" else "")
        if why:
            self.rejected.append(why)
            return json_answer({"error": {"code": "AttestationFailed", "message": why}}, 400)
        return json_answer({"token": self.token_for(report, json.loads(runtime))})

    def token_for(self, report, runtime):
        now = int(time.time())
        claims = {"exp": now + 28800, "iat": now, "nbf": now, "iss": self.url,
                  "x-ms-attestation-type": "sevsnpvm",
                  "x-ms-compliance-status": "azure-compliant-cvm", "x-ms-runtime": runtime,
                  "x-ms-sevsnpvm-is-debuggable": bool(report[0x0A] & 8),
                  "x-ms-sevsnpvm-reportdata": report[0x50:0x90].hex(), **self.claims}
        header = {"alg": "RS256", "typ": "JWT", "kid": "mine", "jku": f"{self.url}/certs",
                  **self.header}
        return token(header, claims, self.key)
