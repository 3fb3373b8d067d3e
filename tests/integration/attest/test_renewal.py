"""Reports that are made for this attestation, by a paravisor that renews them at most every two
seconds, for one NV index that all steps of a node share."""

import fcntl
import json
import threading
import time
import unittest

from attest_case import refusal
from hcl_report import hcl_report, runtime_claims
from kbs import extra_data_of
from paravisor import REPORT_INDEX
from tpm_words import NV_READ, NV_WRITE, PLAIN, answer_of, code_of, index_of, nv_read, wanted_of
from vtpm_case import VtpmCase, attested

FRESH = {"requireFreshReport": True}
NOT_RENEWED = refusal("the vTPM's report was not renewed: it does not carry this attestation's nonce")


class Renewal(VtpmCase):
    def setUp(self):
        super().setUp()
        self.provision()

    def test_a_report_that_answers_the_nonce_is_had_by_asking_for_it(self):
        paravisor = self.paravisor()
        self.check_tpm("fresh", 0, attested("requireFreshReport"), "--output", self.output,
                       settings=FRESH, tcti=paravisor.tcti)
        self.assertEqual(len(paravisor.renewals), 1)
        user_data = paravisor.renewals[0]
        self.assertEqual(user_data[32:], bytes(32))
        self.assertNotEqual(user_data[:32], bytes(32))
        peer = self.attest("verify", "--evidence", self.output / "evidence.json", "--nonce",
                           user_data[:32].hex(), "-o", "json")
        self.assertEqual(peer.returncode, 0, peer.stdout)

    def test_a_step_that_comes_too_early_for_the_paravisor_waits(self):
        paravisor = self.paravisor()
        for name in ("first", "second"):
            begin = time.monotonic()
            self.check_tpm(name, 0, attested("requireFreshReport"), settings=FRESH,
                           tcti=paravisor.tcti)
        self.assertGreater(time.monotonic() - begin, 1)
        self.assertEqual(len(paravisor.renewals), 2)

    def test_a_renewal_that_is_withheld_is_not_fresh_and_ends_in_time(self):
        paravisor = self.paravisor(withholds=True)
        begin = time.monotonic()
        self.check_tpm("withheld", 15, NOT_RENEWED, "--timeout", "12", settings=FRESH,
                       tcti=paravisor.tcti)
        self.assertLess(time.monotonic() - begin, 12)

    def test_a_fresh_report_is_not_asked_for_unless_the_pool_wants_it(self):
        paravisor = self.paravisor(withholds=True)
        self.check_tpm("any", 0, attested(), tcti=paravisor.tcti)
        self.assertEqual(paravisor.user_data, bytes(64))

    def test_an_index_of_another_size_is_made_anew(self):
        self.tpm.tool("tpm2_nvdefine", "0x01400002", "-C", "o", "-s", "32",
                      "-a", "ownerread|ownerwrite")
        paravisor = self.paravisor()
        self.check_tpm("32", 0, attested("requireFreshReport"), settings=FRESH,
                       tcti=paravisor.tcti)
        self.assertIn("size: 64", self.tpm.tool("tpm2_nvreadpublic", "0x01400002"))

    def test_a_tpm_of_another_kind_is_left_as_it_is(self):
        self.tpm.tool("tpm2_nvundefine", "0x01400001", "-C", "o")
        self.check_tpm("no report", 10,
                       refusal("this TPM has no NV index at 0x01400001, so it is not the vTPM of "
                               "an Azure confidential VM"), settings=FRESH)
        self.assertNotIn("0x1400002", self.tpm.tool("tpm2_nvreadpublic").lower())

    def test_steps_at_once_each_get_a_report_of_their_own(self):
        paravisor = self.paravisor(period=0.5)
        device = self.folder / "tpmrm0"
        device.touch()
        done = []
        steps = [threading.Thread(target=lambda: done.append(self.attest(
            "run", *self.run_arguments(settings=FRESH, tcti=paravisor.tcti, device=str(device)),
            "--termination-log", "/dev/null"))) for _ in range(3)]
        for step in steps:
            step.start()
        for step in steps:
            step.join()
        self.assertEqual([each.returncode for each in done], [0, 0, 0],
                         [each.stderr for each in done])
        self.assertEqual(len(set(paravisor.renewals)), len(paravisor.renewals))

    def test_a_lock_that_somebody_keeps_costs_time_and_nothing_else(self):
        paravisor = self.paravisor()
        device = self.folder / "tpmrm0"
        device.touch()
        with device.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            begin = time.monotonic()
            self.check_tpm("kept", 0, attested("requireFreshReport"), "--timeout", "16",
                           settings=FRESH, tcti=paravisor.tcti, device=str(device))
        self.assertGreater(time.monotonic() - begin, 1.5)

    def test_a_report_that_another_step_renews_while_it_is_read_is_read_again(self):
        paravisor = self.paravisor(period=0.2)
        whole, torn = paravisor.between.answer, []

        def first_chunk_of_before(command):
            before = paravisor.report
            answer = whole(command)
            if (code_of(command) == NV_READ and index_of(command) == REPORT_INDEX
                    and wanted_of(command)[1] == 0 and len(torn) < 2):
                torn.append(before)
                return nv_read(before[:wanted_of(command)[0]])
            return answer
        paravisor.between.answer = first_chunk_of_before
        self.check_tpm("torn", 0, attested("requireFreshReport"), settings=FRESH,
                       tcti=paravisor.tcti)
        self.assertEqual(len(torn), 2)

    def test_a_nonce_that_others_overwrite_is_told_as_that(self):
        paravisor = self.paravisor(period=0.1)
        answer, others = paravisor.between.answer, iter(range(1, 256))

        def overwritten(command):
            if code_of(command) == NV_READ and index_of(command) == REPORT_INDEX:
                paravisor.user_data = bytes([next(others)]) * 64
            return answer(command)
        paravisor.between.answer = overwritten
        self.check_tpm("overwritten", 15, refusal(
            "the vTPM's report was not renewed for this attestation's nonce in time: other Pods of "
            "this node had it renewed for theirs"), "--timeout", "8", settings=FRESH,
            tcti=paravisor.tcti)

    def test_an_index_that_somebody_takes_away_is_defined_again(self):
        paravisor = self.paravisor()
        answer, taken = paravisor.between.answer, []

        def gone_once(command):
            # TPM_RC_HANDLE for the second handle, as for an index that has gone.
            if code_of(command) == NV_WRITE and not taken:
                taken.append(command)
                return answer_of(PLAIN, b"", 0x28B)
            return answer(command)
        paravisor.between.answer = gone_once
        self.check_tpm("taken", 0, attested("requireFreshReport"), settings=FRESH,
                       tcti=paravisor.tcti)

    def test_a_setting_of_the_wrong_kind_has_its_own_sentence(self):
        self.check_tpm("text", 17, refusal(
            "policy.requireFreshReport: a setting of the pool's verifier cannot be read: "
            "/requireFreshReport must be a boolean, but is a string"),
            settings={"requireFreshReport": "yes"})

    def test_a_report_for_another_nonce_is_told_from_a_fresh_one(self):
        # Two answers to one question: the quote answers it, the report an older one.
        claims = runtime_claims(self.modulus, user_data=bytes([0x5A]) * 64)
        self.tpm.write_report(hcl_report(claims, self.signed(claims)))
        done = self.attest("run", *self.run_arguments(), "--output", self.output,
                           "--termination-log", "/dev/null")
        self.assertEqual(done.returncode, 0)
        policy = self.folder / "policy.yaml"
        policy.write_text(json.dumps(FRESH))
        evidence = self.output / "evidence.json"
        peer = self.attest("verify", "--evidence", evidence, "--policy", policy)
        self.assertEqual(peer.returncode, 15)
        self.assertIn("policy.requireFreshReport: there is no nonce that the report could answer, "
                      "which the pool's verifier does not accept", peer.stdout)
        quote = bytes.fromhex(json.loads(evidence.read_text())["tpm_quote"]["message"])
        peer = self.attest("verify", "--evidence", evidence, "--policy", policy, "--nonce",
                           extra_data_of(quote).hex())
        self.assertEqual(peer.returncode, 15)
        self.assertIn("policy.requireFreshReport: the report does not carry the quote's nonce, "
                      "which the pool's verifier does not accept", peer.stdout)

    def test_collect_asks_for_a_fresh_report_where_it_is_told_to(self):
        paravisor = self.paravisor()
        nonce = "5a" * 48
        asked = self.attest("collect", "--tcti", paravisor.tcti, "--imds", self.imds.url,
                            "--nonce", nonce, "--fresh-report")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertEqual(paravisor.renewals, [bytes.fromhex(nonce) + bytes(16)])
        answer = self.folder / "answer.json"
        answer.write_text(asked.stdout)
        policy = self.folder / "policy.yaml"
        policy.write_text(json.dumps(FRESH))
        peer = self.attest("verify", "--evidence", answer, "--nonce", nonce, "--policy", policy)
        self.assertEqual(peer.returncode, 0, peer.stdout)


if __name__ == "__main__":
    unittest.main()
