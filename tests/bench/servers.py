"""The servers under test: how each is started, pinned, watched, judged and stopped.

Every server stays up for the whole run (an idle one costs nothing) on a port of its own, pinned to
the server core. A server's CPU clock is the kernel's clock of that process, all threads, in
nanoseconds; nothing is sampled.
"""

import base64
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time

import jsonpatch

import bodies

SERVER_CORE = 0
POOL = {"key": "agentpool", "operator": "In", "values": ["confidentialpool"]}
STEP = "confidential-pods-attest"
DEVICE = "/dev/tpmrm0"
MAX_LOG = 16 << 20


class WrongAnswer(Exception):
    """A server failed to start, or answered something that is not right; the text says what."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nice():
    """The prefix that keeps other work off the two cores, where this user may use it."""
    return ["nice", "-n", "-5"] if os.geteuid() == 0 else []


class Server:
    """One running server. `command` gets --listen, --tls-cert and --tls-key appended."""

    def __init__(self, name, title, command, fixed=False):
        self.name = name
        self.title = title
        self.command = list(map(str, command))
        self.fixed = fixed  # answers every request with the same bytes
        self.process = None
        self.log = None

    def start(self, certificate, key, folder):
        if not shutil.which(self.command[0]):
            raise WrongAnswer(f"{self.name}: there is no program {self.command[0]}")
        self.port = free_port()
        self.certificate = certificate
        self.log = folder / f"{self.name}.log"
        listen = ["--listen", f"127.0.0.1:{self.port}", "--tls-cert", certificate, "--tls-key", key]
        pinned = nice() + ["taskset", "-c", str(SERVER_CORE)] + self.command + listen
        # Appending, so that the log can be cut short while the server holds it open.
        self.log.write_bytes(b"")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                pinned, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.wait_until_up(20)

    def wait_until_up(self, limit):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise WrongAnswer(f"{self.name}: did not start listening; its log ends:\n{self.log_end()}")

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def url(self):
        return f"https://127.0.0.1:{self.port}/mutate"

    def cpu_ns(self):
        """CPU time of all threads so far: the kernel's clock id of a process is ~pid << 3 | 2."""
        return time.clock_gettime_ns((~self.process.pid << 3) | 2)

    def cpu_ns_when_idle(self, limit=10):
        """The CPU clock once what was begun is finished."""
        deadline = time.monotonic() + limit
        before = self.cpu_ns()
        while time.monotonic() < deadline:
            time.sleep(0.03)
            now = self.cpu_ns()
            if now - before < 300_000:
                return now
            before = now
        raise WrongAnswer(f"{self.name}: still busy {limit} s after the load ended")

    def trim_log(self):
        if self.log.stat().st_size > MAX_LOG:
            os.truncate(self.log, 0)

    def log_end(self):
        return self.log.read_text(errors="replace")[-2000:]

    def check(self, size):
        """Asks for one review and raises WrongAnswer unless the answer is right."""
        try:
            self.judge(bodies.review(size)["request"], self.ask(size))
        except (OSError, ValueError, KeyError, IndexError, TypeError,
                http.client.HTTPException, jsonpatch.JsonPatchException) as problem:
            what = f"{type(problem).__name__}: {problem}"
            raise WrongAnswer(f"{self.name}, {size}: {what}\n{self.log_end()}") from problem

    def ask(self, size):
        trust = ssl.create_default_context(cafile=self.certificate)
        client = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=trust)
        try:
            headers = {"Content-Type": "application/json"}
            client.request("POST", "/mutate", bodies.encoded(bodies.review(size)), headers)
            answer = client.getresponse()
            text = answer.read()
        finally:
            client.close()
        if answer.status != 200:
            raise ValueError(f"HTTP status {answer.status}: {text[:500]!r}")
        return json.loads(text)["response"]

    def judge(self, request, response):
        if response["allowed"] is not True:
            raise ValueError(f"refused: {response.get('status')}")
        if self.fixed:
            return
        if response["uid"] != request["uid"]:
            raise ValueError("the answer's uid is not the request's")
        before = request["object"]["spec"]
        patch = json.loads(base64.b64decode(response["patch"], validate=True))
        after = jsonpatch.apply_patch(request["object"], patch)["spec"]
        node = after["affinity"]["nodeAffinity"]
        terms = node["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        step, *others = after["initContainers"]
        kinds = {kind for volume in after["volumes"] for kind in volume if kind != "name"}
        paths = {volume.get("hostPath", {}).get("path") for volume in after["volumes"]}
        facts = {
            "every term requires the pool": all(POOL in t["matchExpressions"] for t in terms),
            "the step comes first": step["name"] == STEP,
            "the step has resources": bool(step["resources"]["limits"]),
            "the step has a securityContext": bool(step["securityContext"]),
            "the step's volumes are there": "emptyDir" in kinds and DEVICE in paths,
            "the Pod's containers are untouched": after["containers"] == before["containers"],
            "its init containers too": others == before.get("initContainers", []),
        }
        wrong = [fact for fact, holds in facts.items() if not holds]
        if wrong:
            raise ValueError(f"the patched Pod is wrong; not so: {'; '.join(wrong)}")
