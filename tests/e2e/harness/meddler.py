"""Another team's mutating webhook, whose patches get in the way of ours."""

import base64
import http.server
import json
import ssl
import threading
from typing import Callable

from .control_plane import ControlPlane

# From a Pod to the JSON Patch operations that this webhook answers with.
Meddling = Callable[[dict], list[dict]]


class Meddler:
    """A mutating webhook in a thread of this process, for the Pods of one namespace.

    Its configuration's name decides whether the API server calls it before or after ours;
    `again` is its reinvocationPolicy.
    """

    def __init__(self, control_plane: ControlPlane, name: str, namespace: str, meddle: Meddling,
                 again: str = "Never"):
        certificate, key = control_plane.authority.issue(name, f"/CN={name}", "IP:127.0.0.1")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._answer))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._meddle = meddle
        self.calls = 0
        self._kubectl = control_plane.kubectl
        self._name = name
        self._kubectl.create(self._configuration(namespace, again, base64.b64encode(
            control_plane.authority.certificate.read_bytes()).decode()))

    def stop(self) -> None:
        self._kubectl("delete", "mutatingwebhookconfiguration", self._name)
        self._server.shutdown()
        self._server.server_close()

    def _configuration(self, namespace: str, again: str, ca_bundle: str) -> dict:
        return {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": self._name},
            "webhooks": [{
                "name": f"{self._name}.example.com", "admissionReviewVersions": ["v1"],
                "sideEffects": "None", "failurePolicy": "Fail", "reinvocationPolicy": again,
                "clientConfig": {"caBundle": ca_bundle,
                                 "url": f"https://127.0.0.1:{self._server.server_port}/"},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
                           "operations": ["CREATE"]}]}]}


    def _answer(self, request: dict) -> dict:
        self.calls += 1
        patch = json.dumps(self._meddle(request["object"])).encode()
        return {"uid": request["uid"], "allowed": True, "patchType": "JSONPatch",
                "patch": base64.b64encode(patch).decode()}


def _handler(answer_to: Callable[[dict], dict]) -> type:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
            answer = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                                 "response": answer_to(request)}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Says nothing: the cases assert on what the API server stored."""

    return Handler
