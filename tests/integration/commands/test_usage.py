"""What the programs say of a command line that cannot be served: the fault by its name, and exit
code 2."""

import os
import shutil
import subprocess
import tempfile
import unittest

from tls.serving import POLICIES, PROGRAM, issue, need_program


class Usage(unittest.TestCase):
    def setUp(self):
        need_program()
        self.folder = tempfile.mkdtemp(prefix="confidential-pods-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.assertEqual(issue(self.folder).returncode, 0)
        os.mkdir(os.path.join(self.folder, "policies"))
        with open(os.path.join(self.folder, "policies", "set.yaml"), "w") as file:
            file.write(POLICIES)

    def run_program(self, *arguments):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True,
                              text=True, timeout=30)
        return done.returncode, done.stdout + done.stderr

    def serve(self, *arguments, policies="policies"):
        return self.run_program("serve", "--policies", policies, *arguments)

    def test_a_word_that_is_no_command(self):
        # "A subcommand is required" was all that could be read of it.
        code, text = self.run_program("nosuch", "--policies", "x")
        self.assertEqual((code, text), (
            2, '"nosuch" is no command; there are serve, check, review, webhooks, backstop, certs, version\n'
               "Run with --help for more information.\n"))

    def test_an_address_that_is_none_is_told_by_its_flag_before_anything_is_started(self):
        pair = ("--tls-cert", "tls.crt", "--tls-key", "tls.key")
        for flag, other in (("--listen", "--metrics-listen"), ("--metrics-listen", "--listen")):
            with self.subTest(flag):
                code, text = self.serve(flag, "bogus", other, "127.0.0.1:0", *pair)
                self.assertEqual((code, text), (
                    2, f'{flag}: "bogus" is not HOST:PORT (an IPv6 address in brackets), '
                       "e.g. 0.0.0.0:8443\n"))

    def test_certificates_are_given_or_managed(self):
        code, text = self.serve("--listen", "127.0.0.1:0", "--manage-certificates",
                                "--tls-cert", "tls.crt", "--tls-key", "tls.key")
        self.assertEqual((code, text), (
            2, "--manage-certificates makes the certificate itself: leave --tls-cert and --tls-key "
               "out, or leave --manage-certificates out\n"))

    def test_a_folder_that_cannot_be_read_is_no_finding(self):
        for arguments in (("serve", "--policies", "nodir", "--listen", "127.0.0.1:0",
                           "--tls-cert", "tls.crt", "--tls-key", "tls.key"), ("check", "nodir")):
            with self.subTest(arguments[0]):
                self.assertEqual(self.run_program(*arguments),
                                 (2, "nodir: cannot be read: No such file or directory\n"))


if __name__ == "__main__":
    unittest.main()
