"""`confidential-pods serve` as a test sees it: started on loopback with its own CA, asked by
sockets and curl, stopped by its process id. Uses nothing but what a client has."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.path.join(ROOT, os.environ.get("CONFIDENTIAL_PODS_BUILD", "build/release"))
PROGRAM = os.path.join(BUILD, "confidential-pods")
START_SECONDS = 20
NAME = "confidential-pods.confidential-pods.svc"

POLICIES = """\
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: confidentialpool}
spec:
  nodes:
    matchExpressions:
      - {key: agentpool, operator: In, values: [confidentialpool]}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: payments}
spec:
  action: Enforce
  pool: confidentialpool
  namespaces: [payments]
  podSelector: {}
"""

REVIEW = (
    '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"%s",'
    '"kind":{"group":"","version":"v1","kind":"Pod"},'
    '"resource":{"group":"","version":"v1","resource":"pods"},'
    '"name":"web","namespace":"%s","operation":"CREATE","userInfo":{"username":"test"},'
    '"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"%s"},'
    '"spec":{"containers":[{"name":"web","image":"web"}]}},"oldObject":null,"dryRun":false}}'
)


def review(uid="u-1", namespace="payments"):
    """An AdmissionReview (bytes) that asks to create a bare Pod."""
    return (REVIEW % (uid, namespace, namespace)).encode()


def post(path, body, headers=""):
    """A POST as raw bytes."""
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def need_program():
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(f"{PROGRAM} is not built")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def issue(folder, *names):
    """ca.crt, ca.key, tls.crt and tls.key in `folder`; a CA that is there is kept."""
    arguments = [PROGRAM, "certs", "init", "--dir", folder]
    for name in names or (NAME, "localhost", "127.0.0.1"):
        arguments += ["--name", name]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


class Server:
    def __init__(self, *options):
        need_program()
        self.folder = tempfile.mkdtemp(prefix="confidential-pods-")
        made = issue(self.folder)
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        self.policies = os.path.join(self.folder, "policies")
        os.mkdir(self.policies)
        with open(os.path.join(self.policies, "policies.yaml"), "w") as file:
            file.write(POLICIES)
        self.ca = os.path.join(self.folder, "ca.crt")
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--policies", self.policies,
                 "--listen", f"127.0.0.1:{self.port}",
                 "--metrics-listen", f"127.0.0.1:{self.plain_port}",
                 "--tls-cert", os.path.join(self.folder, "tls.crt"),
                 "--tls-key", os.path.join(self.folder, "tls.key"), *options],
                stderr=log, stdout=log)
        self._await_start()

    def _await_start(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.plain("/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        self.close()
        raise AssertionError("serve did not start:\n" + self.log_text())

    def log_text(self):
        try:
            with open(self.log) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def plain(self, path):
        """(status, text) of a GET on the plain port."""
        connection = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, line):
        """The value of one line of /metrics, named with its labels; 0 when it is not there."""
        found = re.search("^" + re.escape(line) + " ([0-9.e+]+)$", self.plain("/metrics")[1], re.M)
        return float(found.group(1)) if found else 0.0

    def context(self):
        return ssl.create_default_context(cafile=self.ca)

    def tcp(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def connect(self, context=None):
        return (context or self.context()).wrap_socket(self.tcp(), server_hostname=NAME)

    def curl(self, path, *options, data=None):
        """(exit status, HTTP status, body) of one curl."""
        run = subprocess.run(
            ["curl", "-sS", "--cacert", self.ca, "--max-time", "30", "-w", "\n%{http_code}",
             *options, self.url + path],
            input=data, capture_output=True, timeout=60)
        body, _, status = run.stdout.decode().rpartition("\n")
        return run.returncode, int(status or 0), body

    def stop(self, limit=20):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=limit)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)

    def remove(self):
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Answers:
    """Answers read one by one off a socket."""

    def __init__(self, connection):
        self.connection = connection
        self.rest = b""

    def next(self):
        """(status, headers as a dict with lower-case names, body); None at the end."""
        while b"\r\n\r\n" not in self.rest:
            if not self._receive():
                return None
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        while len(self.rest) < size:
            if not self._receive():
                return None
        body, self.rest = self.rest[:size], self.rest[size:]
        return int(lines[0].split(" ")[1]), headers, body

    def _receive(self):
        try:
            chunk = self.connection.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return False
        self.rest += chunk
        return bool(chunk)


class ServerCase(unittest.TestCase):
    """Cases that share one server."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options)
        cls.addClassCleanup(cls.server.remove)

    def tearDown(self):
        # A server that died under one case must not be taken for a fault of the next.
        self.assertIsNone(self.server.process.poll(), "serve has ended:\n" + self.server.log_text())

    def assert_alive(self):
        exit_status, status, _ = self.server.curl("/readyz")
        self.assertEqual((exit_status, status), (0, 200))

    def assert_comes(self, expected, value, seconds=10):
        """`value()` becomes `expected` within `seconds`."""
        end = time.monotonic() + seconds
        while value() != expected and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(value(), expected)
