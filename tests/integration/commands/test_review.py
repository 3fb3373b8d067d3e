"""`confidential-pods review` on the command line: how it may be given its input."""

import os
import shutil
import subprocess
import tempfile
import unittest

from tls.serving import POLICIES, PROGRAM, need_program

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: %s}
spec: {containers: [{name: web, image: web}]}
"""


class Review(unittest.TestCase):
    def setUp(self):
        need_program()
        self.folder = tempfile.mkdtemp(prefix="confidential-pods-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name, text in (("policies/set.yaml", POLICIES), ("pods/a.yaml", POD % "payments"),
                           ("pods/b.yml", POD % "elsewhere")):
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)

    def review(self, *arguments, given=""):
        done = subprocess.run([PROGRAM, "review", "--policies", "policies", *arguments],
                              cwd=self.folder, input=given, capture_output=True, text=True,
                              timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return [line for line in done.stdout.splitlines() if not line.startswith(" ")]

    def test_files_folders_and_standard_input_with_and_without_f(self):
        placed = "placed     Pod payments/web  (policy payments)"
        both = [placed, "untouched  Pod elsewhere/web", "2 objects, 0 refused"]
        first = [placed, "1 object, 0 refused"]
        pod = POD % "payments"
        for arguments, given, expected in (
                (["pods/a.yaml"], "", first), (["-f", "pods/a.yaml"], "", first),
                (["pods/a.yaml", "pods/b.yml"], "", both), (["pods"], "", both),
                (["-f", "pods/"], "", both), (["-f", "pods/a.yaml", "-f", "pods/b.yml"], "", both),
                (["-"], pod, first), (["-f", "-"], pod, first), ([], pod, first)):
            with self.subTest(arguments):
                self.assertEqual(self.review(*arguments, given=given), expected)


if __name__ == "__main__":
    unittest.main()
