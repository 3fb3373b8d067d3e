"""`verify` of the attestation step's program: evidence in files, made by a chain of our own and, as
far as a quote is concerned, by openssl in the place of a TPM."""

import base64
import hashlib
import json
import os
import re
import struct
import textwrap
import time
import unittest

from amd_chain import CHIP, SERIALS, TCB
from attest_case import OF_TESTS, ROOT, AttestCase, chain, documented_checks
from hcl_report import MEASUREMENT, POLICY_DEBUG, hcl_report, runtime_claims, snp_report

NONCE = bytes(range(32))
PCRS = [bytes([index]) * 32 for index in range(24)]


def url64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def quote_over(nonce, pcrs):
    """A TPMS_ATTEST over all PCRs."""
    return (struct.pack(">IHH", 0xFF544347, 0x8018, 34) + bytes(34)
            + struct.pack(">H", len(nonce)) + nonce + bytes(25)
            + struct.pack(">IHB3sH", 1, 0x000B, 3, b"\xff" * 3, 32)
            + hashlib.sha256(b"".join(pcrs)).digest())


class Files(AttestCase):
    """Good evidence in self.folder, as parts and as JSON."""

    program = OF_TESTS

    def setUp(self):
        super().setUp()
        key = chain().folder / "ak.key"
        if not key.exists():
            chain().openssl("genrsa", "-out", "ak.key", "2048")
        modulus = chain().openssl("rsa", "-in", "ak.key", "-noout", "-modulus").decode()
        claims = runtime_claims(bytes.fromhex(modulus.strip().removeprefix("Modulus=")))
        self.snp = chain().sign(snp_report(claims))
        self.write("hcl.bin", hcl_report(claims, self.snp))
        self.write("snp.bin", self.snp)
        self.write("pcrs.bin", b"".join(PCRS))
        self.write("quote.msg", quote_over(NONCE, PCRS))
        self.write("quote.sig", chain().openssl("dgst", "-sha256", "-sign", "ak.key",
                                                self.path("quote.msg")))
        self.write("evidence.json", json.dumps(self.evidence()).encode())

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        self.path(name).write_bytes(content)
        return self.path(name)

    def der(self, name):
        return chain().openssl("x509", "-in", f"{name}.pem", "-outform", "DER")

    def evidence(self):
        read = lambda name: self.path(name).read_bytes()
        return {"version": 2,
                "tpm_quote": {"signature": read("quote.sig").hex(),
                              "message": read("quote.msg").hex(),
                              "pcrs": [pcr.hex() for pcr in PCRS]},
                "hcl_report": url64(read("hcl.bin")), "vcek": url64(self.der("vcek"))}

    def parts(self, **other):
        names = {"hcl-report": self.path("hcl.bin"), "quote": self.path("quote.msg"),
                 "quote-signature": self.path("quote.sig"), "pcrs": self.path("pcrs.bin"),
                 "vcek": chain().folder / "vcek.pem"}
        names.update({name.replace("_", "-"): value for name, value in other.items()})
        return [word for name, value in names.items() if value is not None
                for word in (f"--{name}", value)]

    def verify(self, *arguments, **more):
        return self.attest("verify", *arguments, **more)

    def result(self, *arguments, **more):
        """Exit code, and the checks by name."""
        done = self.verify("-o", "json", *arguments, **more)
        result = json.loads(done.stdout)
        self.assertEqual(list(result), ["verified", "checks"])
        self.assertEqual(result["verified"], done.returncode == 0)
        for check in result["checks"]:
            self.assertEqual(list(check), ["name", "status", "detail"])
            self.assertIn(check["status"], ("passed", "failed", "unpinned", "skipped"))
        return done.returncode, {check["name"]: check for check in result["checks"]}

    def failed(self, *arguments):
        code, checks = self.result(*arguments)
        return code, [name for name, check in checks.items() if check["status"] == "failed"]


class Usage(Files):
    def test_what_cannot_be_used_is_told(self):
        evidence = ("--evidence", self.path("evidence.json"))
        give = ("give --evidence; or --hcl-report, --quote, --quote-signature, --pcrs and --vcek; "
                "or --snp-report and --vcek")
        rows = [
            ((), give),
            (self.parts(quote=None), give),
            (self.parts(pcrs=None), give),
            (("--snp-report", self.path("snp.bin")), "give --vcek with the report's certificate"),
            (self.parts(vcek=None), "give --vcek with the report's certificate"),
            (("--evidence", self.path("absent")), f"{self.path('absent')}: cannot be read: "
             "No such file or directory"),
            (("--evidence", self.folder), f"{self.folder}: is a folder"),
            (("--evidence", "/dev/zero"), "/dev/zero: larger than 1 MiB"),
            ((*evidence, "--policy", "/dev/zero"), "/dev/zero: larger than 1 MiB"),
            ((*evidence, "--nonce", "xyz"), "--nonce: must be hexadecimal"),
            ((*evidence, "--nonce", "abc"), "--nonce: must be hexadecimal"),
            ((*evidence, "--time", "yesterday"), '--time: "yesterday" is neither'),
            ((*evidence, "--time", "2026-01-31"), '--time: "2026-01-31" is neither'),
            ((*evidence, "--time", "2026-01-31T12:00:00Zulu"), "--time: "),
            ((*evidence, "--time", "99999999999999999"), "--time: "),
            ((*evidence, "--time", "9000-01-01T00:00:00Z"), "--time: "),
            ((*evidence, "--crl", self.path("absent")), f"{self.path('absent')}: cannot be read"),
            ((*evidence, "--policy", self.path("absent")), f"{self.path('absent')}: cannot"),
            ((*evidence, "--policy", self.write("list", b"[1]")), f"{self.path('list')}: must"),
            ((*evidence, "--policy", self.write("empty", b"")), f"{self.path('empty')}: must"),
            ((*evidence, "--policy", self.write("two", b"vmpl: 0\n---\nvmpl: 0\n")),
             f"{self.path('two')}: must hold one object with the settings of verifier.local"),
            ((*evidence, "--policy", self.write("twice", b"vmpl: 0\nvmpl: 0\n")),
             f"{self.path('twice')}:2:1: "),
            ((*evidence, "--policy", self.write("number", b"pcrs:\n  7: []\n")),
             f"{self.path('number')}:2:3: the key 7 is a number; write it in quotes"),
            ((*evidence, "--policy", self.write("text", b"vmpl")), f"{self.path('text')}: must"),
        ]
        self.end_with(2, rows)

    def test_one_file_or_its_parts_but_not_both(self):
        for flag in ("--vcek", "--chain", "--hcl-report", "--snp-report", "--pcrs"):
            done = self.verify("--evidence", self.path("evidence.json"), flag, self.path("absent"))
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"--evidence excludes {flag}", done.stderr + done.stdout)

    def end_with(self, code, rows):
        """One line on standard error, which begins so, and nothing else."""
        for arguments, words in rows:
            with self.subTest(words, arguments=arguments):
                done = self.verify(*arguments)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertTrue(done.stderr.startswith(words), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertEqual(done.stdout, "")

    def test_a_file_that_holds_something_else_is_malformed_evidence(self):
        junk = self.write("junk", b"junk")
        empty = self.write("empty", b"")
        members = self.write("members", b"{}")
        no_certificate = "holds no X.509 certificate in DER or PEM"
        no_list = "holds no list of revoked certificates in DER or PEM"
        self.end_with(12, [
            (("--evidence", junk), f"{junk}: no JSON: "),
            (("--evidence", empty), f"{empty}: no JSON: "),
            (("--evidence", members), f"{members}: no evidence: the document has none of "
             "hcl_report, report and attestation_report\n"),
            (self.parts(vcek=junk), f"{junk}: {no_certificate}\n"),
            (self.parts(chain=junk), f"{junk}: {no_certificate}\n"),
            ((*self.parts(), "--crl", junk), f"{junk}: {no_list}\n"),
            ((*self.parts(), "--crl", chain().folder / "ask.pem"),
             f"{chain().folder / 'ask.pem'}: {no_list}\n"),
            (self.parts(pcrs=junk), f"{junk}: has 4 bytes instead of 24 PCRs of 32\n"),
        ])
        for name in ("hcl_report", "quote"):
            self.assertEqual(self.failed(*self.parts(**{name: junk}))[0], 12, name)

    def test_flags_that_do_not_exist_are_usage_errors(self):
        for arguments in (["--force"], ["-o", "yaml"], ["--evidence"],
                          ["--evidence", self.path("evidence.json"), "more"]):
            self.check_code(str(arguments), 2, "verify", *arguments)


class Encrypted(Files):
    HEADER = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC," + "00" * 16 + "\n\n"

    def ends_at_once(self, code, *arguments):
        """Although standard input stays open and no terminal is there to say no."""
        silent, open_end = os.pipe()
        try:
            done = self.verify(*arguments, stdin=silent, start_new_session=True)
        finally:
            os.close(silent)
            os.close(open_end)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, "^[^\n]*holds no [^\n]* in DER or PEM\n$")

    def test_nobody_is_asked_for_the_password_of_a_certificate(self):
        first, rest = chain().text("vcek").split("\n", 1)
        locked = f"{first}\n{self.HEADER}{rest}"
        evidence = self.write("locked.json", json.dumps({**self.evidence(),
                                                         "vcek": locked}).encode())
        path = self.write("locked.pem", locked.encode())
        for arguments in (("--evidence", evidence), self.parts(vcek=path), self.parts(chain=path)):
            with self.subTest(arguments=arguments):
                self.ends_at_once(12, *arguments)

    def test_nor_for_that_of_a_list(self):
        first, rest = chain().revocation_list(form="PEM").decode().split("\n", 1)
        path = self.write("locked.crl", f"{first}\n{self.HEADER}{rest}".encode())
        self.ends_at_once(12, "--evidence", self.path("evidence.json"), "--crl", path)


class Verified(Files):
    def test_evidence_as_one_file_as_parts_and_from_standard_input(self):
        ask_and_ark = self.write("chain.pem", chain().text("ask", "ark").encode())
        rows = [
            ("--evidence", self.path("evidence.json")),
            self.parts(),
            self.parts(vcek=self.write("vcek.der", self.der("vcek"))),
            self.parts(chain=ask_and_ark),
            self.parts(chain=self.write("ask.der", self.der("ask"))),
            self.parts(vcek=self.write("all.pem", chain().text("vcek", "ask", "ark").encode())),
            ("--snp-report", self.path("snp.bin"), "--vcek", chain().folder / "vcek.pem"),
        ]
        for arguments in rows:
            with self.subTest(arguments=arguments):
                code, checks = self.result(*arguments)
                self.assertEqual(code, 0, checks)
        piped = self.verify("--evidence", "-", input=self.path("evidence.json").read_text())
        self.assertEqual(piped.returncode, 0, piped.stderr)

    def test_text_is_one_line_a_check_and_a_verdict(self):
        done = self.verify("--evidence", self.path("evidence.json"))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "passed    hcl.len")
        self.assertIn("passed    snp.ecdsa", lines)
        self.assertIn(f"unpinned  quote.nonce                   {NONCE.hex()}", lines)
        self.assertIn(f'unpinned  policy.measurements           ["{MEASUREMENT.hex()}"]', lines)
        self.assertTrue(lines[-1].startswith("verified; unpinned: x509.crl, quote.nonce, policy.products, "))
        self.assertEqual(done.stderr, "")

    def test_a_refusal_ends_with_the_check_that_decides(self):
        done = self.verify("--evidence", self.path("evidence.json"), "--nonce", "00")
        self.assertEqual(done.returncode, 15)
        self.assertEqual(done.stdout.splitlines()[-1],
                         "quote.nonce: the TPM's quote does not answer this attestation's nonce")
        self.assertIn("failed    quote.nonce                   the TPM's quote does not answer",
                      done.stdout)

    def test_everything_that_is_wrong_is_told(self):
        debug = chain().sign(snp_report(b"other", policy=0x3001F | POLICY_DEBUG))
        claims = self.path("hcl.bin").read_bytes()[0x4D4:].rstrip(b"\0")
        hcl = self.write("debug.bin", hcl_report(claims, debug))
        pcrs = self.write("other-pcrs", bytes(768))
        self.assertEqual(self.failed(*self.parts(hcl_report=hcl, pcrs=pcrs)),
                         (13, ["bind.sha256", "quote.pcr_digest", "policy.debug"]))


class Documented(Files):
    TEXT = (ROOT / "docs/attestation.md").read_text()

    def test_every_check_is_documented_and_no_other(self):
        names = set()
        for arguments in (("--evidence", self.path("evidence.json")),
                          ("--snp-report", self.path("snp.bin"), "--vcek",
                           chain().folder / "vcek.pem")):
            names |= set(self.result(*arguments)[1])
        pinned = {"policy.debug", "policy.migration"}
        settings = {name for name in names if name.startswith("policy.")} - pinned
        # Those of remote verifiers are held to the table by test_maa and test_kbs.
        here = {name for name in documented_checks() if not name.startswith(("maa.", "kbs."))}
        self.assertEqual(here, names - settings)
        policies = (ROOT / "docs/policies.md").read_text()
        for name in settings:
            self.assertIn(f"| `{name.removeprefix('policy.')}` |", policies)

    def test_the_example_of_pins_can_be_read(self):
        example = re.search(r"^    products: .*?\n\n", self.TEXT, re.M | re.S)[0]
        path = self.write("pins.yaml", textwrap.dedent(example).encode())
        code, checks = self.result("--evidence", self.path("evidence.json"), "--policy", path)
        self.assertEqual(code, 14)
        states = {name: checks[f"policy.{name}"]["status"]
                  for name in ("products", "minTcb", "idKeyDigests", "requireSecureBoot", "pcrs")}
        self.assertEqual(states, {"products": "passed", "minTcb": "failed",
                                  "idKeyDigests": "failed", "requireSecureBoot": "passed",
                                  "pcrs": "failed"})


class Options(Files):
    def failed_with(self, *options):
        return self.failed("--evidence", self.path("evidence.json"), *options)

    def test_the_nonce_is_the_whole_nonce(self):
        rows = [(NONCE.hex(), (0, [])), (NONCE.hex().upper(), (0, [])),
                (NONCE[:31].hex(), (15, ["quote.nonce"])),
                (NONCE.hex() + "00", (15, ["quote.nonce"])), ("", (15, ["quote.nonce"]))]
        for nonce, expected in rows:
            with self.subTest(nonce):
                self.assertEqual(self.failed_with("--nonce", nonce), expected)

    def test_a_bare_guests_nonce_is_its_report_data(self):
        report = bytearray(snp_report(b""))
        report[0x050:0x090] = NONCE + bytes(32)
        path = self.write("bare.bin", chain().sign(bytes(report)))
        bare = ("--snp-report", path, "--vcek", chain().folder / "vcek.pem")
        self.assertEqual(self.failed(*bare, "--nonce", NONCE.hex()), (0, []))
        self.assertEqual(self.failed(*bare, "--nonce", NONCE[:31].hex()),
                         (15, ["snp.report_data"]))

    def test_the_time_is_the_one_given(self):
        now = int(time.time())
        for given, expected in ((now, (0, [])), (946684800, (13, ["x509.chain"])),
                                ("2000-01-01T00:00:00Z", (13, ["x509.chain"])),
                                (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)), (0, [])),
                                ("2060-01-01T00:00:00Z", (13, ["x509.chain"]))):
            with self.subTest(given):
                self.assertEqual(self.failed_with("--time", given), expected)

    def test_what_is_unpinned_is_told_as_the_setting_that_pins_it(self):
        checks = self.result("--evidence", self.path("evidence.json"), "--nonce", NONCE.hex())[1]
        pins = {name.removeprefix("policy."): json.loads(check["detail"])
                for name, check in checks.items()
                if name.startswith("policy.") and check["status"] == "unpinned"}
        self.assertEqual(len(pins), 15)
        path = self.write("pins.json", json.dumps(pins).encode())
        code, checks = self.result("--evidence", self.path("evidence.json"), "--nonce", NONCE.hex(),
                                   "--policy", path)
        self.assertEqual(code, 0)
        for name, value in pins.items():
            # What is switched off asks nothing.
            self.assertEqual(checks[f"policy.{name}"]["status"],
                             "unpinned" if value is False else "passed", name)

    def test_the_policy_is_the_pools_in_yaml_or_json(self):
        policy = {"products": ["Milan"], "signingKey": "vcek",
                  "minTcb": {"Milan": {"bootloader": TCB[0], "snp": TCB[6]}},
                  "measurements": [MEASUREMENT.hex()], "chipIds": [CHIP.hex()], "vmpl": 0,
                  "minGuestSvn": 10, "hostData": "00" * 32, "requireSecureBoot": True,
                  "pcrs": {"0": [PCRS[0].hex()], "23": ["ff" * 32, PCRS[23].hex()]}}
        path = self.write("policy.json", json.dumps(policy).encode())
        code, checks = self.result("--evidence", self.path("evidence.json"), "--policy", path)
        self.assertEqual(code, 0)
        for name in policy:
            self.assertEqual(checks[f"policy.{name}"]["status"], "passed", name)
        self.assertEqual(checks["policy.requireNoSmt"]["status"], "unpinned")
        rows = [
            ("products: [Turin]\nvmpl: 0\n", 14, ["policy.products"]),
            (f"measurements:\n- {'00' * 48}\npcrs:\n  '7': []\n", 14,
             ["policy.measurements", "policy.pcrs"]),
            ("requireNoSmt: true\nrequireAliasCheck: true\n", 14,
             ["policy.requireNoSmt", "policy.requireAliasCheck"]),
            ("requireRevocationCheck: true\n", 14, ["policy.requireRevocationCheck"]),
            ("requireRevocationCheck: 'true'\n", 17, ["policy.requireRevocationCheck"]),
            ("requireSecureBoot: false\nrequireNoSmt: false\nrequireAliasCheck: false\n"
             "requireRevocationCheck: false\npcrs: {}\n", 0, []),
            ("measurement: []\n", 17, ["policy.measurement"]),
            ("vmpl: '0'\n", 17, ["policy.vmpl"]),
            ("measurements:\n", 17, ["policy.measurements"]),
            ("minTcb: {milan: {snp: 1}}\n", 17, ["policy.minTcb"]),
            ("products: [milan]\n", 17, ["policy.products"]),
        ]
        for text, code, names in rows:
            with self.subTest(text):
                path = self.write("policy.yaml", text.encode())
                self.assertEqual(self.failed_with("--policy", path), (code, names))


class Revocation(Files):
    ROOT = "the list of certificates that AMD's ARK-Milan revoked"

    def crl(self, *lists):
        """Exit code and x509.crl, of evidence held against these."""
        options = [word for index, content in enumerate(lists)
                   for word in ("--crl", self.write(f"{index}.crl", content))]
        code, checks = self.result("--evidence", self.path("evidence.json"), *options)
        return code, checks["x509.crl"]["status"], checks["x509.crl"]["detail"]

    def test_without_a_list_it_is_unpinned(self):
        self.assertEqual(self.crl(),
                         (0, "unpinned", "no list of revoked certificates was given"))

    def test_a_list_of_the_root_clears_the_chain_or_does_not(self):
        made = chain().revocation_list
        forged = chain().other_root("forged", "ARK-Milan")
        genoa = chain().other_root("genoa", "ARK-Genoa")
        passed = (0, "passed", "")
        failed = lambda words: (13, "failed", f"{self.ROOT} {words}")
        none = (13, "failed", "none of the lists of revoked certificates is of AMD's ARK-Milan")
        revoked = failed("has the one that signed the certificate of the signing key")
        rows = [
            ("current", [made()], passed),
            ("in PEM", [made(form="PEM")], passed),
            ("of another intermediate", [made(SERIALS["asvk"])], passed),
            ("of the leaf's number", [made(0)], passed),
            ("of the intermediate", [made(SERIALS["asvk"], SERIALS["ask"])], revoked),
            ("by a foreign key", [made(**forged)], failed("is not signed by it")),
            ("expired", [made(days=(-2, -1))], failed("has expired")),
            ("not yet valid", [made(days=(1, 2))], failed("does not hold yet")),
            ("another product's", [made(**genoa)], none),
            ("another product's, and this one's", [made(**genoa), made()], passed),
            ("both in one file", [made(form="PEM", **genoa) + made(form="PEM")], passed),
            ("the second revokes", [made(), made(SERIALS["ask"])], revoked),
        ]
        for name, lists, expected in rows:
            with self.subTest(name):
                self.assertEqual(self.crl(*lists), expected)

    def test_a_list_that_ends_early_is_malformed(self):
        for form in ("DER", "PEM"):
            whole = chain().revocation_list(form=form)
            for size in (1, len(whole) // 2, len(whole) - 3):
                path = self.write("cut.crl", whole[:size])
                done = self.verify("--evidence", self.path("evidence.json"), "--crl", path)
                self.assertEqual((done.returncode, done.stdout), (12, ""), (form, size))

    def test_the_time_is_the_one_given(self):
        path = self.write("list.crl", chain().revocation_list())
        for days, expected in ((0, (0, [])), (2, (13, ["x509.crl"]))):
            self.assertEqual(self.failed("--evidence", self.path("evidence.json"), "--crl", path,
                                         "--time", int(time.time()) + 86400 * days), expected)

    def test_a_chain_that_does_not_hold_is_not_looked_up(self):
        path = self.write("list.crl", chain().revocation_list())
        checks = self.result("--evidence", self.path("evidence.json"), "--crl", path,
                             "--time", "2060-01-01T00:00:00Z")[1]
        self.assertEqual(checks["x509.crl"]["status"], "skipped")

    def test_a_policy_may_demand_it(self):
        policy = ("--policy", self.write("policy.yaml", b"requireRevocationCheck: true\n"))
        path = self.write("list.crl", chain().revocation_list())
        evidence = ("--evidence", self.path("evidence.json"), *policy)
        self.assertEqual(self.failed(*evidence, "--crl", path), (0, []))
        path = self.write("list.crl", chain().revocation_list(SERIALS["ask"]))
        self.assertEqual(self.failed(*evidence, "--crl", path),
                         (13, ["x509.crl", "policy.requireRevocationCheck"]))


if __name__ == "__main__":
    unittest.main()
