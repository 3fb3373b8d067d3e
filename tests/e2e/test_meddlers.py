"""Other mutating webhooks that undo or displace the attestation step and the placement, or add a
reference to a guarded Secret.

The API server calls configurations in the order of their names: "aa-…" before ours, "zz-…"
after.
"""

from harness.meddler import Meddler, Meddling
from harness.processes import wait_until

import pods
from support import STEP, ClusterCase

SIDECAR = {"name": "sidecar", "image": pods.IMAGE}


def delete_init_containers(pod: dict) -> list[dict]:
    return [{"op": "remove", "path": "/spec/initContainers"}] if pod["spec"].get(
        "initContainers") else []


def delete_affinity(pod: dict) -> list[dict]:
    return [{"op": "remove", "path": "/spec/affinity"}] if "affinity" in pod["spec"] else []


def prepend_init_container(pod: dict) -> list[dict]:
    present = pod["spec"].get("initContainers", [])
    if SIDECAR["name"] in [container["name"] for container in present]:
        return []
    return [{"op": "add", "path": "/spec/initContainers", "value": [SIDECAR, *present]}]


def prepend_native_sidecar(pod: dict) -> list[dict]:
    """As service meshes do: an init container that goes on running."""
    return [patch | {"value": [value | ({"restartPolicy": "Always"} if value["name"] == SIDECAR["name"]
                                        else {}) for value in patch["value"]]}
            for patch in prepend_init_container(pod)]


def add_secret_volume(pod: dict) -> list[dict]:
    wanted = pod["metadata"].get("annotations", {}).get("example.com/mount")
    return [{"op": "add", "path": "/spec/volumes", "value": [
        {"name": "mounted", "secret": {"secretName": wanted}}]}] if wanted else []


class Meddlers(ClusterCase):

    def meddle(self, name: str, namespace: str, meddling: Meddling, opted_in: bool = True,
               **options) -> str:
        self.namespace(namespace, opted_in)
        meddler = Meddler(self.installation.control_plane, name, namespace, meddling, **options)
        self.addCleanup(meddler.stop)

        def asked():
            self.kubectl.run("create", "-f", "-", "--dry-run=server", objects=pods.pod(namespace))
            return meddler.calls
        wait_until(f"the API server asks {name}", asked, 15)
        return namespace

    def test_a_step_deleted_after_us_is_put_back(self):
        namespace = self.meddle("zz-deletes-once", "deleted-once", delete_init_containers)
        self.kubectl.create(pods.pod(namespace))
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))

    def test_a_step_deleted_again_and_again_is_a_refusal(self):
        namespace = self.meddle("zz-deletes-always", "deleted-always", delete_init_containers,
                                again="IfNeeded")
        message = self.refused(pods.pod(namespace))
        self.assertEqual(message, (
            'deleted-always/web: this Pod has no attestation step (pool "confidentialpool", policy '
            '"opt-in"). Create the Pod again while place.confidential.pods is reachable, which '
            'adds it.'))
        self.assert_absent("pod", namespace, "web")

    def test_an_affinity_deleted_again_and_again_is_a_refusal(self):
        namespace = self.meddle("zz-frees", "freed", delete_affinity, again="IfNeeded")
        message = self.refused(pods.pod(namespace))
        self.assertIn("agentpool", message)
        self.assert_absent("pod", namespace, "web")

    def test_a_secret_that_an_annotation_has_mounted_is_seen(self):
        namespace = self.meddle("zz-mounts", "pay-mounted", add_secret_volume, opted_in=False)
        pod = pods.pod(namespace)
        pod["metadata"]["annotations"] = {"example.com/mount": "db-password"}
        self.assertIn('pay-mounted/web: Secret "db-password" (spec.volumes[0]) ', self.refused(pod))
        self.assert_absent("pod", namespace, "web")

    def assert_step_comes_first(self, namespace: str):
        self.kubectl.create(pods.pod(namespace))
        stored = self.kubectl.wait_running(namespace, "web")
        self.assert_confidential(stored)
        self.assertEqual([container["name"] for container in stored["spec"]["initContainers"]],
                         [STEP, SIDECAR["name"]])

    def test_an_init_container_put_first_before_us_runs_behind_the_step(self):
        self.assert_step_comes_first(
            self.meddle("aa-prepends", "prepended-before", prepend_init_container))

    def test_an_init_container_put_first_after_us_runs_behind_the_step(self):
        self.assert_step_comes_first(
            self.meddle("zz-prepends", "prepended-after", prepend_init_container))

    def test_a_native_sidecar_of_another_injector_starts_behind_the_step(self):
        self.assert_step_comes_first(
            self.meddle("aa-sidecar", "sidecar-before", prepend_native_sidecar))
        self.assert_step_comes_first(
            self.meddle("zz-sidecar", "sidecar-after", prepend_native_sidecar))
        (_, sidecar) = self.kubectl.get("pod", "web", "sidecar-after")["spec"]["initContainers"]
        self.assertEqual(sidecar["restartPolicy"], "Always")
