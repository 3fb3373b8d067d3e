"""The shipped webhook configurations beside those that the program prints: they differ in scope only,
because the shipped ones are written for policies that are not known yet."""

import json
import os
import subprocess
import tempfile
import unittest

import yaml

from tls.serving import PROGRAM, ROOT, need_program

# Every namespace that has opted in, by a policy that does everything a policy can.
POLICIES = """
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: pool}
spec: {nodes: {matchLabels: {agentpool: confidentialpool}}}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: opt-in}
spec:
  pool: pool
  namespaceSelector: {matchLabels: {confidential.pods/enabled: "true"}}
  podSelector: {}
"""
# Those of the shipped entries that are about every namespace, or the rest of them.
ELSEWHERE = {"guard-elsewhere", "bindings-elsewhere"}
WIDER = {"place", "templates"}


def subject_of(entry):
    """guard of opt-in-1c9f03ab.guard.confidential.pods, as of guard.confidential.pods."""
    return entry["name"].removesuffix(".confidential.pods").rsplit(".", 1)[-1]


def plain(entry):
    """The entry with the API server's defaults, its expressions on one line, and without its name."""
    entry = {"namespaceSelector": {}, "objectSelector": {}} | entry
    del entry["name"]
    entry["matchConditions"] = [
        {"name": each["name"], "expression": " ".join(each["expression"].split())}
        for each in entry.get("matchConditions", [])]
    return entry


class Webhooks(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        need_program()
        with tempfile.TemporaryDirectory(prefix="confidential-pods-") as folder:
            with open(os.path.join(folder, "policies.yaml"), "w") as file:
                file.write(POLICIES)
            done = subprocess.run([PROGRAM, "webhooks", "--policies", folder, "-o", "json"],
                                  capture_output=True, text=True, timeout=30, check=True)
        self.printed = [json.loads(line) for line in done.stdout.splitlines()]

    def shipped(self):
        for name in ("place.yaml", "guard.yaml"):
            with open(os.path.join(ROOT, "manifests/base", name)) as file:
                yield yaml.safe_load(file)

    def test_both_have_the_same_entries_in_the_same_order(self):
        for printed, shipped in zip(self.printed, self.shipped(), strict=True):
            self.assertEqual(printed["metadata"]["name"], shipped["metadata"]["name"])
            entries = [each for each in shipped["webhooks"] if subject_of(each) not in ELSEWHERE]
            names = [subject_of(each) for each in printed["webhooks"]]
            self.assertEqual(sorted(names), sorted(map(subject_of, entries)))
            for entry in entries:
                subject = subject_of(entry)
                (same,) = [each for each in printed["webhooks"] if subject_of(each) == subject]
                one, other = plain(same), plain(entry)
                if subject in WIDER:
                    del one["namespaceSelector"], other["namespaceSelector"]
                with self.subTest(subject):
                    self.assertEqual(one, other)


if __name__ == "__main__":
    unittest.main()
