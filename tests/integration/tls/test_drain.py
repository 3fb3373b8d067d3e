"""SIGTERM: readiness goes, service goes on, connections are told to end, the program ends with 0."""

import signal
import threading
import time
import unittest

from serving import Answers, Server, post, review


class Drain(unittest.TestCase):
    def start(self, seconds):
        server = Server("--drain-seconds", str(seconds))
        self.addCleanup(server.remove)
        return server

    def test_a_drained_server_answers_everything_and_exits_0(self):
        server = self.start(2)
        with server.connect() as kept, server.connect() as idle:
            answers = Answers(kept)
            kept.sendall(post("/mutate", review("a")))
            self.assertNotIn("connection", answers.next()[1])
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            self.await_draining(server)
            status, text = server.plain("/readyz")
            self.assertEqual((status, text),
                             (503, "Not ready: stopping, and answering what is under way.\n"))
            self.assertEqual(server.plain("/healthz")[0], 200)
            # The kept connection is answered, and told to end.
            kept.sendall(post("/mutate", review("b")))
            status, headers, body = answers.next()
            self.assertEqual((status, headers["connection"]), (200, "close"))
            self.assertIn(b'"b"', body)
            self.assertIsNone(answers.next())
            # So is a new one.
            self.assertEqual(server.curl("/validate", "--json", "@-", data=review())[1], 200)
            self.assertEqual(idle.recv(1), b"")
        self.assertEqual(server.process.wait(timeout=20), 0, server.log_text())
        self.assertGreaterEqual(time.monotonic() - begun, 2)
        self.assertLess(time.monotonic() - begun, 12)
        self.assertIn("stopped", server.log_text())

    def test_no_review_is_lost_under_load(self):
        """Clients that do as Go's do, reusing a connection until told to close, see no failure
        while the server drains."""
        server = self.start(2)
        failures, answered = [], []
        stopping = threading.Event()

        def ask(client):
            connection = None
            while not stopping.is_set():
                try:
                    if connection is None:
                        connection = server.connect()
                        answers = Answers(connection)
                    connection.sendall(post("/mutate", review(f"{client}")))
                    status, headers, _ = answers.next()
                    answered.append(status)
                    if headers.get("connection") == "close":
                        connection.close()
                        connection = None
                except Exception as error:  # any: all count as a lost review
                    failures.append(repr(error))
                    return

        threads = [threading.Thread(target=ask, args=(client,)) for client in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        self.await_draining(server)
        time.sleep(0.5)  # endpoints have been updated; clients go elsewhere
        stopping.set()
        for thread in threads:
            thread.join(timeout=20)
        self.assertEqual(failures, [])
        self.assertGreater(len(answered), 50)
        self.assertEqual(set(answered), {200})
        self.assertEqual(server.process.wait(timeout=20), 0)

    def test_without_grace_the_end_comes_at_once(self):
        server = self.start(0)
        begun = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begun, 8)

    def await_draining(self, server):
        end = time.monotonic() + 5
        while server.plain("/readyz")[0] == 200 and time.monotonic() < end:
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
