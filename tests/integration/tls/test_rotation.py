"""Certificate files that are replaced under a running server."""

import os
import unittest

from serving import Answers, NAME, ServerCase, issue, post, review


class Rotation(ServerCase):
    def replace(self):
        for name in ("tls.crt", "tls.key"):
            os.remove(os.path.join(self.server.folder, name))
        made = issue(self.server.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertTrue(made.stdout.startswith("Used the CA "), made.stdout)

    def leaf(self):
        with self.server.connect() as connection:
            return connection.getpeercert(binary_form=True)

    def loads(self, outcome):
        return self.server.metric(
            'confidential_pods_certificate_loads_total{outcome="%s"}' % outcome)

    def ask(self, connection, uid):
        connection.sendall(post("/mutate", review(uid)))
        status, headers, body = Answers(connection).next()
        self.assertEqual(status, 200)
        self.assertNotIn("connection", headers)
        self.assertIn(uid.encode(), body)

    def test_new_connections_see_the_new_leaf_and_old_ones_live_on(self):
        old = self.leaf()
        loaded = self.loads("loaded")
        with self.server.connect() as kept:
            self.ask(kept, "before")
            self.replace()
            self.assert_comes(loaded + 1, lambda: self.loads("loaded"))
            self.assertNotEqual(self.leaf(), old)
            self.ask(kept, "after")
            self.assertEqual(kept.getpeercert(binary_form=True), old)

    def test_a_bad_pair_is_counted_and_the_old_one_stays(self):
        old = self.leaf()
        refused = self.loads("refused")
        path = os.path.join(self.server.folder, "tls.crt")
        with open(path) as file:
            good = file.read()
        with open(path, "w") as file:
            file.write("not a certificate\n")
        self.assert_comes(refused + 1, lambda: self.loads("refused"))
        self.assertEqual(self.leaf(), old)
        self.assert_alive()
        with open(path, "w") as file:
            file.write(good)
        self.assertEqual(self.leaf(), old)

    def test_a_leaf_for_another_name_is_not_taken_for_ours_by_a_client(self):
        context = self.server.context()
        with self.assertRaises(OSError):
            context.wrap_socket(self.server.tcp(), server_hostname="elsewhere.svc")
        with context.wrap_socket(self.server.tcp(), server_hostname=NAME):
            pass


if __name__ == "__main__":
    unittest.main()
