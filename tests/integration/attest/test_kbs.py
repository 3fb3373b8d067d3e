"""`run` with verifier kbs: the real program against a software TPM with a paravisor, and against a key
broker service of the tests' own, over TLS."""

import json
import time
import unittest

from cryptography.hazmat.primitives.asymmetric import rsa

from attest_case import PROGRAM, AttestCase, demand, documented_checks, refusal
from https_service import Answer, authority
from kbs import RESOURCE, Kbs, canonical, problem, sealed
from maa import encode, json_answer, jwk
from vtpm_case import VtpmCase

AUTH, ATTEST, KEY = "/kbs/v0/auth", "/kbs/v0/attest", "/kbs/v0/resource/default/key/one"


class KbsCase(VtpmCase):
    def setUp(self):
        super().setUp()
        self.provision()
        self.service = self.remote(Kbs())
        self.vtpm = self.paravisor(period=0.2)

    def words(self, text):
        return f"the key broker service at localhost:{self.service.port}: {text}"

    def verifier(self, **settings):
        return {"kbs": {"url": self.service.url, "caBundle": (authority() / "ca.pem").read_text(),
                        **settings}}

    def check_kbs(self, name, code, sentence, *more, **settings):
        self.check_tpm(name, code, sentence, *more, verifier=self.verifier(**settings),
                       tcti=self.vtpm.tcti)

    def attested(self):
        return f"confidential-pods-attest: this node is attested: verified by {self.service.url}"


class Attested(KbsCase):
    def test_a_node_that_the_service_affirms_is_attested(self):
        self.check_kbs("affirmed", 0, self.attested(), "--output", self.output)
        self.assertEqual(self.service.requests, [("POST", AUTH), ("POST", ATTEST)])
        self.assertEqual(sorted(each.name for each in self.output.iterdir()),
                         ["evidence.json", "result.json", "token.jwt"])

    def test_a_resource_is_released_to_this_attestation_alone(self):
        self.check_kbs("released", 0, self.attested(), "--output", self.output,
                       resource="default/key/one")
        self.assertEqual(self.service.requests[-1], ("GET", KEY))
        released = self.output / "resource"
        self.assertEqual(released.read_bytes(), RESOURCE)
        self.assertEqual(released.stat().st_mode & 0o777, 0o444)
        asked = {check["name"]: check["status"] for check in
                 json.loads((self.output / "result.json").read_text())["checks"]
                 if check["name"].startswith("kbs.")}
        self.assertEqual(set(asked), {name for name in documented_checks()
                                      if name.startswith("kbs.")})
        self.assertEqual(set(asked.values()), {"passed"})
        first, = [each["attested"]["n"] for each in self.service.sessions.values()]
        self.check_kbs("again", 0, self.attested(), resource="default/key/one")
        self.assertEqual(len({each["attested"]["n"] for each in self.service.sessions.values()}), 2)
        self.assertNotIn(RESOURCE.hex(), (self.output / "result.json").read_text())
        self.assertTrue(first)


class Refused(KbsCase):
    def test_a_service_that_is_not_sure_is_not_taken_for_one_that_is(self):
        for status in ("warning", "contraindicated", "none"):
            self.service.status = status
            self.check_kbs(status, 16, refusal(
                f'kbs.status: the key broker service holds cpu0 for "{status}" instead of '
                '"affirming"'), "--output", self.output, resource="default/key/one")
        self.assertNotIn(("GET", KEY), self.service.requests)
        self.assertEqual(sorted(each.name for each in self.output.iterdir()),
                         ["evidence.json", "result.json"])

    def test_what_the_service_says_no_to_is_refused_with_its_words(self):
        no = "it answers HTTP 401: no"
        rows = [(AUTH, refusal(self.words(no))),
                (ATTEST, refusal(f"kbs.token: {self.words(no)}")),
                (KEY, refusal(f"kbs.resource: {self.words(no)}"))]
        for path, sentence in rows:
            self.service.instead = {path: problem(401, "no")}
            self.check_kbs(path, 16, sentence, "--output", self.output, resource="default/key/one")
        self.service.instead = {}
        self.check_kbs("absent", 16, refusal("kbs.resource: " + self.words(
            "it answers HTTP 404: there is no such resource")), resource="default/key/two")
        self.assertFalse((self.output / "resource").exists())
        self.assertFalse((self.output / "token.jwt").exists())

    def test_a_token_that_has_ended_or_is_none_is_refused(self):
        self.service.claims = {"exp": int(time.time()) - 120}
        self.check_kbs("ended", 15, refusal("kbs.exp: the token is no longer valid"))
        self.service.claims = {"submods": {}}
        self.check_kbs("empty", 16, refusal("kbs.status: the token of the key broker service "
                                            "appraises nothing"))
        self.service.instead = {ATTEST: json_answer({"token": "a.b"})}
        self.check_kbs("none", 12, refusal("kbs.jwt: this is no JSON Web Token: it does not have "
                                           "three parts"))

    def test_a_challenge_that_cannot_be_answered_is_refused(self):
        its = "its challenge: "
        for more, words in [({"nonce": ""}, its + "/nonce has a length that no nonce has"),
                            ({"nonce": "x" * 1025}, its + "/nonce has a length that no nonce has"),
                            ({"nonce": 7}, its + "/nonce must be a string, but is a number"),
                            ({"extra-params": {"selected-hash-algorithm": "sha512"}},
                             its + "/extra-params/selected-hash-algorithm must be sha384")]:
            self.service.challenge = more
            self.check_kbs(more, 12, refusal(self.words(words)))
        self.service.instead = {AUTH: json_answer({"nonce": "AAAA"})}
        self.check_kbs("no session", 12, refusal(self.words("it gives no kbs-session-id")))

    def test_a_resource_that_was_tampered_with_is_not_handed_on(self):
        key = "kbs.resource: " + self.words("the resource default/key/one: ")
        shut = "it does not open with the key of this attestation"
        flipped = lambda text: ("B" if text[0] == "A" else "A") + text[1:]
        replaced = lambda **more: lambda jwe: {**jwe, **more}
        spoilt = lambda name: lambda jwe: {**jwe, name: flipped(jwe[name])}
        header = lambda **more: encode(canonical({"alg": "RSA-OAEP-256", "enc": "A256GCM", **more}))
        rows = [
            (13, spoilt("ciphertext"), shut), (13, spoilt("tag"), shut), (13, spoilt("iv"), shut),
            (13, spoilt("encrypted_key"), shut),
            (13, replaced(protected=header(kid="x")), shut),
            (17, replaced(protected=header(alg="RSA1_5")),
             "it is encrypted by RSA1_5 and A256GCM instead of RSA-OAEP-256 and A256GCM"),
            (17, replaced(protected=header(enc="none")),
             "it is encrypted by RSA-OAEP-256 and none instead of RSA-OAEP-256 and A256GCM"),
            (12, replaced(tag="AAAA"), "its iv or tag has another length than A256GCM's"),
            (12, replaced(tag=""), "its iv or tag has another length than A256GCM's"),
            (12, replaced(aad="AAAA"), "/aad is not known"),
            (12, lambda jwe: {"protected": jwe["protected"]}, "/encrypted_key is missing"),
        ]
        for code, seal, words in rows:
            self.service.seal = seal
            self.check_kbs(words, code, refusal(key + words), "--output", self.output,
                           resource="default/key/one")
        self.assertFalse((self.output / "resource").exists())

    def test_a_resource_for_another_key_does_not_open(self):
        other = jwk(rsa.generate_private_key(65537, 2048), "other")
        self.service.seal = lambda _: sealed(RESOURCE, other)
        self.check_kbs("other", 13, refusal("kbs.resource: " + self.words(
            "the resource default/key/one: it does not open with the key of this attestation")),
            resource="default/key/one")


    def test_what_a_service_writes_is_one_line_of_the_log(self):
        self.service.instead = {AUTH: problem(401, "no\n\x1b[8mconfidential-pods-attest: this node is "
                                                   "attested: verified")}
        self.check_kbs("lines", 16, refusal(self.words(
            "it answers HTTP 401: no??[8mconfidential-pods-attest: this node is attested: verified")))

    def test_a_secret_of_before_is_gone_when_a_node_is_refused(self):
        self.check_kbs("before", 0, self.attested(), "--output", self.output,
                       resource="default/key/one")
        (self.output / "resource.new").write_text("of an attempt that was killed")
        self.service.status = "contraindicated"
        self.check_kbs("after", 16, refusal(
            'kbs.status: the key broker service holds cpu0 for "contraindicated" instead of '
            '"affirming"'), "--output", self.output, resource="default/key/one")
        self.assertEqual(sorted(each.name for each in self.output.iterdir()),
                         ["evidence.json", "result.json"])
        # Whatever is refused, and when.
        (self.output / "resource").write_text("of an attempt before")
        self.check("usage", 2, refusal("--attestation: /evidence: must be azure-vtpm or sev-snp"),
                   "--attestation", demand(evidence="tdx"), "--output", self.output)
        self.assertEqual(list(self.output.iterdir()), [])
        self.service.instead = {AUTH: Answer(403)}
        self.check_kbs("at once", 16, refusal(self.words("it answers HTTP 403")),
                       "--output", self.output)
        self.assertEqual(list(self.output.iterdir()), [])


class Connections(KbsCase):
    def test_answers_that_are_none_end_in_time(self):
        rows = [(11, AUTH, Answer(302, headers={"Location": "https://localhost:1"}), "",
                 "it answers HTTP 302"),
                (11, AUTH, Answer(hangs=True), "", "no answer within "),
                (11, AUTH, Answer(200, b"{", missing=9), "",
                 "it closed the connection while waiting for the answer"),
                (11, ATTEST, Answer(200, b"x" * (2 * 1024 * 1024 + 1)), "kbs.token: ",
                 "the answer is larger than this program reads"),
                (11, ATTEST, Answer(500), "kbs.token: ", "it answers HTTP 500"),
                (12, ATTEST, Answer(200, b"[]"), "kbs.token: ", "the document must be an object")]
        for code, path, answer, check, words in rows:
            with self.subTest(words):
                self.service.instead = {path: answer}
                begin = time.monotonic()
                done = self.attest("run", *self.run_arguments(verifier=self.verifier(),
                                                              tcti=self.vtpm.tcti),
                                   "--timeout", "5", "--termination-log", "/dev/null")
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertTrue(done.stderr.startswith(
                    f"confidential-pods-attest: {check}{self.words(words)}"), done.stderr)
                self.assertLess(time.monotonic() - begin, 6)

    def test_a_service_of_another_authority_is_not_talked_to(self):
        for why, service, settings in (
                ("self-signed certificate", self.remote(Kbs(certificate="stranger")), {}),
                ("unable to get local issuer certificate", self.service, {"caBundle": ""})):
            with self.subTest(why):
                self.service = service
                done = self.attest("run", *self.run_arguments(verifier=self.verifier(**settings),
                                                              tcti=self.vtpm.tcti),
                                   "--timeout", "4", "--termination-log", "/dev/null")
                self.assertEqual(done.returncode, 11, done.stderr)
                self.assertEqual(done.stderr, refusal(self.words(
                    f'its certificate is refused under the name "localhost": {why}')) + "\n")
                self.assertEqual(service.requests, [])


class Settings(AttestCase):
    program = PROGRAM

    def test_settings_that_cannot_be_used_fail_closed(self):
        https = "verifier.kbs.url must be an https:// address"
        rows = [({}, https), ({"url": "http://kbs.example"}, https),
                ({"url": []}, "verifier.kbs: /url must be a string, but is an array"),
                *[({"url": "https://kbs.example", "resource": resource},
                   "verifier.kbs.resource must be repository/type/tag")
                  for resource in ("a/b", "a/b/c/d", "../a/b", "a/./b", "a/b/c?d", "a//c", "a/b/%2e")],
                ({"url": "https://kbs.example", "caBundle": "no PEM"},
                 "verifier.kbs.caBundle: no readable PEM certificate in the CA bundle (no start "
                 "line (PEM routines))")]
        for settings, words in rows:
            self.check(settings, 17, refusal(words), "--attestation",
                       demand(verifier={"kbs": settings}))


if __name__ == "__main__":
    unittest.main()
