"""A metadata service that gives out certificates as Azure's does."""

import http.server
import json
import threading


class Imds:
    """`answers`: a list of (status, body); the last is given for ever."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append((self.path, self.headers.get("Metadata")))
                status, body = (outer.answers.pop(0) if len(outer.answers) > 1
                                else outer.answers[0])
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def thim(vcek, chain):
    """What it answers, from two PEM texts."""
    return 200, json.dumps({"vcekCert": vcek, "tcbm": "D516000000000004",
                            "certificateChain": chain, "cacheControl": "86400"}).encode()
