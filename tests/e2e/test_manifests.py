"""The shipped manifests: rendered by kustomize and accepted by the API server as they stand."""

import yaml

from harness import manifests
from harness.installation import FIELD_MANAGER

from support import ClusterCase

ADDRESSES = manifests.WEBHOOK_CONFIGURATIONS


class ShippedManifests(ClusterCase):

    def assert_applies(self, folder: str) -> list[dict]:
        """Server-side apply: a dry run of the folder as it stands, then for real.

        For real, the webhooks' address is replaced, because no Service leads to Pods here.
        """
        objects = manifests.render(self.kubectl, manifests.MANIFESTS / folder)
        as_shipped = self.kubectl.apply(objects, "--server-side", FIELD_MANAGER,
                                        "--dry-run=server", "--validate=strict")
        self.assertEqual(as_shipped.out.count("serverside-applied (server dry run)"), len(objects))
        applied = self.kubectl.apply(self.reachable(objects), "--server-side", FIELD_MANAGER,
                                     "--force-conflicts", "--validate=strict")
        self.assertEqual(applied.out.count("serverside-applied"), len(objects))
        self.assertEqual(applied.err, "")
        return objects

    def reachable(self, objects: list[dict]) -> list[dict]:
        return manifests.reach_by_url(objects, self.webhook.address, self.webhook.ca_file)

    def test_the_base_applies(self):
        # Afterwards the overlay that the other cases use is put back.
        self.addCleanup(self.installation.apply_webhook_configurations)
        objects = self.assert_applies("base")
        self.kubectl.wait_rollout("confidential-pods", "deployment/confidential-pods")
        self.assertEqual(len(manifests.of_kind(objects, *ADDRESSES)), 2)

    def test_the_overlay_for_aks_applies_and_keeps_the_admissions_enforcer_off(self):
        objects = self.assert_applies("overlays/aks")
        self.kubectl.wait_rollout("confidential-pods", "deployment/confidential-pods")
        for item in manifests.of_kind(objects, *ADDRESSES):
            stored = self.kubectl.get(item["kind"], item["metadata"]["name"])
            self.assertEqual(stored["metadata"]["labels"]["admissions.enforcer/disabled"], "true")

    def test_the_examples_apply_and_the_deployment_ends_on_the_pool(self):
        objects = self.assert_applies("examples")
        (deployment,) = manifests.of_kind(objects, "Deployment")
        namespace = deployment["metadata"]["namespace"]
        self.kubectl.wait_rollout(namespace, f"deployment/{deployment['metadata']['name']}")
        stored = self.kubectl.items("pods", namespace)
        self.assertEqual(len(stored), deployment["spec"]["replicas"])
        for pod in stored:
            self.assert_confidential(pod)

    def test_the_example_of_a_refused_pod_is_refused(self):
        self.kubectl("apply", "-k", str(manifests.MANIFESTS / "examples"), "--server-side",
                     FIELD_MANAGER)
        pod = yaml.safe_load((manifests.MANIFESTS / "examples" / "refused-pod.yaml").read_text())
        message = self.refused(pod)
        self.assertTrue(message.startswith(
            f'ordinary-example/{pod["metadata"]["name"]}: Secret "confidential-database" '
            '(spec.containers[0].env[0]) '), message)
        self.assert_absent("pod", "ordinary-example", pod["metadata"]["name"])
