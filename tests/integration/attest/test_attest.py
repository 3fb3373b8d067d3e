"""`run` of the attestation step's program against real devices: none, a file that is no TPM, a TPM
that hangs, and a software TPM that carries an HCL report signed by a chain of our own."""

import base64
import hashlib
import json
import os
import socket
import subprocess
import threading
import time
import unittest

from amd_chain import SERIALS
from attest_case import PROGRAM, AttestCase, chain, demand, refusal
from hcl_report import (MEASUREMENT, POLICY_DEBUG, POLICY_OF_AZURE, hcl_report, runtime_claims,
                        snp_report)
from imds import thim
from software_tpm import ATTESTATION_KEY, free_port_pair
from tpm_between import Between
from tpm_words import (NV_READ, NV_READ_PUBLIC, PCR_READ, QUOTE, RETRY, code_of, nv_read,
                       nv_read_public, pcr_read, wanted_of)
from vtpm_case import VtpmCase, attested

NO_VCEK = ("the certificate of this node's VCEK cannot be had from Azure's instance metadata "
           "service: ")


class CommandLine(AttestCase):
    def test_wrong_arguments_are_usage_errors(self):
        for arguments in ([], ["collect", "--evidence", "tdx"], ["collect", "--nonce", "5"],
                          ["collect", "--nonce", "00" * 49], ["collect", "--device", "tpm0"],
                          ["run"],
                          ["run", "--attestation", demand(), "--force"],
                          ["run", "--attestation", demand(), "--timeout", "0"],
                          ["run", "--attestation", demand(), "--timeout", "3601"],
                          ["run", "--attestation", demand(), "--timeout", "soon"],
                          ["run", "--attestation", demand(), "--imds", "metadata"],
                          ["run", "--attestation", demand(), "--imds", "https://127.0.0.1:1"],
                          ["run", "--attestation", demand(), "--imds", "http://127.0.0.1:1/a"],
                          ["run", "--attestation", demand(), "--kds", "amd"],
                          ["run", "--attestation", demand(), "--kds", "https://127.0.0.1:1/a"],
                          ["run", "--attestation", "azure-vtpm", "--termination-log", "/dev/null"]):
            self.check_code(" ".join(arguments), 2, *arguments)

    def test_the_version_is_one_line(self):
        self.assertRegex(self.attest("--version").stdout,
                         r"\Aconfidential-pods-attest \d+\.\d+\.\d+\n\Z")

    def test_a_demand_that_is_not_understood_is_refused_with_its_place(self):
        rows = [
            (demand(evidence="tdx"), "/evidence: must be azure-vtpm or sev-snp"),
            (demand(verifier={"local": {"measurement": "any"}}),
             "/verifier/local/measurement: this version knows no such setting"),
            (demand(verifier={"local": {}, "maa": {}}),
             "/verifier: must name exactly one of local, maa and kbs"),
        ]
        for text, words in rows:
            self.check(text, 2, refusal(f"--attestation: {words}"), "--attestation", text)


class Devices(AttestCase):
    def test_a_node_without_a_device_is_no_tee(self):
        absent = self.folder / "absent"
        self.check("azure-vtpm", 10, refusal(f"there is no device {absent} on this node"),
                   "--attestation", demand(device=str(absent)))
        self.check("sev-snp", 10,
                   refusal(f"there is no device {absent} on this node"),
                   "--attestation", demand(evidence="sev-snp", device=str(absent)))

    def test_what_this_version_cannot_verify_fails_closed(self):
        self.check("maa", 17, refusal("Microsoft Azure Attestation is asked about the evidence "
                                      "azure-vtpm alone"),
                   "--attestation", demand(evidence="sev-snp",
                                           verifier={"maa": {"issuer": "https://maa.example"}}))

    def test_a_device_of_another_driver_is_no_sev_guest(self):
        self.check("sev-snp", 10, refusal("/dev/null is no device of the sev-guest driver"),
                   "--attestation", demand(evidence="sev-snp", device="/dev/null"))

    def test_a_folder_is_read_as_configfs_tsm(self):
        words = f"{self.folder} is no folder of configfs-tsm"
        self.check("sev-snp", 10, refusal(words),
                   "--attestation", demand(evidence="sev-snp", device=str(self.folder)))
        before = sorted(self.folder.iterdir())
        collected = self.attest("collect", "--evidence", "sev-snp", "--device", self.folder)
        self.assertEqual((collected.returncode, collected.stderr), (10, words + "\n"))
        self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_a_device_that_is_no_tpm_is_a_transport_failure(self):
        self.check_code("/dev/null", 11, "run", "--attestation", demand(device="/dev/null"),
                        "--termination-log", "/dev/null")

    def test_a_tpm_that_does_not_answer_is_given_up(self):
        port = free_port_pair()
        with (socket.create_server(("127.0.0.1", port)),
              socket.create_server(("127.0.0.1", port + 1))):
            self.check("silent", 11, refusal("the node did not answer within 2 s"),
                       "--attestation", demand(), "--timeout", "2",
                       "--tcti", f"swtpm:host=127.0.0.1,port={port}")


def nonce_of(quote):
    """extraData of a TPMS_ATTEST: behind magic, type and the name of the signer."""
    signer_end = 8 + int.from_bytes(quote[6:8], "big")
    size = int.from_bytes(quote[signer_end:signer_end + 2], "big")
    return quote[signer_end + 2:signer_end + 2 + size]


class NoConfidentialVm(VtpmCase):
    def test_a_tpm_of_no_confidential_vm_is_no_tee(self):
        self.check_tpm("no report", 10,
                       refusal("this TPM has no NV index at 0x01400001, so it is not the vTPM of "
                               "an Azure confidential VM"))
        self.tpm.define_report_index()
        self.tpm.write_report(bytes(2048))
        self.check_tpm("no key", 10,
                       refusal("this TPM has no attestation key at 0x81000003, so it is not the "
                               "vTPM of an Azure confidential VM"))


class Attested(VtpmCase):
    def test_a_confidential_node_is_attested_and_its_evidence_convinces_others(self):
        claims = self.provision()
        self.check_tpm("attested", 0, attested(), "--output", self.output)
        self.assertEqual(self.imds.requests, [("/metadata/THIM/amd/certification", "true")])
        self.assertEqual(sorted(os.listdir(self.output)), ["evidence.json", "result.json"])
        for name in ("evidence.json", "result.json"):
            self.assertEqual((self.output / name).stat().st_mode & 0o777, 0o444, name)
        result = json.loads((self.output / "result.json").read_text())
        self.assertIs(result["verified"], True)
        states = {check["name"]: check["status"] for check in result["checks"]}
        self.assertEqual(states["snp.ecdsa"], "passed")
        self.assertEqual(states["quote.nonce"], "passed")
        self.assertEqual(states["policy.measurements"], "unpinned")
        evidence = json.loads((self.output / "evidence.json").read_text())
        padded = evidence["hcl_report"] + "=" * (-len(evidence["hcl_report"]) % 4)
        self.assertEqual(base64.urlsafe_b64decode(padded)[0x4D4:0x4D4 + len(claims)], claims)

        # A peer has the file and nothing else.
        peer = self.attest("verify", "--evidence", self.output / "evidence.json")
        self.assertEqual(peer.returncode, 0, peer.stdout)
        self.assertTrue(peer.stdout.splitlines()[-1].startswith("verified; unpinned: x509.crl, quote.nonce, "))
        nonce = nonce_of(bytes.fromhex(evidence["tpm_quote"]["message"])).hex()
        for code, given in ((0, nonce), (15, nonce[:-2]), (15, "00" * 32)):
            done = self.attest("verify", "--evidence", self.output / "evidence.json",
                               "--nonce", given)
            self.assertEqual(done.returncode, code)
        # Or it asks with a nonce of its own.
        asked = self.attest("collect", "--tcti", self.tpm.tcti, "--imds", self.imds.url,
                            "--nonce", "5a" * 16)
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertEqual(asked.stderr, "")
        answer = self.folder / "answer.json"
        answer.write_text(asked.stdout)
        self.assertEqual(self.attest("verify", "--evidence", answer, "--nonce",
                                     "5a" * 16).returncode, 0)
        kept = self.attest("collect", "--tcti", self.tpm.tcti, "--imds", self.imds.url,
                           "-o", self.folder / "kept.json")
        self.assertRegex(kept.stderr, r"\Anonce [0-9a-f]{64}\n\Z")
        self.assertEqual(self.attest("verify", "--evidence", self.folder / "kept.json", "--nonce",
                                     kept.stderr.split()[1]).returncode, 0)
        # The shipped program believes AMD alone.
        shipped = self.attest("verify", "--evidence", self.output / "evidence.json", "-o", "json",
                              program=PROGRAM)
        self.assertEqual(shipped.returncode, 13)
        self.assertEqual([check["name"] for check in json.loads(shipped.stdout)["checks"]
                          if check["status"] == "failed"], ["x509.root_pin", "x509.chain"])

    def test_the_shipped_program_does_not_attest_by_another_authority(self):
        self.provision()
        done = self.attest("run", *self.run_arguments(), "--termination-log", "/dev/null",
                           program=PROGRAM)
        self.assertEqual(done.returncode, 13)
        self.assertIn("is not AMD's ARK-Milan; the Pod is not allowed to start", done.stderr)

    def gather(self):
        """evidence.json of one run, its quote verified by openssl."""
        self.attest("run", *self.run_arguments(), "--output", self.output,
                    "--termination-log", "/dev/null")
        evidence = json.loads((self.output / "evidence.json").read_text())
        for part in ("message", "signature"):
            (self.folder / part).write_bytes(bytes.fromhex(evidence["tpm_quote"][part]))
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.tpm.folder / "akpub.pem",
                        "-signature", self.folder / "signature", self.folder / "message"],
                       check=True, capture_output=True)
        return evidence

    def test_each_quote_is_fresh_and_over_the_pcrs_told(self):
        self.provision()
        first, second = self.gather(), self.gather()
        quote = bytes.fromhex(first["tpm_quote"]["message"])
        self.assertEqual(len(nonce_of(quote)), 32)
        self.assertNotEqual(nonce_of(quote),
                            nonce_of(bytes.fromhex(second["tpm_quote"]["message"])))
        self.assertEqual(len(first["tpm_quote"]["pcrs"]), 24)
        pcrs = bytes.fromhex("".join(first["tpm_quote"]["pcrs"]))
        self.assertTrue(quote.endswith(hashlib.sha256(pcrs).digest()))

    def test_two_steps_at_once_both_succeed(self):
        self.provision()
        codes = []
        steps = [threading.Thread(target=lambda: codes.append(self.attest(
            "run", *self.run_arguments(), "--termination-log", "/dev/null").returncode))
            for _ in range(2)]
        for step in steps:
            step.start()
        for step in steps:
            step.join()
        self.assertEqual(codes, [0, 0])

    def test_a_folder_that_cannot_be_written_keeps_the_pod_from_starting(self):
        self.provision()
        absent = self.folder / "absent"
        self.check_tpm("absent", 11, refusal(f"{absent}/evidence.json: cannot be written"),
                       "--output", absent)

    def test_settings_of_the_pool_are_held_against_the_evidence(self):
        self.provision()
        pcr = self.gather()["tpm_quote"]["pcrs"][7]
        holding = {"products": ["Milan"], "vmpl": 0, "requireSecureBoot": True,
                   "minTcb": {"Milan": {"microcode": 213}}, "pcrs": {"7": [pcr]},
                   "measurements": [MEASUREMENT.hex()]}
        not_accepted = "which the pool's verifier does not accept"
        rows = [
            ("that hold", 0, attested(*holding), holding),
            ("of another product", 14,
             refusal(f"policy.products: the processor is a Milan, {not_accepted}"),
             {"products": ["Turin"]}),
            ("of later firmware", 14,
             refusal("policy.minTcb: the reported TCB has microcode 213 instead of 214 or more, "
                     f"{not_accepted}"),
             {"minTcb": {"Milan": {"microcode": 214}}}),
            ("of another measurement", 14,
             refusal(f"policy.measurements: the launch measurement is {MEASUREMENT.hex()}, "
                     f"{not_accepted}"),
             {"measurements": ["00" * 48]}),
            ("of another PCR", 14,
             refusal(f"policy.pcrs: PCR 7 is {pcr}, {not_accepted}"),
             {"pcrs": {"7": ["ff" * 32]}}),
            ("that cannot be read", 17,
             refusal("policy.hostData: a setting of the pool's verifier cannot be read: /hostData "
                     "must be 64 hex digits"),
             {"hostData": "00"}),
            ("of a product that AMD does not have", 17,
             refusal("policy.minTcb: a setting of the pool's verifier cannot be read: "
                     "/minTcb/milan is no AMD product that this version knows"),
             {"minTcb": {"milan": {"microcode": 214}}}),
        ]
        for name, code, sentence, settings in rows:
            self.check_tpm(name, code, sentence, settings=settings)

    def test_revocation_is_looked_up_at_amds_key_service_where_the_pool_demands_it(self):
        self.provision()
        demanded = {"requireRevocationCheck": True}
        none = "the list of revoked certificates cannot be had from AMD's key service: "
        rows = [
            ("clear", 0, attested(*demanded), (200, chain().revocation_list())),
            ("revoked", 13, refusal(
                "x509.crl: the list of certificates that AMD's ARK-Milan revoked has the one that "
                "signed the certificate of the signing key"),
             (200, chain().revocation_list(SERIALS["ask"]))),
            ("absent", 11, refusal(f"x509.crl: {none}it answers HTTP 404"), (404, b"")),
            ("no list", 12, refusal(f"x509.crl: {none}its answer holds no list of revoked certificates in "
                                    "DER or PEM"), (200, b"<html>")),
        ]
        for name, code, sentence, answer in rows:
            kds = self.serve(answer)
            self.check_tpm(name, code, sentence, "--kds", kds.url, settings=demanded)
            self.assertEqual([path for path, _ in kds.requests], ["/vcek/v1/Milan/crl"])

    def test_about_evidence_that_is_refused_already_nobody_is_asked(self):
        claims = self.provision()
        self.tpm.write_report(hcl_report(claims, snp_report(claims)))
        kds = self.serve((404, b""))
        self.check_tpm("forged", 13, refusal(
            "sig.range: the signature's numbers are not between zero and the order of P-384"),
            "--kds", kds.url, "--output", self.output, settings={"requireRevocationCheck": True})
        self.assertEqual(kds.requests, [])
        self.assertEqual(sorted(os.listdir(self.output)), ["evidence.json", "result.json"])

    def test_without_the_demand_nobody_is_asked(self):
        self.provision()
        kds = self.serve((200, chain().revocation_list()))
        for settings in ({}, {"requireRevocationCheck": False}):
            self.check_tpm(str(settings), 0, attested(), "--kds", kds.url, settings=settings)
        self.assertEqual(kds.requests, [])

    def test_the_evidence_of_a_refusal_is_kept_for_whoever_looks_into_it(self):
        self.provision()
        done = self.attest("run", *self.run_arguments(settings={"products": ["Turin"]}),
                           "--output", self.output, "--termination-log", "/dev/null")
        self.assertEqual(done.returncode, 14)
        result = json.loads((self.output / "result.json").read_text())
        self.assertIs(result["verified"], False)
        self.assertEqual([check["name"] for check in result["checks"]
                          if check["status"] == "failed"], ["policy.products"])
        self.assertTrue((self.output / "evidence.json").exists())

    def test_a_report_that_does_not_hold_is_refused_as_what_it_is(self):
        claims = self.provision()
        # A bit flipped, not a byte set: a fresh modulus begins with any given byte once in 64 runs.
        foreign = runtime_claims(bytes([self.modulus[0] ^ 1]) + self.modulus[1:])
        good = self.signed(claims)
        no_report = "the report in the vTPM is no HCL report: "
        rows = [
            (13, hcl_report(foreign, self.signed(foreign)),
             "quote.rsa: the TPM's quote is not signed by the attestation key of the HCL report"),
            (13, hcl_report(claims, self.signed(foreign)),
             "bind.sha256: report_data of the SNP report is not the SHA-256 of the runtime claims"),
            (13, hcl_report(claims, snp_report(claims)),
             "sig.range: the signature's numbers are not between zero and the order of P-384"),
            (13, hcl_report(claims, snp_report(claims)[:0x2A0] + self.signed(foreign)[0x2A0:]),
             "snp.ecdsa: the SNP report is not signed by the key of its certificate"),
            (14, hcl_report(claims, self.signed(claims, policy=POLICY_OF_AZURE | POLICY_DEBUG)),
             "policy.debug: the guest policy of the SNP report allows the host to debug"),
            (14, hcl_report(claims, self.signed(claims, vmpl=1)),
             "snp.vmpl: the SNP report was requested at VMPL 1, the paravisor of an Azure VM asks "
             "at VMPL 0"),
            (10, hcl_report(claims, good, report_type=4),
             "hcl.report_type: the vTPM reports an Intel TDX guest, which is not AMD SEV-SNP"),
            (10, hcl_report(claims, good, report_type=3),
             "hcl.report_type: the vTPM reports a Trusted Launch VM, which is not confidential"),
            (12, hcl_report(claims, good, claims_size=0xFFFFFFFF),
             "hcl.var_size: the HCL report claims 4294968531 bytes, 2048 are there"),
        ]
        for code, report, words in rows:
            self.tpm.write_report(report)
            self.check_tpm(words, code, refusal(words))
        self.tpm.write_report(bytes(2048))
        self.check_tpm("zeros", 10,
                       refusal("hcl.report_type: the vTPM reports a guest of the unknown kind 0"))


class Certificates(VtpmCase):
    def setUp(self):
        super().setUp()
        self.provision()

    def test_a_certificate_that_does_not_fit_the_report_is_refused(self):
        ask_and_ark = chain().text("ask", "ark")
        other_chip = chain().leaf("other-chip", chip=bytes(64))
        other_firmware = chain().leaf("other-firmware", tcb=bytes([4, 0, 0, 0, 0, 0, 23, 213]))
        rows = [
            ("of another chip", 13, thim(other_chip, ask_and_ark),
             "vcek.hwid: the certificate of the signing key is of another chip than the report"),
            ("of other firmware", 13, thim(other_firmware, ask_and_ark),
             "vcek.tcb: the key is of snp 23, the report says 22"),
            ("not at all", 12, (200, b"{}"),
             NO_VCEK + "vcekCert holds no X.509 certificate in DER or PEM"),
            ("not asked", 11, (400, b""), NO_VCEK + "it answers HTTP 400"),
            ("in lines of its own", 11,
             (400, json.dumps({"error": {"message": "no\nthis node is attested"}}).encode()),
             NO_VCEK + "it answers HTTP 400: no?this node is attested"),
        ]
        for name, code, answer, words in rows:
            self.check_tpm(name, code, refusal(words), imds=self.serve(answer).url)

    def test_a_service_that_is_late_is_asked_again(self):
        good = thim(chain().text("vcek"), chain().text("ask", "ark"))
        late = self.serve((404, b""), (503, b""), good)
        self.check_tpm("late", 0, attested(), imds=late.url)
        self.assertEqual(len(late.requests), 3)

    def test_a_service_that_is_away_is_given_up_in_time(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        for seconds in ("1", "4"):
            begin = time.monotonic()
            done = self.attest("run", *self.run_arguments(imds=f"http://127.0.0.1:{port}"),
                               "--timeout", seconds, "--termination-log", "/dev/null")
            self.assertEqual(done.returncode, 11)
            self.assertIn(f"confidential-pods-attest: {NO_VCEK}http://127.0.0.1:{port}",
                          done.stderr)
            self.assertLess(time.monotonic() - begin, int(seconds) + 2)

    def test_a_second_is_enough_where_everything_answers(self):
        self.check_tpm("1 s", 0, attested(), "--timeout", "1")


class Interruptions(VtpmCase):
    def setUp(self):
        super().setUp()
        self.provision()

    def between(self, meddle):
        between = Between(self.tpm.port, meddle)
        self.addCleanup(between.stop)
        return between

    def test_a_slow_tpm_is_waited_for(self):
        def slowly(_):
            time.sleep(0.2)
            return True
        between = self.between(slowly)
        self.check_tpm("slow", 0, attested(), tcti=between.tcti)
        self.assertGreater(between.commands, 5)

    def test_a_tpm_that_stops_answering_midway_is_given_up(self):
        for count in (1, 3, 6):
            between = self.between(lambda seen, count=count: seen < count)
            self.check_tpm(f"at {count}", 11, refusal("the node did not answer within 2 s"),
                           "--timeout", "2", tcti=between.tcti)
            between.stop()  # swtpm talks to one program at a time

    def test_a_tpm_that_dies_midway_is_a_transport_failure(self):
        def die(count):
            if count == 4:
                self.tpm.process.kill()
                self.tpm.process.wait(timeout=10)
            return True
        done = self.attest("run", *self.run_arguments(tcti=self.between(die).tcti),
                           "--termination-log", "/dev/null")
        self.assertEqual(done.returncode, 11)
        self.assertRegex(done.stderr, " failed: .*; the Pod is not allowed to start\n")


class Answers(VtpmCase):
    """A TPM that answers, and not what this node's vTPM would have."""

    def setUp(self):
        super().setUp()
        self.claims = self.provision()

    def check_answers(self, name, code, sentence, answer, *more):
        between = Between(self.tpm.port, answer=answer)
        try:
            self.check_tpm(name, code, sentence, *more, tcti=between.tcti)
        finally:
            between.stop()  # swtpm talks to one program at a time
        return between

    def with_report(self, content):
        """Answers as a TPM whose index holds `content`."""
        def answer(command):
            if code_of(command) == NV_READ_PUBLIC:
                return nv_read_public(command, len(content))
            if code_of(command) == NV_READ:
                size, offset = wanted_of(command)
                return nv_read(content[offset:offset + size])
            return None
        return answer

    def test_a_tpm_that_is_busy_for_a_while_is_asked_again(self):
        last = []

        def twice(command):
            last.append(command)
            return RETRY if last[-3:] != [command] * 3 else None
        between = self.check_answers("twice before each", 0, attested(), twice)
        self.assertGreater(between.commands, 3 * 9)

    def test_a_tpm_that_stays_busy_is_a_transport_failure_in_time(self):
        rows = [(None, "reading the public part of NV index"),
                (NV_READ, "TPM2_NV_Read of 0x01400001"), (PCR_READ, "TPM2_PCR_Read"),
                (QUOTE, "TPM2_Quote with 0x81000003")]
        for code, what in rows:
            begin = time.monotonic()
            self.check_answers(what, 11, refusal(
                f"{what} failed: tpm:warn(2.0): the TPM was not able to start the command"),
                lambda command: RETRY if code in (None, code_of(command)) else None,
                "--timeout", "5")
            self.assertLess(time.monotonic() - begin, 5)

    def test_a_report_of_the_newer_size_is_read_whole(self):
        machine = {"secure-boot": True, "tpm-enabled": True, "vmUniqueId": "0" * 600}
        claims = json.dumps({**json.loads(self.claims), "vm-configuration": machine},
                            separators=(",", ":")).encode()
        report = hcl_report(claims, self.signed(claims), total=2600)
        self.assertGreater(0x4D4 + len(claims), 2048)
        self.check_answers("2600", 0, attested(), self.with_report(report), "--output", self.output)
        kept = json.loads((self.output / "evidence.json").read_text())["hcl_report"]
        self.assertEqual(base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)), report)
        self.check_answers("nothing", 12, refusal(
            "hcl.len: the report in the vTPM has 0 bytes, its headers alone take 1236"),
            self.with_report(b""))

    def test_a_read_that_is_answered_short_or_long_is_a_transport_failure(self):
        for change in (-1, 1):
            def answer(command):
                if code_of(command) != NV_READ:
                    return None
                return nv_read(bytes(wanted_of(command)[0] + change))
            self.check_answers(change, 11, refusal(
                "TPM2_NV_Read of 0x01400001 answered with another number of bytes than asked for"),
                answer)

    def test_a_report_that_is_renewed_while_it_is_read_is_not_taken_for_one(self):
        other = self.claims.replace(b'"console-enabled":true', b'"console-enabled":null')
        self.assertEqual(len(other), len(self.claims))
        first = hcl_report(self.claims, self.signed(self.claims))
        second = hcl_report(other, self.signed(other))
        for one, two in ((first, second), (second, first)):
            torn = one[:1024] + two[1024:]
            self.check_answers("always torn", 13, refusal(
                "bind.sha256: report_data of the SNP report is not the SHA-256 of the runtime "
                "claims"), self.with_report(torn))
            # It is whole when it is read again.
            reports = [torn, torn, second]

            def answer(command):
                if code_of(command) == NV_READ and wanted_of(command)[1] == 0 and len(reports) > 1:
                    self.shown = reports.pop(0)
                elif code_of(command) == NV_READ and wanted_of(command)[1] == 0:
                    self.shown = reports[0]
                return self.with_report(self.shown)(command)
            self.shown = torn
            self.check_answers("torn twice", 0, attested(), answer)
        self.check_answers("whole", 0, attested(), self.with_report(second))

    def test_a_report_of_before_the_key_was_renewed_vouches_for_no_quote_of_now(self):
        before = hcl_report(self.claims, self.signed(self.claims))
        self.tpm.tool("tpm2_evictcontrol", "-C", "o", "-c", ATTESTATION_KEY)
        claims = runtime_claims(self.tpm.make_attestation_key())
        self.tpm.write_report(hcl_report(claims, self.signed(claims)))
        self.check_tpm("both new", 0, attested())
        self.check_answers("the report is old", 13, refusal(
            "quote.rsa: the TPM's quote is not signed by the attestation key of the HCL report"),
            self.with_report(before))

    def test_a_quote_of_another_time_is_not_fresh(self):
        first, second = self.quotes(), self.quotes()
        self.assertNotEqual(first, second)
        self.check_answers("played back", 15, refusal(
            "quote.nonce: the TPM's quote does not answer this attestation's nonce"),
            lambda command: first if code_of(command) == QUOTE else None)

    def quotes(self):
        """What the TPM itself answers to TPM2_Quote in a run."""
        heard = []
        between = Between(self.tpm.port, hear=lambda command, answer: heard.append(
            answer) if code_of(command) == QUOTE else None)
        try:
            self.check_tpm("heard", 0, attested(), tcti=between.tcti)
        finally:
            between.stop()
        return heard[-1]  # libtpms says RETRY by itself to the first

    def test_an_old_report_is_as_good_as_the_key_it_names(self):
        # When the quote was made is what the nonce tells; of the report nothing does.
        claims = self.claims[:-1] + b',"user-data":"' + b"5A" * 64 + b'"}'
        self.tpm.write_report(hcl_report(claims, self.signed(claims)))
        for name in ("once", "again"):
            self.check_tpm(name, 0, attested())

    def test_pcrs_that_change_are_read_again_and_never_told_as_quoted(self):
        asked = []

        def otherwise(times):
            def answer(command):
                if code_of(command) != PCR_READ:
                    return None
                asked.append(command)
                return pcr_read(command, len(asked)) if len(asked) <= times else None
            return answer
        # Three replies hold the 24 PCRs: before the first quote they are others than after it.
        self.check_answers("once", 0, attested(), otherwise(3))
        asked.clear()
        self.check_answers("always", 11, refusal(
            "the PCRs of the TPM changed during each of three quotes"), otherwise(1000))
        self.check_answers("never", 13, refusal(
            "quote.pcr_digest: the TPM's quote is over other PCR values than were read"),
            lambda command: pcr_read(command, 1) if code_of(command) == PCR_READ else None)


if __name__ == "__main__":
    unittest.main()
