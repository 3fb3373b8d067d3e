"""`confidential-pods certs init` on the command line, judged by openssl."""

import os
import shutil
import stat
import subprocess
import tempfile
import unittest

from serving import PROGRAM, issue, need_program


class CertsInit(unittest.TestCase):
    def setUp(self):
        need_program()
        self.folder = tempfile.mkdtemp(prefix="confidential-pods-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def contents(self):
        return {name: open(self.path(name)).read() for name in sorted(os.listdir(self.folder))}

    def verify(self, *options):
        return subprocess.run(
            ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile",
             self.path("ca.crt"), *options, self.path("tls.crt")],
            capture_output=True, text=True, timeout=30)

    def test_four_files_that_openssl_accepts(self):
        made = issue(self.folder, "a.b.svc", "127.0.0.1", "::1")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["ca.crt", "ca.key", "tls.crt", "tls.key"])
        for name, mode in (("ca.crt", 0o644), ("ca.key", 0o600), ("tls.crt", 0o644),
                           ("tls.key", 0o600)):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), mode, name)
        for options in (("-verify_hostname", "a.b.svc"), ("-verify_ip", "127.0.0.1"),
                        ("-verify_ip", "::1")):
            self.assertEqual(self.verify(*options).returncode, 0, options)
        self.assertNotEqual(self.verify("-verify_hostname", "other.svc").returncode, 0)

    def test_nothing_is_overwritten(self):
        self.assertEqual(issue(self.folder, "a").returncode, 0)
        before = self.contents()
        again = issue(self.folder, "b")
        self.assertEqual(again.returncode, 2)
        self.assertEqual(
            again.stderr,
            f"certs init: {self.path('tls.crt')}: already exists and is not overwritten. Remove "
            "tls.crt and tls.key to have a new certificate issued by the same CA, or choose "
            "another --dir.\n")
        self.assertEqual(self.contents(), before)

    def test_the_same_ca_issues_a_new_leaf(self):
        self.assertEqual(issue(self.folder, "a").returncode, 0)
        before = self.contents()
        os.remove(self.path("tls.crt"))
        os.remove(self.path("tls.key"))
        again = issue(self.folder, "b")
        self.assertEqual(again.returncode, 0, again.stderr)
        after = self.contents()
        self.assertEqual((after["ca.crt"], after["ca.key"]), (before["ca.crt"], before["ca.key"]))
        self.assertNotEqual(after["tls.crt"], before["tls.crt"])
        self.assertEqual(self.verify("-verify_hostname", "b").returncode, 0)

    def test_half_a_ca_and_unusable_names_are_refused_and_nothing_is_written(self):
        self.assertEqual(issue(self.folder, "a").returncode, 0)
        for name in ("tls.crt", "tls.key", "ca.key"):
            os.remove(self.path(name))
        half = issue(self.folder, "a")
        self.assertEqual(half.returncode, 2)
        self.assertIn("ca.crt: exists without ca.key. Put that file back", half.stderr)
        os.remove(self.path("ca.crt"))
        wrong = issue(self.folder, "a b")
        self.assertEqual(wrong.returncode, 2)
        self.assertEqual(wrong.stderr,
                         'certs init: "a b" is neither a DNS name nor an IP address\n')
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_name_is_required(self):
        run = subprocess.run([PROGRAM, "certs", "init", "--dir", self.folder],
                             capture_output=True, text=True, timeout=30)
        self.assertEqual(run.returncode, 2)
        self.assertIn("--name", run.stderr)


if __name__ == "__main__":
    unittest.main()
