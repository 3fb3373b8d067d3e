"""`run` where Azure's metadata service has no certificate, against AMD's key service in the shape of a
service of the tests' own, over TLS."""

import time
import unittest

from amd_chain import CHIP
from attest_case import chain, refusal
from https_service import Answer, HttpsService, authority
from vtpm_case import VtpmCase, attested

VCEK = f"/vcek/v1/Milan/{CHIP.hex()}?blSPL=04&teeSPL=00&snpSPL=22&ucodeSPL=213"
FIRST = ("the certificate of this node's VCEK cannot be had from Azure's instance metadata service: it "
         "answers HTTP 410; the certificate of this node's VCEK cannot be had from AMD's key service: ")


class KeyService(VtpmCase):
    trusted = authority() / "ca.pem"

    def setUp(self):
        super().setUp()
        self.provision()
        self.imds = self.serve((410, b""))

    def service(self, answer, **more):
        service = HttpsService(lambda *_: answer, **more)
        self.addCleanup(service.stop)
        return service

    def leaf(self):
        return chain().openssl("x509", "-in", "vcek.pem", "-outform", "DER")

    def test_a_certificate_that_azure_does_not_have_is_had_from_amd(self):
        # The built-in authorities stand above the leaf.
        service = self.service(Answer(200, self.leaf()))
        self.check_tpm("had", 0, attested(), "--kds", service.url)
        self.assertEqual(service.requests, [("GET", VCEK)])

    def test_each_answer_that_is_none_has_its_sentence(self):
        elsewhere = self.service(Answer(200, self.leaf()))
        rows = [
            (Answer(302, headers={"Location": elsewhere.url}), "it answers HTTP 302"),
            (Answer(404), "it answers HTTP 404"),
            (Answer(200, b"x" * (256 * 1024 + 1)),
             "{at}: the answer is larger than this program reads"),
            (Answer(200, self.leaf()[:-1]), "its answer holds no X.509 certificate in DER or PEM"),
            (Answer(200, b""), "its answer holds no X.509 certificate in DER or PEM"),
            (Answer(200, self.leaf(), missing=1),
             "{at}: it closed the connection while waiting for the answer"),
            (Answer(hangs=True), "{at}: no answer within "),
        ]
        for answer, words in rows:
            with self.subTest(words):
                service = self.service(answer)
                begin = time.monotonic()
                done = self.attest("run", *self.run_arguments(), "--kds", service.url,
                                   "--timeout", "5", "--termination-log", "/dev/null")
                self.assertEqual(done.returncode, 11, done.stderr)
                at = f"{service.url}{VCEK.partition('?')[0]}"
                self.assertTrue(done.stderr.startswith(
                    "confidential-pods-attest: " + FIRST + words.format(at=at)), done.stderr)
                self.assertLess(time.monotonic() - begin, 6)
        self.assertEqual(elsewhere.requests, [])

    def test_a_service_of_nobodys_authority_is_not_talked_to(self):
        service = self.service(Answer(200, self.leaf()), certificate="stranger")
        at = f"{service.url}{VCEK.partition('?')[0]}"
        self.check_tpm("stranger", 11, refusal(
            f'{FIRST}{at}: its certificate is refused under the name "localhost": self-signed '
            "certificate"), "--kds", service.url, "--timeout", "4")
        self.assertEqual(service.requests, [])

    def test_a_certificate_of_another_chip_is_genuine_and_refused(self):
        chain().leaf("elsewhere", chip=bytes(64))
        other = chain().openssl("x509", "-in", "elsewhere.pem", "-outform", "DER")
        self.check_tpm("other", 13, refusal(
            "vcek.hwid: the certificate of the signing key is of another chip than the report"),
            "--kds", self.service(Answer(200, other)).url)


if __name__ == "__main__":
    unittest.main()
