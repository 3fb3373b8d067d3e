"""What every case stands on: the one installation of the run, namespaces, and shared assertions."""

import atexit
import os
import pathlib
import shutil
import tempfile
import unittest

from harness.control_plane import CONFIDENTIAL_NODE
from harness.installation import OPT_IN_LABEL, Installation
from harness.manifests import MANIFESTS
from harness.processes import wait_until

import arrangements
import pods
from escape import wait_for_service_account

STEP = "confidential-pods-attest"
HERE = pathlib.Path(__file__).resolve().parent
OVERLAY = MANIFESTS / "overlays" / "aks"

_installation: Installation | None = None
_arrangement = arrangements.SHIPPED


def installation() -> Installation:
    """The installation that all the cases share, started when the first one asks."""
    global _installation
    if _installation is None:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="confidential-pods-e2e."))
        started = Installation(folder, OVERLAY)
        atexit.register(_end, started, folder)
        started.control_plane.start()
        started.install(HERE / "policies" / "e2e.yaml")
        _installation = started
    return _installation


def _end(started: Installation, folder: pathlib.Path) -> None:
    started.stop()
    if "CONFIDENTIAL_PODS_E2E_KEEP" in os.environ:
        print(f"logs kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)


def arrange(wanted: arrangements.Shipped) -> None:
    """Has the installation stand as the case wants it."""
    global _arrangement
    if _arrangement is not wanted:
        _arrangement.leave(installation())
        _arrangement = arrangements.SHIPPED
        wanted.enter(installation())
        _arrangement = wanted


class ClusterCase(unittest.TestCase):
    """One case against the real control plane, in namespaces of its own."""

    maxDiff = None
    arrangement = arrangements.SHIPPED

    def setUp(self):
        self.installation = installation()
        arrange(self.arrangement)
        self.kubectl = self.installation.kubectl
        self.webhook = self.installation.webhook

    def namespace(self, name: str, opted_in: bool = False) -> str:
        """Creates a namespace, waits for its default service account, and returns its name."""
        labels = {OPT_IN_LABEL: "true"} if opted_in else {}
        self.kubectl.create({"apiVersion": "v1", "kind": "Namespace",
                             "metadata": {"name": name, "labels": labels}})
        wait_for_service_account(self.kubectl, name)
        return name

    def assert_confidential(self, stored: dict) -> None:
        """The stored Pod is Running on the confidential node, with the step and the affinity."""
        self.assertEqual(stored["status"]["phase"], "Running")
        self.assertEqual(stored["spec"]["nodeName"], CONFIDENTIAL_NODE)
        self.assert_placed(stored)
        step = stored["spec"]["initContainers"][0]
        self.assertEqual(step["name"], STEP)
        self.assertIn("requests", step["resources"])
        self.assertIn("limits", step["resources"])

    def assert_placed(self, stored: dict) -> None:
        """Every required term of the stored Pod demands both labels of the pool."""
        self.assertTrue(pods.bound_to_pool(stored),
                        f"not bound to the pool: {pods.terms_of(stored)}")

    def refused(self, objects, *words) -> str:
        """Creates the objects, which the guard must refuse; returns what it said to kubectl."""
        answer = self.kubectl.run("create", "-f", "-", *words, objects=objects)
        self.assertEqual(answer.code, 1, f"expected a refusal, got:\n{answer}")
        before, denied, message = answer.err.partition("denied the request: ")
        self.assertTrue(denied, f"expected a refusal by a webhook, got:\n{answer}")
        self.assertIn("Error from server (Forbidden): error when creating", before)
        return message.strip()

    def assert_absent(self, kind: str, namespace: str, name: str) -> None:
        answer = self.kubectl.run("get", kind, name, "-n", namespace)
        self.assertIn("(NotFound)", answer.err, f"{kind} {namespace}/{name} exists")
