"""Where Pods land: opted-in namespaces, ordinary ones, own affinities, applying again."""

import json

from harness.control_plane import CONFIDENTIAL_NODE, STANDARD_NODE
from harness.processes import wait_until

import pods
from support import STEP, ClusterCase

TOLERATION = {"key": "team", "operator": "Equal", "value": "payments", "effect": "NoSchedule"}


class Placement(ClusterCase):

    def test_a_bare_pod_of_an_opted_in_namespace_runs_attested_on_the_confidential_node(self):
        namespace = self.namespace("bare", opted_in=True)
        answer = self.kubectl.create(pods.pod(namespace))
        self.assertEqual(answer.out, "pod/web created\n")
        self.assertEqual(answer.err, "")
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))

    def test_a_deployment_of_an_opted_in_namespace_runs_attested_on_the_confidential_node(self):
        namespace = self.namespace("rolled-out", opted_in=True)
        answer = self.kubectl.apply(pods.deployment(namespace, replicas=3))
        self.assertEqual(answer.out, "deployment.apps/web created\n")
        self.assertEqual(answer.err, "")
        self.kubectl.wait_rollout(namespace, "deployment/web")
        stored = self.kubectl.items("pods", namespace)
        self.assertEqual(len(stored), 3)
        for pod in stored:
            self.assert_confidential(pod)
        template = self.kubectl.get("deployment", "web", namespace)["spec"]["template"]["spec"]
        self.assertNotIn("initContainers", template, "the template belongs to its author")

    def test_a_namespace_without_the_label_is_untouched_byte_for_byte(self):
        # No webhook is ever asked about kube-system: the same Pod there shows what nobody changed.
        namespace = self.namespace("unlabelled")
        on_a_node = {"nodeSelector": {"agentpool": "standardpool"}}
        for where in (namespace, "kube-system"):
            self.kubectl.create(pods.pod(where, "untouched", **on_a_node))
        changed, unchanged = (self.kubectl.wait_running(where, "untouched")
                              for where in (namespace, "kube-system"))
        self.assertEqual(json.dumps(changed["spec"]), json.dumps(unchanged["spec"]))
        self.assertEqual(set(changed["metadata"]), set(unchanged["metadata"]))
        self.assertEqual(changed["spec"]["nodeName"], STANDARD_NODE)
        (created,) = [event for event in self.installation.control_plane.audit_events(namespace)
                      if event["verb"] == "create" and "subresource" not in event["objectRef"]]
        asked = [json.loads(value) for key, value in created["annotations"].items()
                 if key.startswith("mutation.webhook.admission.k8s.io/")]
        self.assertIn({"configuration": "place.confidential.pods",
                       "webhook": "place.confidential.pods", "mutated": False}, asked)

    def test_a_pod_with_two_or_terms_cannot_escape_through_either(self):
        namespace = self.namespace("two-terms", opted_in=True)
        own = [pods.expression("kubernetes.io/os", "linux")], [
            pods.expression("kubernetes.io/hostname", STANDARD_NODE, CONFIDENTIAL_NODE)]
        self.kubectl.create(pods.pod(namespace, affinity=pods.required(*own)))
        stored = self.kubectl.wait_running(namespace, "web")
        self.assert_confidential(stored)
        for term, expressions in zip(pods.terms_of(stored), own, strict=True):
            self.assertEqual(term["matchExpressions"],
                             [*expressions, pods.AGENTPOOL, pods.SECURITY_TYPE])

    def test_a_term_that_can_only_match_ordinary_nodes_never_gets_a_pod_there(self):
        namespace = self.namespace("one-dead-term", opted_in=True)
        own = [pods.expression("kubernetes.io/hostname", STANDARD_NODE)], [
            pods.expression("kubernetes.io/os", "linux")]
        self.kubectl.create(pods.pod(namespace, affinity=pods.required(*own)))
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))

    def test_a_generated_name_is_placed_too(self):
        namespace = self.namespace("generated", opted_in=True)
        pod = pods.pod(namespace)
        del pod["metadata"]["name"]
        pod["metadata"]["generateName"] = "job-"
        created = json.loads(self.kubectl.create(pod, "-o", "json").out)
        self.assert_confidential(
            self.kubectl.wait_running(namespace, created["metadata"]["name"]))

    def test_stateful_sets_and_jobs_are_placed_too(self):
        namespace = self.namespace("other-kinds", opted_in=True)
        template = pods.deployment(namespace)["spec"]["template"]
        once = template | {"spec": template["spec"] | {"restartPolicy": "Never"}}
        self.kubectl.apply([
            {"apiVersion": "apps/v1", "kind": "StatefulSet",
             "metadata": {"name": "db", "namespace": namespace},
             "spec": {"serviceName": "db", "selector": {"matchLabels": {"app": "web"}},
                      "template": template}},
            {"apiVersion": "batch/v1", "kind": "Job",
             "metadata": {"name": "once", "namespace": namespace}, "spec": {"template": once}}])
        self.assert_confidential(self.kubectl.wait_running(namespace, "db-0"))
        self.kubectl("wait", "--for=condition=complete", "job/once", "-n", namespace,
                     "--timeout=30s")
        (finished,) = self.kubectl.items("pods", namespace, "job-name=once")
        self.assertEqual(finished["spec"]["nodeName"], CONFIDENTIAL_NODE)
        self.assertEqual(finished["spec"]["initContainers"][0]["name"], STEP)

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

    def test_a_quota_on_limits_accepts_the_injected_step(self):
        namespace = self.namespace("quota", opted_in=True)
        self.kubectl.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {
            "name": "limits", "namespace": namespace}, "spec": {"hard": {
                "limits.cpu": "4", "limits.memory": "4Gi", "requests.cpu": "4",
                "requests.memory": "4Gi"}}})
        wait_until("the quota", lambda: self.kubectl.get("resourcequota", "limits", namespace)[
            "status"].get("hard"), 15, every=0.1)
        amount = {"cpu": "100m", "memory": "64Mi"}
        self.kubectl.create(pods.pod(namespace, containers=[{
            "name": "main", "image": pods.IMAGE,
            "resources": {"limits": amount, "requests": amount}}]))
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))

    def test_a_contradiction_is_refused_with_the_place_and_the_value(self):
        namespace = self.namespace("contradiction", opted_in=True)
        message = self.refused(pods.pod(
            namespace, affinity=pods.required([pods.expression("agentpool", "gpu")])))
        self.assertEqual(message, (
            'contradiction/web: policy "opt-in" keeps this Pod on pool "confidentialpool", but '
            'this Pod can never run there: spec.affinity.nodeAffinity'
            '.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]'
            '.matchExpressions[0] says agentpool In [gpu], which rules out agentpool in '
            '[confidentialpool]. Remove that constraint.'))
        self.assert_absent("pod", namespace, "web")

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

    def test_a_gated_pod_is_not_loosened(self):
        namespace = self.namespace("gated", opted_in=True)
        self.kubectl.create(pods.pod(namespace, schedulingGates=[{"name": "example.com/wait"}]))
        patch = ("patch", "pod", "web", "-n", namespace, "--type=merge", "-p")
        # What is taken away is given back, and the API server lets nobody change the rest.
        self.kubectl(*patch, json.dumps({"spec": {"affinity": None}}))
        self.assert_placed(self.kubectl.get("pod", "web", namespace))
        linux = pods.required([pods.expression("kubernetes.io/os", "linux")])
        answer = self.kubectl.run(*patch, json.dumps({"spec": {"affinity": linux}}))
        self.assertIn("only additions are allowed", answer.err)
        self.kubectl(*patch, json.dumps({"spec": {"schedulingGates": []}}))
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))

    def test_server_side_dry_run_shows_the_injected_fields_and_stores_nothing(self):
        namespace = self.namespace("dry-run", opted_in=True)
        answer = self.kubectl.apply(pods.pod(namespace), "--dry-run=server", "-o", "json")
        shown = json.loads(answer.out)
        self.assertEqual(shown["spec"]["initContainers"][0]["name"], STEP)
        self.assert_placed(shown)
        self.assert_absent("pod", namespace, "web")

    def test_diff_shows_the_injected_fields(self):
        namespace = self.namespace("diff", opted_in=True)
        answer = self.kubectl.run("diff", "-f", "-", objects=pods.pod(namespace))
        self.assertEqual(answer.code, 1, answer)
        added = [line[1:].strip() for line in answer.out.splitlines() if line.startswith("+")]
        self.assertIn("initContainers:", added)
        self.assertIn(f"name: {STEP}", added)
        self.assertIn("- confidentialpool", added)
        self.assert_absent("pod", namespace, "web")


class ApplyTwice(ClusterCase):
    """kubectl apply of the same manifest again must neither fail nor change the Pod."""

    def apply_twice(self, name: str, *words, **spec):
        namespace = self.namespace(name, opted_in=True)
        pod = pods.pod(namespace, **spec)
        self.kubectl.apply(pod, *words)
        first = self.kubectl.wait_running(namespace, "web")
        again = self.kubectl.apply(pod, *words)
        self.assertEqual(again.err, "")
        second = self.kubectl.get("pod", "web", namespace)
        self.assert_confidential(second)
        self.assertEqual(json.dumps(second["spec"]), json.dumps(first["spec"]))
        self.assertEqual(second["metadata"]["uid"], first["metadata"]["uid"])
        return again.out

    def own_constraints(self) -> dict:
        return {"affinity": pods.required([pods.expression("kubernetes.io/os", "linux")]),
                "tolerations": [TOLERATION]}

    def test_a_bare_pod_applied_twice_is_unchanged(self):
        self.assertEqual(self.apply_twice("twice"), "pod/web unchanged\n")

    def test_a_bare_pod_applied_twice_by_the_server_is_accepted(self):
        self.assertEqual(self.apply_twice("twice-server", "--server-side"),
                         "pod/web serverside-applied\n")

    def test_own_affinity_and_tolerations_survive_a_second_apply(self):
        out = self.apply_twice("twice-own", **self.own_constraints())
        self.assertIn(out, ("pod/web unchanged\n", "pod/web configured\n"))

    def test_own_affinity_and_tolerations_survive_a_second_apply_by_the_server(self):
        self.assertEqual(self.apply_twice("twice-own-server", "--server-side",
                                          **self.own_constraints()),
                         "pod/web serverside-applied\n")


class StaysFree(ClusterCase):
    """What stands next to a refusal and must go on."""

    def test_other_labels_of_a_selected_pod_change(self):
        namespace = self.namespace("tier-labels")
        pod = pods.pod(namespace)
        pod["metadata"]["labels"] = {"tier": "db"}
        self.kubectl.create(pod)
        self.assert_confidential(self.kubectl.wait_running(namespace, "web"))
        self.kubectl("label", "pod", "web", "-n", namespace, "a=b")

    def test_a_kubelet_sets_labels_of_its_node_that_are_no_pools(self):
        kubelet = self.installation.control_plane.kubectl_as(
            "kubelet", f"/O=system:nodes/CN=system:node:{STANDARD_NODE}")
        kubelet("label", "node", STANDARD_NODE, "--overwrite", "example.com/mine=1")
