"""Peers that do not speak TLS, leave, or dawdle: counted, cut, and no one else's trouble."""

import os
import resource
import socket
import threading
import time
import unittest

from serving import BUILD, Answers, ServerCase, post, review


class Noise(ServerCase):
    def failures(self, reason):
        line = 'confidential_pods_tls_handshake_failures_total{reason="%s"}' % reason
        return self.server.metric(line)

    def test_plain_http_on_the_tls_port(self):
        before = self.failures("plain_http")
        with self.server.tcp() as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
            while connection.recv(4096):
                pass
        self.assert_comes(before + 1, lambda: self.failures("plain_http"))
        self.assert_alive()

    def test_garbage_and_peers_that_leave(self):
        protocol, closed = self.failures("protocol"), self.failures("closed")
        for _ in range(20):
            with self.server.tcp() as connection:
                # Random bytes could begin like the greeting of SSL 2, which is waited for.
                connection.sendall(b"\xff\xff\xff" + os.urandom(500))
                try:
                    while connection.recv(4096):
                        pass
                except ConnectionError:
                    pass
            self.server.tcp().close()
        self.assert_comes(protocol + 20, lambda: self.failures("protocol"))
        self.assert_comes(closed + 20, lambda: self.failures("closed"))
        self.assert_alive()

    def test_a_client_that_does_not_trust_us_is_counted_as_its_alert(self):
        before = self.failures("alert")
        code, _, _ = self.server.curl("/readyz", "--cacert", "/etc/ssl/certs/ca-certificates.crt")
        self.assertIn(code, (60, 77))
        if code == 60:
            self.assert_comes(before + 1, lambda: self.failures("alert"))

    def test_noise_is_logged_only_when_asked_for(self):
        with self.server.tcp() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            connection.recv(4096)
        time.sleep(1.2)  # the log is written once a second
        self.assertNotIn("handshake", self.server.log_text())

    def test_resets_in_every_phase_leave_no_connection_behind(self):
        whole = post("/mutate", review())
        for sent in (0, 1, 20, 100, len(whole) - 1, len(whole)):
            with self.subTest(sent):
                connection = self.server.connect()
                connection.sendall(whole[:sent])
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      b"\x01\0\0\0\0\0\0\0")
                connection.close()
        self.assert_comes(1.0, lambda: self.server.metric("confidential_pods_connections_open"))
        self.assert_alive()


class SlowPeers(ServerCase):
    def test_slow_heads_and_bodies_are_cut_by_the_deadline_of_15_s(self):
        """Drips bytes on several connections at once; all end between 15 and 20 s after their
        first byte although something arrived each second, and others are served meanwhile."""
        line = 'confidential_pods_connection_timeouts_total{awaited="request"}'
        before = self.server.metric(line)
        lives = []

        def drip(start):
            with self.server.connect() as connection:
                connection.settimeout(1)
                begun = time.monotonic()
                connection.sendall(start)
                while time.monotonic() - begun < 40:
                    try:
                        connection.sendall(b"a")
                        if not connection.recv(1):
                            break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
                lives.append(time.monotonic() - begun)

        starts = [b"P", b"POST /mutate HTTP/1.1\r\nX: ",
                  b"POST /mutate HTTP/1.1\r\nContent-Length: 1000\r\n\r\n"]
        threads = [threading.Thread(target=drip, args=(start,)) for start in starts]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.assert_alive()
            time.sleep(1)
        self.assertEqual(len(lives), 3)
        for life in lives:
            self.assertGreaterEqual(life, 14.5)
            self.assertLess(life, 20)
        self.assertEqual(self.server.metric(line), before + 3)

    def test_a_slow_handshake_is_cut_by_its_deadline_of_10_s(self):
        begun = time.monotonic()
        with self.server.tcp() as connection:
            connection.sendall(b"\x16\x03\x01")
            self.assertEqual(connection.recv(1), b"")
        self.assertGreaterEqual(time.monotonic() - begun, 9.5)
        self.assertLess(time.monotonic() - begun, 15)


class Crowds(ServerCase):
    DISPLACED = 'confidential_pods_connections_total{outcome="displaced"}'

    def crowd(self, size):
        """So many connections that never say a word, closed with the case."""
        for _ in range(size):
            self.addCleanup(self.server.tcp().close)

    def test_idle_connections_beyond_the_limit_lock_nobody_out(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))
        self.crowd(1100)
        self.assert_alive()
        self.assertGreaterEqual(self.server.metric(self.DISPLACED), 1100 - 1024)
        self.assertLessEqual(self.server.metric("confidential_pods_connections_open"), 1025)

    # UBSan looks at memory through a pipe, and calls it invalid when there is no descriptor for one.
    @unittest.skipIf(os.path.basename(BUILD) == "asan", "the sanitizer needs descriptors itself")
    def test_idle_connections_that_use_up_all_descriptors_lock_nobody_out(self):
        before = self.server.metric(self.DISPLACED)
        whole = resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE)
        self.addCleanup(resource.prlimit, self.server.process.pid, resource.RLIMIT_NOFILE, whole)
        resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (64, whole[1]))
        self.crowd(100)
        self.assert_alive()
        self.assertGreater(self.server.metric(self.DISPLACED), before)


class ManyPeers(ServerCase):
    def test_many_clients_at_once_get_their_own_answers(self):
        wrong = []

        def ask(client):
            with self.server.connect() as connection:
                answers = Answers(connection)
                for i in range(25):
                    uid = f"{client}-{i}"
                    connection.sendall(post("/mutate", review(uid)))
                    answer = answers.next()
                    if answer is None or uid.encode() not in answer[2]:
                        wrong.append(uid)

        threads = [threading.Thread(target=ask, args=(client,)) for client in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        self.assertEqual(wrong, [])
        line = 'confidential_pods_http_requests_total{code="200",path="/mutate"}'
        self.assertEqual(self.server.metric(line), 40 * 25)


if __name__ == "__main__":
    unittest.main()
