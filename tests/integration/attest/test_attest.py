"""The attestation step's program against real devices: none, a file that is no TPM, a TPM that
hangs, and a software TPM that carries an HCL report."""

import base64
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from hcl_report import POLICY_DEBUG, POLICY_OF_AZURE, hcl_report, runtime_claims, snp_report
from software_tpm import SoftwareTpm, free_port_pair

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / os.environ.get("CONFIDENTIAL_PODS_BUILD", "build/release")
PROGRAM = BUILD / "confidential-pods-attest"

END = "; the Pod is not allowed to start"
UNVERIFIED = ("confidential-pods-attest: the node's SNP report (measurement "
              f"{bytes(range(48)).hex()}) and TPM quote fit each other, but the SNP report's AMD "
              "signature is not verified by this version; the Pod is not allowed to start")


def demand(evidence="azure-vtpm", verifier=None, **more):
    return json.dumps({"evidence": evidence, "verifier": verifier or {"local": {}}, **more})


def refusal(words):
    return f"confidential-pods-attest: {words}{END}"


class AttestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="confidential-pods-attest.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def attest(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=90)

    def check(self, name, code, sentence, *arguments):
        """`run` with these arguments ends with `code`, `sentence` as the last line, and the same in
        the termination log."""
        log = self.folder / "termination.log"
        log.unlink(missing_ok=True)
        with self.subTest(name):
            done = self.attest("run", "--termination-log", str(log), *arguments)
            self.assertEqual(done.stderr.rstrip("\n").rpartition("\n")[2], sentence)
            self.assertEqual(done.returncode, code)
            self.assertEqual(log.read_text(), sentence + "\n")

    def check_code(self, name, code, *arguments):
        with self.subTest(name):
            self.assertEqual(self.attest(*arguments).returncode, code)


class CommandLine(AttestCase):
    def test_wrong_arguments_are_usage_errors(self):
        for arguments in ([], ["collect"], ["verify"], ["run"],
                          ["run", "--attestation", demand(), "--force"],
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
                   refusal(f"there is neither {absent} nor /sys/kernel/config/tsm/report on this "
                           "node"),
                   "--attestation", demand(evidence="sev-snp", device=str(absent)))

    def test_a_sev_guest_device_fails_closed(self):
        self.check("sev-snp", 17,
                   refusal("this node can report by itself (evidence sev-snp), but this version "
                           "only reads the evidence azure-vtpm"),
                   "--attestation", demand(evidence="sev-snp", device="/dev/null"))

    def test_a_device_that_is_no_tpm_is_a_transport_failure(self):
        self.check_code("/dev/null", 11, "run", "--attestation", demand(device="/dev/null"),
                        "--termination-log", "/dev/null")

    def test_a_tpm_that_does_not_answer_is_given_up(self):
        port = free_port_pair()
        with (socket.create_server(("127.0.0.1", port)),
              socket.create_server(("127.0.0.1", port + 1))):
            self.check("silent", 11, refusal("the device did not answer within 2 s"),
                       "--attestation", demand(), "--timeout", "2",
                       "--tcti", f"swtpm:host=127.0.0.1,port={port}")


def nonce_of(quote):
    """extraData of a TPMS_ATTEST: behind magic, type and the name of the signer."""
    signer_end = 8 + int.from_bytes(quote[6:8], "big")
    size = int.from_bytes(quote[signer_end:signer_end + 2], "big")
    return quote[signer_end + 2:signer_end + 2 + size]


class SoftwareVtpm(AttestCase):
    def setUp(self):
        super().setUp()
        self.tpm = SoftwareTpm(self.folder / "tpm")
        self.addCleanup(self.tpm.stop)

    def provision(self):
        """Key and a report that binds it; the runtime claims of that report."""
        self.tpm.define_report_index()
        self.modulus = self.tpm.make_attestation_key()
        claims = runtime_claims(self.modulus)
        self.tpm.write_report(hcl_report(claims))
        return claims

    def check_tpm(self, name, code, sentence, verifier=None):
        self.check(name, code, sentence, "--attestation", demand(verifier=verifier),
                   "--tcti", self.tpm.tcti)

    def test_a_tpm_of_no_confidential_vm_is_no_tee(self):
        self.check_tpm("no report", 10,
                       refusal("this TPM has no NV index at 0x01400001, so it is not the vTPM of "
                               "an Azure confidential VM"))
        self.tpm.define_report_index()
        self.tpm.write_report(bytes(2048))
        self.check_tpm("no key", 10,
                       refusal("this TPM has no attestation key at 0x81000003, so it is not the "
                               "vTPM of an Azure confidential VM"))

    def test_whole_evidence_fails_closed_because_amds_signature_is_not_verified(self):
        self.provision()
        self.check_tpm("local", 17, UNVERIFIED)
        self.check_tpm("maa", 17,
                       UNVERIFIED.replace("the SNP report's AMD signature is not verified by this "
                                          "version",
                                          "this version cannot ask Microsoft Azure Attestation"),
                       {"maa": {"issuer": "https://attestation.example"}})

    def gather(self):
        """evidence.json of one run, its quote verified by openssl."""
        output = self.folder / "output"
        output.mkdir(exist_ok=True)
        self.attest("run", "--attestation", demand(), "--tcti", self.tpm.tcti,
                    "--output", str(output), "--termination-log", "/dev/null")
        evidence = json.loads((output / "evidence.json").read_text())
        for part in ("message", "signature"):
            (self.folder / part).write_bytes(bytes.fromhex(evidence["tpm_quote"][part]))
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.tpm.folder / "akpub.pem",
                        "-signature", self.folder / "signature", self.folder / "message"],
                       check=True, capture_output=True)
        return evidence

    def test_the_evidence_file_holds_the_report_and_a_fresh_quote(self):
        claims = self.provision()
        first, second = self.gather(), self.gather()
        quote = bytes.fromhex(first["tpm_quote"]["message"])
        self.assertEqual(len(nonce_of(quote)), 32)
        self.assertNotEqual(nonce_of(quote),
                            nonce_of(bytes.fromhex(second["tpm_quote"]["message"])))
        self.assertEqual(len(first["tpm_quote"]["pcrs"]), 24)
        pcrs = bytes.fromhex("".join(first["tpm_quote"]["pcrs"]))
        self.assertTrue(quote.endswith(hashlib.sha256(pcrs).digest()))
        padded = first["hcl_report"] + "=" * (-len(first["hcl_report"]) % 4)
        self.assertEqual(base64.urlsafe_b64decode(padded), hcl_report(claims))

    def test_settings_of_the_pool_are_held_against_the_report(self):
        self.provision()
        rows = [
            ("that hold", 17, UNVERIFIED,
             {"products": ["Milan"], "vmpl": 0, "requireSecureBoot": True,
              "measurements": [bytes(range(48)).hex()]}),
            ("of another product", 14,
             refusal("the processor is a Milan, which products of the pool's verifier does not "
                     "allow"),
             {"products": ["Turin"]}),
            ("of a later guest", 14,
             refusal("the guest SVN is 10, which minGuestSvn of the pool's verifier does not "
                     "allow"),
             {"minGuestSvn": 11}),
            ("that cannot be read", 17,
             refusal("a setting of the pool's verifier cannot be read: /hostData: must be 64 hex "
                     "digits"),
             {"hostData": "00"}),
        ]
        for name, code, sentence, settings in rows:
            self.check_tpm(name, code, sentence, {"local": settings})

    def test_a_report_that_does_not_hold_is_refused_as_what_it_is(self):
        claims = self.provision()
        # A bit flipped, not a byte set: a fresh modulus begins with any given byte once in 64 runs.
        foreign = runtime_claims(bytes([self.modulus[0] ^ 1]) + self.modulus[1:])
        debug = snp_report(claims, policy=POLICY_OF_AZURE | POLICY_DEBUG)
        rows = [
            (13, hcl_report(foreign),
             "the TPM's quote is not signed by the attestation key of the HCL report"),
            (13, hcl_report(claims, snp=snp_report(foreign)),
             "report_data of the SNP report is not the SHA-256 of the runtime claims"),
            (14, hcl_report(claims, snp=debug),
             "the guest policy of the SNP report allows the host to debug"),
            (14, hcl_report(claims, snp=snp_report(claims, vmpl=1)),
             "the SNP report was requested at VMPL 1, the paravisor of an Azure VM asks at VMPL 0"),
            (10, hcl_report(claims, report_type=4),
             "the vTPM reports an Intel TDX guest, which is not AMD SEV-SNP"),
            (10, hcl_report(claims, report_type=3),
             "the vTPM reports a Trusted Launch VM, which is not confidential"),
            (12, hcl_report(claims, claims_size=0xFFFFFFFF),
             "the report in the vTPM is no HCL report: its three sizes contradict each other"),
            (12, bytes(2048),
             "the report in the vTPM is no HCL report: its signature is not HCLA"),
        ]
        for code, report, words in rows:
            self.tpm.write_report(report)
            self.check_tpm(words, code, refusal(words))
