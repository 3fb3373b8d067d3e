"""An HTTPS server with a certificate of an authority that the tests own, that answers as it is told,
well or badly."""

import atexit
import functools
import http.server
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field


@functools.cache
def authority():
    """Folder with ca.pem, and server.pem and server.key of localhost; and stranger.pem, of nobody's
    authority."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="confidential-pods-tls."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    def openssl(*command):
        subprocess.run(["openssl", *command], cwd=folder, check=True, timeout=60,
                       capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=An authority of tests")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "server.ext").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-set_serial", "1", "-days", "2", "-extfile", "server.ext", "-out", "server.pem")
    openssl("req", "-x509", *key, "-keyout", "stranger.key", "-out", "stranger.pem", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    return folder


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    missing: int = 0  # so many bytes more than there are in Content-Length
    hangs: bool = False


class HttpsService:
    """`answer(method, path, headers, body)`: an Answer. `requests`: (method, path) of each."""

    def __init__(self, answer, certificate="server"):
        self.answer = answer
        self.requests = []
        self.stopped = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                outer.requests.append((self.command, self.path))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    given = outer.answer(self.command, self.path, self.headers, body)
                except Exception as error:  # a test's own mistake, told at once
                    given = Answer(418, json.dumps({"detail": repr(error)}).encode())
                if given.hangs:
                    outer.stopped.wait(60)
                    return
                self.send_response(given.status)
                self.send_header("Content-Length", str(len(given.body) + given.missing))
                self.send_header("Connection", "close")
                for name, value in given.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(given.body)
                self.close_connection = True

            do_GET = do_POST = handle_one

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # clients that go away are part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"https://localhost:{self.port}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority() / f"{certificate}.pem",
                                authority() / f"{certificate}.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
