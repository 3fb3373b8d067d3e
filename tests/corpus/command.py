"""The review command as the corpus drives it: objects in, one answer each out, and what counts."""

import collections
import json
import subprocess
import sys

import jsonpatch

OPT_IN = "confidential.pods/enabled=true"
SECONDS = 120


class Tally:
    """Counts cases and prints the first failures of each kind."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self.told = collections.Counter()

    def judge(self, name, broken):
        if not broken:
            self.passed += 1
            return
        self.failed += 1
        self.told[broken] += 1
        if self.told[broken] <= 5:
            print(f"FAILED {name}: {broken}")

    def skip(self, count, why):
        if count:
            self.skipped += count
            print(f"skipped {count}: {why}")


def review(program, policies, objects, output, namespaces=()):
    """The lines that the command prints for these objects, which go in as one stream."""
    labels = [f"--namespace-label={name}:{OPT_IN}" for name in sorted(namespaces)]
    text = "".join(json.dumps(each) + "\n---\n" for each in objects)
    done = subprocess.run([program, "review", "--policies", policies, "-o", output, *labels],
                          input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{program} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(objects):
        sys.exit(f"{len(objects)} objects went in, {len(lines)} answers came out")
    return lines


def same(one, other):
    """Whether two values are the same text, order of members included."""
    return json.dumps(one) == json.dumps(other)


def patched(target, operations):
    """The target after the operations, or None where they do not apply."""
    try:
        return jsonpatch.apply_patch(target, operations)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
        return None
