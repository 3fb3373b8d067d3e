"""Which TLS the server speaks, as openssl s_client sees it."""

import subprocess
import unittest

from serving import NAME, ServerCase


class Handshake(ServerCase):
    def s_client(self, *options):
        run = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}",
             "-CAfile", self.server.ca, *options],
            input=b"", capture_output=True, timeout=30)
        return run.stdout.decode(errors="replace") + run.stderr.decode(errors="replace")

    def test_tls_1_2_and_1_3_with_ecdsa_p256(self):
        for option, version in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            with self.subTest(version):
                text = self.s_client(option, "-verify_hostname", NAME, "-verify_return_error")
                self.assertIn(f"New, {version}, Cipher is", text)
                self.assertIn("Verify return code: 0 (ok)", text)
                self.assertIn("Peer signature type: ECDSA", text)

    def test_older_versions_and_weak_ciphers_are_refused(self):
        for options in (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
                        ("-tls1_2", "-cipher", "AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")):
            with self.subTest(options):
                self.assertIn("Cipher is (NONE)", self.s_client(*options))
        self.assert_alive()

    def test_alpn_picks_http_1_1_and_never_fails(self):
        for offered, line in (("h2,http/1.1", "ALPN protocol: http/1.1"),
                              ("http/1.1", "ALPN protocol: http/1.1"),
                              ("h2", "No ALPN negotiated")):
            with self.subTest(offered):
                text = self.s_client("-alpn", offered)
                self.assertIn(line, text)
                self.assertIn("Verify return code: 0 (ok)", text)
        self.assertIn("No ALPN negotiated", self.s_client())

    def test_no_session_is_resumed(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                text = self.s_client(version, "-reconnect")
                self.assertNotIn("Reused,", text)
                self.assertNotIn("TLS session ticket:", text)

    def test_renegotiation_is_refused(self):
        run = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-tls1_2"],
            input=b"R\n", capture_output=True, timeout=30)
        self.assertIn(b"no renegotiation", run.stdout + run.stderr)
        self.assert_alive()


if __name__ == "__main__":
    unittest.main()
