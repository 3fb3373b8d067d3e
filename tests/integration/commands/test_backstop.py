"""The backstop is printed whole or not at all: half of it, applied, would look like all of it."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from tls.serving import PROGRAM, need_program

POOL = """\
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec: {nodes: {matchLabels: {node-restriction.kubernetes.io/snp: "true"}}}
"""
POLICY = """\
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: %s}
spec: {pool: snp, namespaces: [%s], secrets: {names: %s}}
"""


class Backstop(unittest.TestCase):
    def setUp(self):
        need_program()
        self.folder = tempfile.mkdtemp(prefix="confidential-pods-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def printed(self, *policies):
        with open(os.path.join(self.folder, "set.yaml"), "w") as file:
            file.write(POOL + "".join(POLICY % each for each in policies))
        done = subprocess.run([PROGRAM, "backstop", "--policies", ".", "-o", "json"],
                              cwd=self.folder, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout, done.stderr

    def test_a_thousand_patterns_are_printed(self):
        code, out, err = self.printed(("many", "x", [f"db-{i}-*" for i in range(1000)]))
        self.assertEqual((code, err), (0, ""))
        longest = max(len(each["expression"]) for line in out.splitlines()
                      for each in json.loads(line)["spec"].get("variables", []))
        self.assertLess(longest, 20_000)

    def test_one_policy_that_is_too_long_leaves_nothing_printed(self):
        code, out, err = self.printed(("short", "x", ["db"]),
                                      ("long", "y", [f"secret-{i:013}" for i in range(5000)]))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("set.yaml:11:1: variable secrets of long.pods.backstop.confidential.pods would "
                      "have 120000 characters, and the API server takes 100000\n", err)


if __name__ == "__main__":
    unittest.main()
