"""`run` with verifier maa: the real program against a software TPM with a paravisor, and against an
instance of Microsoft Azure Attestation of the tests' own, over TLS."""

import base64
import datetime
import json
import time
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from attest_case import PROGRAM, AttestCase, chain, demand, documented_checks, refusal
from https_service import Answer, HttpsService, authority
from maa import Maa, json_answer, jwk
from vtpm_case import VtpmCase

SEV_SNP_VM = "/attest/SevSnpVm?api-version=2022-08-01"


class MaaCase(VtpmCase):
    trusted = authority() / "ca.pem"

    def setUp(self):
        super().setUp()
        self.provision()
        self.service = self.remote(Maa())
        self.vtpm = self.paravisor(period=0.2)

    def words(self, text):
        return f"Microsoft Azure Attestation at {self.service.url}: {text}"

    def check_maa(self, name, code, sentence, *more, issuer=None, **settings):
        verifier = {"maa": {"issuer": issuer or self.service.url, **settings}}
        self.check_tpm(name, code, sentence, *more, verifier=verifier, tcti=self.vtpm.tcti)

    def attested(self):
        return f"confidential-pods-attest: this node is attested: verified by {self.service.url}"


class Attested(MaaCase):
    def test_a_node_that_the_instance_accepts_is_attested_and_has_its_token(self):
        self.check_maa("accepted", 0, self.attested(), "--output", self.output,
                       requireSecureBoot=True)
        self.assertEqual(self.service.requests, [("POST", SEV_SNP_VM), ("GET", "/certs")])
        self.assertEqual(sorted(each.name for each in self.output.iterdir()),
                         ["evidence.json", "result.json", "token.jwt"])
        token = self.output / "token.jwt"
        self.assertEqual(token.stat().st_mode & 0o777, 0o444)
        self.assertEqual(token.read_text().count("."), 2)
        checks = {check["name"]: check["status"] for check in
                  json.loads((self.output / "result.json").read_text())["checks"]}
        self.assertEqual(checks["quote.nonce"], "passed")
        asked = {name: status for name, status in checks.items() if name.startswith("maa.")}
        self.assertEqual(set(asked), {name for name in documented_checks()
                                      if name.startswith("maa.")})
        self.assertEqual(set(asked.values()), {"passed"})

    def test_a_busy_instance_is_asked_again(self):
        good = self.service.respond
        busy = [Answer(503), Answer(429, headers={"Retry-After": "1"})]

        def after_a_while(method, path, headers, body):
            return busy.pop(0) if path == SEV_SNP_VM and busy else good(method, path, headers, body)
        self.service.answer = after_a_while
        self.check_maa("busy", 0, self.attested())
        self.assertEqual(len(self.service.requests), 4)

    def test_keys_may_be_published_as_certificates(self):
        key, certificate = self.self_signed()
        self.service.key = key
        self.service.instead["/certs"] = json_answer(
            {"keys": [{"kty": "RSA", "kid": "mine", "x5c": [certificate]}]})
        self.check_maa("x5c", 0, self.attested())

    def self_signed(self):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "maa")])
        now = datetime.datetime.utcnow()
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                .public_key(key.public_key()).serial_number(1).not_valid_before(now)
                .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
        return key, base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


    def test_certificates_above_a_leaf_that_came_alone_are_shown_too(self):
        leaf = chain().openssl("x509", "-in", "vcek.pem", "-outform", "DER")
        kds = self.remote(HttpsService(lambda *_: Answer(200, leaf)))
        self.check_tpm("alone", 0, self.attested(), "--kds", kds.url,
                       verifier={"maa": {"issuer": self.service.url}}, tcti=self.vtpm.tcti,
                       imds=self.serve((410, b"")).url)

    def test_a_token_of_before_is_gone_when_a_node_is_refused(self):
        self.check_maa("before", 0, self.attested(), "--output", self.output)
        self.service.claims = {"x-ms-compliance-status": "none"}
        done = self.attest("run", *self.run_arguments(
            verifier={"maa": {"issuer": self.service.url}}, tcti=self.vtpm.tcti),
            "--output", self.output, "--termination-log", "/dev/null")
        self.assertEqual(done.returncode, 14)
        self.assertEqual(sorted(each.name for each in self.output.iterdir()),
                         ["evidence.json", "result.json"])
        self.assertIs(json.loads((self.output / "result.json").read_text())["verified"], False)


class Refused(MaaCase):
    def test_evidence_that_does_not_hold_here_is_not_even_shown(self):
        self.report_for = lambda user_data: bytes(2048)
        self.vtpm.make_report = self.report_for
        self.check_maa("zeros", 15, refusal("the vTPM's report was not renewed: it does not carry "
                                            "this attestation's nonce"), "--timeout", "8")
        self.assertEqual(self.service.requests, [])

    def test_a_renewal_that_is_withheld_is_not_fresh(self):
        self.vtpm.withholds = True
        self.check_maa("withheld", 15, refusal("the vTPM's report was not renewed: it does not "
                                               "carry this attestation's nonce"),
                       "--timeout", "8")

    def test_what_the_instance_says_no_to_is_refused_with_its_words(self):
        rows = [
            (400, json_answer({"error": {"code": "X", "message": "the VCEK is\nrevoked"}}, 400),
             "it answers HTTP 400: the VCEK is?revoked"),
            (401, Answer(401), "it answers HTTP 401"),
            (403, Answer(403, b"<html>"), "it answers HTTP 403"),
            (400, json_answer({"error": {"message": "x" * 1000}}, 400),
             "it answers HTTP 400: " + "x" * 300),
        ]
        for status, answer, words in rows:
            self.service.instead[SEV_SNP_VM] = answer
            self.check_maa(status, 16, refusal(f"maa.token: {self.words(words)}"))
        self.assertFalse((self.output / "token.jwt").exists())

    def test_a_token_that_is_not_what_was_asked_for_is_refused_for_what_it_is(self):
        now = int(time.time())
        stranger = rsa.generate_private_key(65537, 2048)
        rows = [
            ("of another issuer", 13, {}, {"iss": "https://evil.example"}, None,
             'maa.iss: the issuer of the token is "https://evil.example" instead of '
             f'"{self.service.url}"'),
            ("by a foreign key", 13, {}, {}, stranger,
             "maa.signature: the token is not signed by the key that it names"),
            ("by a key that is not published", 13, {"kid": "theirs"}, {}, stranger,
             "maa.kid: the token is signed by a key that its issuer does not publish: theirs"),
            ("signed by nobody", 13, {"alg": "none"}, {}, "none",
             "maa.alg: the token is signed by none instead of RS256"),
            ("by a shared secret", 13, {"alg": "HS256"}, {}, b"the public key",
             "maa.alg: the token is signed by HS256 instead of RS256"),
            ("expired", 15, {}, {"exp": now - 120}, None, "maa.exp: the token is no longer valid"),
            ("of tomorrow", 15, {}, {"nbf": now + 86400}, None,
             "maa.nbf: the token is not valid yet"),
            ("for another nonce", 15, {},
             {"x-ms-runtime": {"user-data": "5a" * 64, "vm-configuration": {"secure-boot": True}}},
             None, "maa.user_data: the token is about a report that does not answer this "
             "attestation's nonce"),
            ("of a guest that can be debugged", 14, {}, {"x-ms-sevsnpvm-is-debuggable": True}, None,
             "maa.debug: the token does not say that the guest cannot be debugged"),
            ("of a guest that does not comply", 14, {}, {"x-ms-compliance-status": "none"}, None,
             'maa.compliance_status: the compliance status of the token is "none" instead of '
             '"azure-compliant-cvm"'),
            ("of another kind", 14, {}, {"x-ms-attestation-type": "tdxvm"}, None,
             'maa.attestation_type: the attestation type of the token is "tdxvm" instead of '
             '"sevsnpvm"'),
            ("that asks for more", 12, {"crit": ["b64"]}, {}, None,
             "maa.jwt: this is no JSON Web Token: its header asks for extensions that are not "
             "known"),
        ]
        for name, code, header, claims, key, words in rows:
            self.service.header, self.service.claims = header, claims
            self.service.key = None if key == "none" else key or self.service.own_key
            self.check_maa(name, code, refusal(words), "--output", self.output)
            self.assertFalse((self.output / "token.jwt").exists())

    def test_secure_boot_is_asked_for_where_the_pool_wants_it(self):
        runtime = {"vm-configuration": {"secure-boot": False}}
        good = self.service.token_for

        def without(report, seen):
            return good(report, {**seen, **runtime})
        self.service.token_for = without
        self.check_maa("not asked", 0, self.attested())
        self.check_maa("asked", 14, refusal("maa.secure_boot: the token does not say that secure "
                                            "boot is on"), requireSecureBoot=True)

    def test_the_keys_are_the_issuers_own_wherever_the_token_points(self):
        thief = self.remote(Maa())
        self.service.key = thief.own_key
        self.service.header = {"jku": f"{thief.url}/certs", "jwk": jwk(thief.own_key, "mine")}
        self.check_maa("jku", 13, refusal(
            "maa.signature: the token is not signed by the key that it names"))
        self.assertEqual(thief.requests, [])


class Connections(MaaCase):
    def test_answers_that_are_none_are_transport_failures_or_malformed(self):
        elsewhere = self.remote(HttpsService(lambda *_: Answer(200)))
        token = SEV_SNP_VM
        rows = [
            (11, token, Answer(302, headers={"Location": elsewhere.url}), "maa.token",
             "it answers HTTP 302"),
            (11, "/certs", Answer(307, headers={"Location": elsewhere.url}), "maa.keys",
             "it answers HTTP 307"),
            (11, "/certs", Answer(404), "maa.keys", "it answers HTTP 404"),
            (12, token, Answer(200, b"{"), "maa.token", "offset 1: "),
            (12, token, json_answer({}), "maa.token", "/token is missing"),
            (12, "/certs", json_answer({"keys": []}), "maa.keys",
             "this is no JWK Set: it has no RSA key"),
            (11, token, Answer(200, b"x" * 262145), "maa.token",
             "the answer is larger than this program reads"),
            (11, token, Answer(200, b'{"token":', missing=10), "maa.token",
             "it closed the connection while waiting for the answer"),
            (11, token, Answer(hangs=True), "maa.token",
             "no answer within "),
        ]
        for code, path, answer, check, words in rows:
            with self.subTest(words):
                self.service.instead = {path: answer}
                begin = time.monotonic()
                done = self.attest("run", *self.run_arguments(
                    verifier={"maa": {"issuer": self.service.url}}, tcti=self.vtpm.tcti),
                    "--timeout", "5", "--termination-log", "/dev/null")
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertTrue(done.stderr.startswith(
                    f"confidential-pods-attest: {check}: {self.words(words)}"), done.stderr)
                self.assertLess(time.monotonic() - begin, 6)
        self.assertEqual(elsewhere.requests, [])

    def test_an_instance_with_a_certificate_of_nobody_is_not_talked_to(self):
        self.service = self.remote(Maa(certificate="stranger"))
        done = self.attest("run", *self.run_arguments(
            verifier={"maa": {"issuer": self.service.url}}, tcti=self.vtpm.tcti),
            "--timeout", "4", "--termination-log", "/dev/null")
        self.assertEqual(done.returncode, 11, done.stderr)
        self.assertEqual(done.stderr, refusal("maa.token: " + self.words(
            'its certificate is refused under the name "localhost": self-signed certificate'))
            + "\n")
        self.assertEqual(self.service.requests, [])

    def test_a_name_that_the_certificate_does_not_have_is_not_talked_to(self):
        done = self.attest("run", *self.run_arguments(
            verifier={"maa": {"issuer": f"https://127.0.0.1:{self.service.port}"}},
            tcti=self.vtpm.tcti), "--timeout", "4", "--termination-log", "/dev/null")
        self.assertEqual(done.returncode, 11, done.stderr)
        self.assertEqual(self.service.requests, [])


class Settings(AttestCase):
    program = PROGRAM

    def test_settings_that_cannot_be_used_fail_closed(self):
        https = "verifier.maa.issuer must be an https:// address"
        rows = [({}, https), ({"issuer": "http://maa.example"}, https),
                ({"issuer": "maa.example"}, https),
                ({"issuer": "https://maa.example:443"},
                 "verifier.maa.issuer names the port 443, as no token's issuer does"),
                ({"issuer": 7}, "verifier.maa: /issuer must be a string, but is a number"),
                ({"issuer": "https://maa.example", "requireSecureBoot": "yes"},
                 "verifier.maa: /requireSecureBoot must be a boolean, but is a string")]
        for settings, words in rows:
            self.check(settings, 17, refusal(words), "--attestation",
                       demand(verifier={"maa": settings}))


if __name__ == "__main__":
    unittest.main()
