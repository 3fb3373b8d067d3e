"""The server in operation: policies edited on disk, certificates replaced, the server gone."""

import json

from harness.processes import wait_until

import pods
from support import STEP, ClusterCase

EXTRA_POLICY = """\
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: edited}
spec:
  action: Enforce
  pool: confidentialpool
  namespaces: ["edited"]
  secrets: {names: ["%s"], onUse: Deny}
"""


def pod_with_secret(namespace: str, secret: str) -> dict:
    return pods.pod(namespace, imagePullSecrets=[{"name": secret}])


class PoliciesOnDisk(ClusterCase):

    def setUp(self):
        super().setUp()
        self.path = self.webhook.policies / "edited.yaml"
        self.addCleanup(self.path.unlink, missing_ok=True)

    def write(self, text: str) -> None:
        """Puts the file there whole, as an editor or a ConfigMap volume does."""
        fresh = self.webhook.folder / "edited.new"
        fresh.write_text(text)
        fresh.replace(self.path)

    def is_refused(self, namespace: str, secret: str) -> bool:
        """Whether a dry run of a Pod that names the Secret is refused now."""
        answer = self.kubectl.run("create", "-f", "-", "--dry-run=server",
                                  objects=pod_with_secret(namespace, secret))
        if answer.code == 0:
            return False
        self.assertIn('(policy "edited")', answer.err)
        return True

    def reload_failures(self) -> float:
        return self.webhook.metrics()["confidential_pods_policy_reload_failures_total"]

    def test_an_edited_policy_takes_effect_and_a_broken_edit_keeps_the_last_good_one(self):
        namespace = self.namespace("edited")
        self.assertFalse(self.is_refused(namespace, "alpha"))

        self.write(EXTRA_POLICY % "alpha")
        wait_until("the new policy", lambda: self.is_refused(namespace, "alpha"), 20, every=0.2)
        self.write(EXTRA_POLICY % "beta")
        wait_until("the edited policy", lambda: self.is_refused(namespace, "beta"), 20, every=0.2)
        self.assertFalse(self.is_refused(namespace, "alpha"))

        failures = self.reload_failures()
        self.write(EXTRA_POLICY.replace("onUse", "onUsed") % "gamma")
        wait_until("the broken edit is counted", lambda: self.reload_failures() > failures, 20,
                   every=0.2)
        self.assertIn("edited.yaml:8:", self.webhook.process.log_tail(40))
        self.assertTrue(self.is_refused(namespace, "beta"), "the last good policy is in force")
        self.assertFalse(self.is_refused(namespace, "gamma"))
        self.assertTrue(self.webhook.ready(), "a bad edit must not make the server unready")

        self.write(EXTRA_POLICY % "gamma")
        wait_until("the repaired policy", lambda: self.is_refused(namespace, "gamma"), 20,
                   every=0.2)

    def test_a_broken_policy_is_refused_when_it_is_applied(self):
        answer = self.kubectl.run(
            "patch", "configmap", "confidential-pods-policies", "-n", "confidential-pods",
            "--dry-run=server", "-p", json.dumps({"data": {"more.yaml": "kind: [1\n"}}))
        self.assertEqual(answer.code, 1, answer)
        self.assertIn("denied the request: confidential-pods/confidential-pods-policies: these "
                      "policies would not be taken into force: more.yaml:2:1: ", answer.err)


class ServerDown(ClusterCase):

    def stop_server(self):
        self.addCleanup(self.start_again)
        self.assertEqual(self.webhook.stop(), 0, "the server did not end well on SIGTERM")

    def start_again(self):
        if not self.webhook.ready():
            self.installation.start_webhook()
            self.installation.wait_effective()

    def test_pods_are_refused_where_opted_in_and_everything_else_goes_on(self):
        opted_in = self.namespace("down-opted-in", opted_in=True)
        ordinary = self.namespace("down-ordinary")
        self.kubectl.create(pods.pod(opted_in, "before"))
        self.kubectl.wait_running(opted_in, "before")
        self.stop_server()

        answer = self.kubectl.run("create", "-f", "-", objects=pods.pod(opted_in))
        self.assertEqual(answer.code, 1, answer)
        self.assertIn('failed calling webhook "guard.confidential.pods"', answer.err)
        self.assert_absent("pod", opted_in, "web")

        self.kubectl.create(pods.pod(ordinary))
        self.kubectl.wait_running(ordinary, "web")
        self.kubectl.apply(pods.deployment(ordinary, "rolled"))
        self.kubectl.wait_rollout(ordinary, "deployment/rolled")
        self.kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": "settings", "namespace": opted_in}})

        # What runs already is not held up: annotations, finalizers and deletion need no answer.
        self.kubectl("annotate", "pod", "before", "-n", opted_in, "note=kept")
        self.kubectl("delete", "pod", "before", "-n", opted_in, "--timeout=20s")

    def test_a_deployment_made_while_the_server_is_down_runs_when_it_is_back(self):
        namespace = self.namespace("down-deployment", opted_in=True)
        self.stop_server()
        self.kubectl.apply(pods.deployment(namespace, "waiting"))
        event = wait_until("a FailedCreate event", lambda: self.kubectl.events(
            namespace, "FailedCreate"), 20, every=0.2)[0]
        self.assertIn("failed calling webhook", event["message"])
        self.start_again()
        # The controller tries again after a growing pause; it takes up a new template at once.
        self.kubectl("rollout", "restart", "deployment/waiting", "-n", namespace)
        self.kubectl.wait_rollout(namespace, "deployment/waiting")
        for pod in self.kubectl.items("pods", namespace, "app=waiting"):
            self.assertEqual(pod["spec"]["initContainers"][0]["name"], STEP)


class Certificates(ClusterCase):

    def test_replaced_files_are_taken_up_without_a_restart(self):
        # A new authority: the API server trusts no answer any more from a server with the old leaf.
        self.addCleanup(self.restore)
        namespace = self.namespace("rotated", opted_in=True)
        pid = self.webhook.process.pid
        old = self.webhook.ca_file.read_bytes()
        self.webhook.replace_certificates("127.0.0.1")
        self.assertNotEqual(self.webhook.ca_file.read_bytes(), old, "certs init made no new CA")
        self.installation.apply_webhook_configurations()
        self.installation.wait_effective()
        self.kubectl.create(pods.pod(namespace))
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))
        self.assertTrue(self.webhook.process.running())
        self.assertEqual(self.webhook.process.pid, pid)

    def test_managed_certificates_are_kept_in_the_secret_and_written_into_the_configurations(self):
        self.addCleanup(self.restore)
        self.webhook.stop()
        self.installation.start_managed_webhook()
        namespace = self.namespace("managed", opted_in=True)
        self.installation.wait_effective()
        stored = self.kubectl.get("secret", "confidential-pods-tls", "confidential-pods")
        self.assertIn("tls.crt", stored["data"])
        self.assertIn("tls.key", stored["data"])
        bundles = self.ca_bundles()
        self.assertEqual(len(set(bundles)), 1, "the webhooks trust different authorities")
        self.assertIn(bundles[0], stored["data"].values(),
                      "caBundle is not the authority of the Secret")
        self.kubectl.create(pods.pod(namespace))
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))

        # A second replica takes what is there instead of making another authority.
        self.webhook.stop()
        self.installation.start_managed_webhook()
        self.installation.wait_effective()
        again = self.kubectl.get("secret", "confidential-pods-tls", "confidential-pods")
        self.assertEqual(again["data"], stored["data"])
        self.assertEqual(self.ca_bundles(), bundles)

    def ca_bundles(self) -> list[str]:
        return [webhook["clientConfig"]["caBundle"]
                for kind, name in (("mutatingwebhookconfiguration", "place.confidential.pods"),
                                   ("validatingwebhookconfiguration", "guard.confidential.pods"))
                for webhook in self.kubectl.get(kind, name)["webhooks"]]

    def restore(self):
        """Back to the certificate files that the other cases use."""
        self.webhook.stop()
        self.installation.apply_webhook_configurations()
        self.installation.start_webhook()
        self.installation.wait_effective()
