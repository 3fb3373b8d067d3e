"""The HTTP contract over real TLS: curl for what is well formed, raw bytes for what is not."""

import base64
import contextlib
import json
import threading
import time
import unittest

from serving import Answers, ServerCase, post, review

# A review as the API server begins it.
LEAD = (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"11-aa",')


class WellFormed(ServerCase):
    def test_a_review_is_answered(self):
        for path, patched in (("/mutate?timeout=10s", True), ("/validate", False)):
            with self.subTest(path):
                code, status, body = self.server.curl(
                    path, "-H", "Content-Type: application/json", "--data-binary", "@-",
                    data=review("u-42"))
                self.assertEqual((code, status), (0, 200))
                answer = json.loads(body)
                self.assertEqual(answer["apiVersion"], "admission.k8s.io/v1")
                self.assertEqual(answer["kind"], "AdmissionReview")
                self.assertEqual(answer["response"]["uid"], "u-42")
                self.assertEqual(answer["response"]["allowed"], patched)
                self.assertEqual("patch" in answer["response"], patched)
        # The bare Pod may not run outside the pool, and the guard says so.
        self.assertEqual(answer["response"]["status"]["code"], 403)
        self.assertEqual(answer["response"]["status"]["reason"], "Forbidden")

    def test_the_patch_is_a_json_patch(self):
        _, _, body = self.server.curl("/mutate", "--json", "@-", data=review())
        response = json.loads(body)["response"]
        self.assertEqual(response["patchType"], "JSONPatch")
        operations = json.loads(base64.b64decode(response["patch"]))
        self.assertTrue(all(operation["path"].startswith("/") for operation in operations))

    def test_health_is_answered_on_both_ports(self):
        for path in ("/readyz", "/healthz"):
            with self.subTest(path):
                self.assertEqual(self.server.curl(path), (0, 200, "ok\n"))
                self.assertEqual(self.server.plain(path), (200, "ok\n"))

    def test_metrics_count_what_was_answered(self):
        line = 'confidential_pods_http_requests_total{code="200",path="/validate"}'
        before = self.server.metric(line)
        self.server.curl("/validate", "--json", "@-", data=review())
        self.assertEqual(self.server.metric(line), before + 1)
        self.assertEqual(self.server.curl("/metrics")[1], 404)  # on the plain port only

    def test_curl_reuses_one_connection(self):
        code, _, body = self.server.curl(
            "/readyz", *["-w", "%{num_connects}\\n"], *[self.server.url + "/readyz"] * 9,
            "-o", "/dev/null")
        self.assertEqual(code, 0)
        connects = [line for line in body.splitlines() if line in ("0", "1")]
        self.assertEqual(connects.count("1") <= 1, True, body)

    def test_a_large_body_with_expect_100_continue(self):
        # curl asks before it sends more than 1 MiB.
        padded = review() + b" " * 3_000_000
        code, status, body = self.server.curl("/mutate", "--json", "@-", data=padded)
        self.assertEqual((code, status), (0, 200))
        self.assertTrue(json.loads(body)["response"]["allowed"])


class Refusals(ServerCase):
    def test_each_fault_has_its_status_and_a_sentence(self):
        json_type = ("-H", "Content-Type: application/json")
        rows = (
            ("unknown path", "/elsewhere", (), None, 404),
            ("wrong method", "/mutate", (), None, 405),
            ("PUT", "/mutate", ("-X", "PUT", "--data", "{}", *json_type), None, 405),
            ("chunked", "/mutate", ("-H", "Transfer-Encoding: chunked", *json_type,
                                    "--data-binary", "@-"), review(), 411),
            ("form", "/mutate", ("--data", "a=b"), None, 415),
            ("yaml", "/mutate", ("-H", "Content-Type: application/yaml", "--data", "a: b"), None,
             415),
            ("8 MiB", "/mutate", (*json_type, "--data-binary", "@-"), b"x" * 8 * 1024 * 1024, 413),
            ("large head", "/readyz", ("-H", "X-Large: " + "x" * 20000), None, 431),
            ("HTTP/1.0", "/readyz", ("--http1.0",), None, 505),
        )
        for name, path, options, data, expected in rows:
            with self.subTest(name):
                code, status, body = self.server.curl(path, *options, data=data)
                self.assertEqual(status, expected, body)
                self.assertEqual(code, 0)
                self.assertRegex(body, r"^[A-Z].*[.]\n$")

    def test_a_wrong_method_names_the_right_one_and_nothing_asks_to_retry(self):
        code, _, body = self.server.curl("/mutate", "-i")
        self.assertEqual(code, 0)
        self.assertIn("Allow: POST\r\n", body)
        self.assertNotIn("retry-after", body.lower())

    def test_a_body_that_is_no_review_is_refused_inside_or_by_400(self):
        # Whatever the layer that refuses, it never answers allowed: true.
        for data in (b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}\0{}", b"[" * 100_000,
                     b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}'):
            with self.subTest(data[:20]):
                for path in ("/mutate", "/validate"):
                    _, status, body = self.server.curl(
                        path, "-H", "Content-Type: application/json", "--data-binary", "@-",
                        data=data)
                    self.assertIn(status, (200, 400), body)
                    self.assertNotIn('"allowed":true', body.replace(" ", ""))

    def test_a_review_that_cannot_be_read_is_refused_with_its_uid(self):
        # The API server keeps managedFields of any depth. A Pod nested beyond our limit was answered
        # with HTTP 400, and where failurePolicy is Ignore it was let in with a guarded Secret.
        deep = b'{"f:a":' * 100 + b"{}" + b"}" * 100
        data = LEAD + b'"object":' + deep + b"}}"
        for path in ("/mutate", "/validate"):
            _, status, body = self.server.curl(
                path, "-H", "Content-Type: application/json", "--data-binary", "@-", data=data)
            self.assertEqual(status, 200)
            answer = json.loads(body)["response"]
            self.assertEqual((answer["uid"], answer["allowed"]), ("11-aa", False))
            self.assertEqual(
                answer["status"]["message"],
                "this request cannot be read (offset 530: nested deeper than 64 levels), and what "
                "cannot be read is refused. Correct the object.")

    def assert_refused_unread(self, connection, path, body, message):
        connection.sendall(post(path, body))
        status, headers, answer = Answers(connection).next()
        self.assertEqual(status, 200, answer)
        self.assertNotIn("connection", headers)
        answer = json.loads(answer)["response"]
        self.assertEqual((answer["uid"], answer["allowed"]), ("11-aa", False))
        self.assertEqual(answer["status"]["message"], message)

    def test_a_review_over_the_limit_is_refused_with_its_uid(self):
        # Go writes "<" as six bytes, so an object that the API server accepts can be this large.
        # Answered with HTTP 413, it was let in where failurePolicy is Ignore.
        body = LEAD + b'"object":{"a":"' + rb"\u003c" * 1_300_000 + b'"}}}'
        with self.server.connect() as connection:
            for path in ("/mutate", "/validate"):
                self.assert_refused_unread(
                    connection, path, body,
                    f"this request cannot be read (its {len(body)} bytes are over the limit of "
                    "7340032 bytes), and what cannot be read is refused. Make the object smaller; "
                    "each <, > and & in it counts six bytes.")

    def unread(self, cause):
        line = 'confidential_pods_unreadable_total{cause="%s",door="validate"}' % cause
        return self.server.metric(line)

    def denied(self):
        return self.server.metric('confidential_pods_reviews_total{door="validate",'
                                  'reason="Malformed",verdict="denied"}')

    def test_each_refusal_of_what_is_not_read_is_counted_as_a_review_and_by_its_cause(self):
        # They were counted in no review, so an alert on denials missed them.
        large = LEAD + b'"object":{"a":"' + b"a" * 7_500_000 + b'"}}}'
        for cause, body in (("malformed", LEAD + b"}"), ("too_large", large)):
            with self.subTest(cause), self.server.connect() as connection:
                before = self.unread(cause), self.denied()
                connection.sendall(post("/validate", body))
                self.assertEqual(Answers(connection).next()[0], 200)
                self.assertEqual((self.unread(cause), self.denied()),
                                 (before[0] + 1, before[1] + 1))
        before = self.unread("malformed"), self.denied()
        self.assertEqual(self.server.curl("/validate", "--json", "{}")[1], 400)
        self.assertEqual((self.unread("malformed"), self.denied()), (before[0] + 1, before[1]))

    def test_claimed_lengths_keep_nobody_out(self):
        # Ten heads without a body had every review above 64 KiB refused for 15 s.
        claim = (b"POST /validate HTTP/1.1\r\nExpect: 100-continue\r\n"
                 b"Content-Length: 7340032\r\n\r\n")
        large = review().replace(b'"image":"web"', b'"image":"' + b"a" * 1_000_000 + b'"')
        with contextlib.ExitStack() as claims, self.server.connect() as connection:
            for _ in range(20):
                claiming = claims.enter_context(self.server.connect())
                claiming.sendall(claim)
                self.assertEqual(Answers(claiming).next()[0], 100)
            connection.sendall(post("/mutate", large))
            self.assertTrue(json.loads(Answers(connection).next()[2])["response"]["allowed"])

    def test_many_large_bodies_at_once_are_refused_and_small_ones_served(self):
        before, denied = self.unread("no_room"), self.denied()
        size = 7_340_032
        begun = (f"POST /validate HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode()
                 + b"a" * (size - 1))
        large = LEAD + b'"object":{"a":"' + b"a" * 6_000_000 + b'"}}}'
        with contextlib.ExitStack() as others, self.server.connect() as connection:
            for _ in range(9):
                others.enter_context(self.server.connect()).sendall(begun)
            time.sleep(1)  # what the sockets still hold is read
            self.assert_refused_unread(
                connection, "/validate", large,
                f"this request cannot be read (its {len(large)} bytes find no room beside the "
                "requests under way), and what cannot be read is refused. Try again.")
            self.assertEqual((self.unread("no_room"), self.denied()), (before + 1, denied + 1))
            # The mutating door leaves it to failurePolicy; the guard refuses what it must.
            connection.sendall(post("/mutate", large))
            status, headers, body = Answers(connection).next()
            self.assertEqual(status, 503)
            self.assertNotIn("connection", headers)
            self.assertRegex(body.decode(), r"^This request cannot be read: its \d+ bytes find no "
                             r"room beside the requests under way\. Try again\.\n$")
            connection.sendall(post("/validate", review()))
            self.assertEqual(Answers(connection).next()[0], 200)
            self.assertEqual(self.unread("no_room"), before + 1)

    def test_framing_faults_end_the_connection(self):
        head = "POST /mutate HTTP/1.1\r\nHost: a\r\n"
        rows = (
            (head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", 400),
            (head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
            (head + "Content-Length: -1\r\n\r\n", 400),
            (head + "Content-Length: 0x10\r\n\r\n", 400),
            (head + "Transfer-Encoding: gzip\r\n\r\n", 411),
            (head + "Content-Length : 1\r\n\r\nx", 400),
            ("GET\r\n\r\n", 400),
            ("\x00\x01\x02\r\n\r\n", 400),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        )
        for text, expected in rows:
            with self.subTest(text[:60]), self.server.connect() as connection:
                connection.sendall(text.encode())
                answers = Answers(connection)
                status, headers, body = answers.next()
                self.assertEqual(status, expected)
                self.assertEqual(headers["connection"], "close")
                self.assertTrue(body.endswith(b"\n"))
                self.assertIsNone(answers.next())
        self.assert_alive()


class HeavySenders(ServerCase):
    """Small reviews beside 7 MiB of the most costly JSON: most of them were refused."""

    options = ("--threads", "4")
    PEERS = 2
    SECONDS = 5

    def test_small_reviews_are_judged_beside_them(self):
        heavy = review().replace(b'"image":"web"', b'"image":"web","args":['
                                 + b"0," * 3_600_000 + b"0]")
        end = time.monotonic() + self.SECONDS
        sent, wrong = [], []

        def send_heavy():
            with self.server.connect() as connection:
                answers = Answers(connection)
                while time.monotonic() < end:
                    connection.sendall(post("/validate", heavy))
                    sent.append(answers.next()[0])

        threads = [threading.Thread(target=send_heavy) for _ in range(self.PEERS)]
        for thread in threads:
            thread.start()
        small = 0
        with self.server.connect() as connection:
            answers = Answers(connection)
            while time.monotonic() < end:
                connection.sendall(post("/mutate", review()))
                status, _, body = answers.next()
                small += 1
                if status != 200 or b'"allowed":true' not in body:
                    wrong.append(body)
                time.sleep(0.005)
        for thread in threads:
            thread.join(timeout=60)
        self.assertGreater(len(sent), self.PEERS)
        self.assertGreater(small, 20)
        self.assertEqual(wrong, [])


class Connections(ServerCase):
    def test_one_connection_carries_many_reviews(self):
        before = self.server.metric('confidential_pods_connections_total{outcome="accepted"}')
        with self.server.connect() as connection:
            answers = Answers(connection)
            for i in range(200):
                connection.sendall(post("/mutate", review(f"u-{i}")))
                status, headers, body = answers.next()
                self.assertEqual(status, 200)
                self.assertNotIn("connection", headers)
                self.assertEqual(json.loads(body)["response"]["uid"], f"u-{i}")
        after = self.server.metric('confidential_pods_connections_total{outcome="accepted"}')
        # One for the reviews; the first metric's own connection ends before the second's begins.
        self.assertEqual(after - before, 2)

    def test_pipelined_reviews_are_answered_in_their_order(self):
        with self.server.connect() as connection:
            connection.sendall(b"".join(post("/mutate", review(f"u-{i}")) for i in range(50)))
            answers = Answers(connection)
            uids = [json.loads(answers.next()[2])["response"]["uid"] for _ in range(50)]
        self.assertEqual(uids, [f"u-{i}" for i in range(50)])

    def test_a_request_may_come_byte_by_byte(self):
        with self.server.connect() as connection:
            for byte in post("/mutate", review("slow")):
                connection.sendall(bytes([byte]))
            self.assertEqual(json.loads(Answers(connection).next()[2])["response"]["uid"], "slow")


if __name__ == "__main__":
    unittest.main()
