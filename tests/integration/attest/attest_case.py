"""What the cases of the attestation step's program have in common: the shipped program, the same
with the roots of a chain that the tests own, and that chain."""

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from amd_chain import AmdChain

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / os.environ.get("CONFIDENTIAL_PODS_BUILD", "build/release")
PROGRAM = BUILD / "confidential-pods-attest"
OF_TESTS = BUILD / "confidential-pods-attest-of-tests"


@functools.cache
def chain():
    """One chain for all cases, because making RSA keys takes seconds."""
    folder = tempfile.mkdtemp(prefix="confidential-pods-chain.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return AmdChain(folder)


def documented_checks():
    """Their names in the table of docs/attestation.md."""
    text = (ROOT / "docs/attestation.md").read_text()
    table = re.search(r"^\| check \|.*?\n\n", text, re.M | re.S)[0]
    return {name for row in re.findall(r"^\| ([a-zA-Z0-9_., ]+) \|", table, re.M)
            for name in row.split(", ")} - {"check", "policy.SETTING"}


def demand(evidence="azure-vtpm", verifier=None, **more):
    return json.dumps({"evidence": evidence, "verifier": verifier or {"local": {}}, **more})


def refusal(words):
    return f"confidential-pods-attest: {words}; the Pod is not allowed to start"


class AttestCase(unittest.TestCase):
    program = PROGRAM

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="confidential-pods-attest.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    # File with the authorities that the program trusts over TLS, instead of the system's.
    trusted = None

    def environment(self):
        environment = dict(os.environ)
        if self.program != PROGRAM:
            environment["CONFIDENTIAL_PODS_TEST_ROOTS"] = str(chain().folder)
        if self.trusted:
            environment["SSL_CERT_FILE"] = str(self.trusted)
        return environment

    def attest(self, *arguments, program=None, **more):
        return subprocess.run([program or self.program, *map(str, arguments)], timeout=90,
                              capture_output=True, text=True, env=self.environment(), **more)

    def check(self, name, code, sentence, *arguments):
        """`run` with these arguments ends with `code`, `sentence` as the last line, and the same in
        the termination log."""
        log = self.folder / "termination.log"
        log.unlink(missing_ok=True)
        with self.subTest(name):
            done = self.attest("run", "--termination-log", log, *arguments)
            self.assertEqual(done.stderr.rstrip("\n").rpartition("\n")[2], sentence)
            self.assertEqual(done.returncode, code)
            self.assertEqual(log.read_text(), sentence + "\n")

    def check_code(self, name, code, *arguments):
        with self.subTest(name):
            self.assertEqual(self.attest(*arguments).returncode, code)
