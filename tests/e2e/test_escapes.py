"""Ways round the scheduler, out of a policy, and into a Pod that exists already, each tried with the
rights of an administrator: no RBAC stands in the way, only the webhook does.
"""

import json

import pods
from harness.control_plane import CONFIDENTIAL_NODE, STANDARD_NODE
from harness.processes import wait_until
from support import ClusterCase

ON_THE_POOL = {"agentpool": "confidentialpool",
               "kubernetes.azure.com/security-type": "ConfidentialVM"}


class Escapes(ClusterCase):

    def denied(self, answer) -> str:
        """What the webhook said against it."""
        self.assertEqual(answer.code, 1, f"expected a refusal, got:\n{answer}")
        _, denied, message = answer.err.partition("denied the request: ")
        self.assertTrue(denied, f"expected a refusal by a webhook, got:\n{answer}")
        return message.strip()

    def patch(self, namespace: str, change: dict, *words):
        return self.kubectl.run("patch", "pod", "web", "-n", namespace, "-p", json.dumps(change),
                                *words)

    def bind(self, namespace: str, path: str):
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "web"},
                   "target": {"apiVersion": "v1", "kind": "Node", "name": STANDARD_NODE}}
        return self.kubectl.run("create", "--raw", f"/api/v1/namespaces/{namespace}/{path}",
                                "-f", "-", objects=binding)

    def test_only_the_scheduler_binds_pods(self):
        for name, opted_in in (("bound", True), ("pay-bound", False)):
            namespace = self.namespace(name, opted_in)
            self.kubectl.create(pods.pod(namespace, schedulerName="nobody"))
            for path in ("pods/web/binding", "bindings"):
                self.assertIn(f'{namespace}/web: "admin" binds this Pod to a node, and only trusted '
                              "schedulers may do so here", self.denied(self.bind(namespace, path)))
            stored = self.kubectl.get("pod", "web", namespace)
            self.assertNotIn("nodeName", stored["spec"])

    def test_a_pod_bound_by_its_author_is_not_given_a_guarded_secret_later(self):
        namespace = self.namespace("pay-late")
        self.kubectl.create(pods.pod(namespace, nodeName=STANDARD_NODE, nodeSelector=ON_THE_POOL))
        message = self.denied(self.patch(namespace, {"spec": {"ephemeralContainers": [
            {"name": "debugger", "image": pods.IMAGE,
             "envFrom": [{"secretRef": {"name": "db-password"}}]}]}},
            "--subresource", "ephemeralcontainers"))
        self.assertIn(f'but this Pod is bound to node "{STANDARD_NODE}" already, and nothing proves '
                      "that the scheduler did it", message)

    def test_a_pod_does_not_leave_a_policy_by_its_labels(self):
        namespace = self.namespace("tier-labels")
        pod = pods.pod(namespace)
        pod["metadata"]["labels"] = {"tier": "db"}
        self.kubectl.create(pod)
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))
        without = {"metadata": {"labels": {"tier": None}}}
        for words in ((), ("--subresource", "status")):
            self.assertIn('policy "tiers" keeps this Pod on pool "confidentialpool" by labels that '
                          "this update takes away", self.denied(
                              self.patch(namespace, without, *words)))
        self.assertEqual(self.patch(namespace, {"metadata": {"labels": {"a": "b"}}}).code, 0)

    def test_the_pods_of_a_daemon_set_run_on_the_pool_and_none_is_left_pending(self):
        namespace = self.namespace("daemons", opted_in=True)
        workload = pods.deployment(namespace, "agent") | {"kind": "DaemonSet"}
        del workload["spec"]["replicas"]
        self.kubectl.create(workload)
        wait_until("the DaemonSet's Pod", lambda: [
            pod["spec"].get("nodeName") for pod in self.kubectl.items("pods", namespace)
        ] == [CONFIDENTIAL_NODE], 20)
        self.kubectl.wait_rollout(namespace, "daemonset/agent")
        (pod,) = self.kubectl.items("pods", namespace)
        self.assert_confidential(pod)
        status = self.kubectl.get("daemonset", "agent", namespace)["status"]
        self.assertEqual(status["desiredNumberScheduled"], 1)
        for words in ((), ("--server-side", "--force-conflicts")):
            self.kubectl("apply", *words, "-f", "-", objects=workload)
        self.kubectl("label", "daemonset", "agent", "-n", namespace, "a=b")
        stored = self.kubectl.get("daemonset", "agent", namespace)
        self.assertEqual(stored["metadata"]["generation"], 1)

    def test_a_namespace_whose_pod_security_forbids_the_step_is_told_the_remedy(self):
        namespace = self.namespace("restricted", opted_in=True)
        self.kubectl("label", "namespace", namespace,
                     "pod-security.kubernetes.io/enforce=baseline")
        wait_until("the webhook to see the label", lambda: "enforces Pod Security" in
                   self.kubectl.run("create", "--dry-run=server", "-f", "-",
                                    objects=pods.pod(namespace)).err, 10, every=0.2)
        self.assertIn('this namespace enforces Pod Security "baseline". Name the pool\'s device by '
                      "resource, or label the namespace pod-security.kubernetes.io/enforce="
                      "privileged.", self.refused(pods.pod(namespace)))

    def test_a_kubelet_does_not_label_its_node_into_the_pool(self):
        path = self.installation.control_plane.kubeconfig(
            "kubelet", f"/O=system:nodes/CN=system:node:{STANDARD_NODE}")
        label = ("label", "node", STANDARD_NODE, "--kubeconfig", str(path), "--overwrite")
        self.assertIn(f'node {STANDARD_NODE}: "system:node:{STANDARD_NODE}" changes the label '
                      "agentpool", self.denied(self.kubectl.run(*label, "agentpool=confidentialpool")))
        self.assertEqual(self.kubectl.run(*label, "example.com/mine=1").code, 0)
        self.assertIn("changes the label agentpool", self.denied(
            self.kubectl.run(*label, "agentpool-")))

    def test_a_broken_policy_is_refused_when_it_is_applied(self):
        answer = self.kubectl.run(
            "patch", "configmap", "confidential-pods-policies", "-n", "confidential-pods",
            "--dry-run=server", "-p", json.dumps({"data": {"more.yaml": "kind: [1\n"}}))
        self.assertIn("confidential-pods/confidential-pods-policies: these policies would not be "
                      "taken into force: more.yaml:2:1: ", self.denied(answer))
