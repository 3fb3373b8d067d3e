"""Pods made so that the server cannot read their review, or should not look at it.

Policy "payments" guards db-* in namespaces named pay-*; they have not opted in, so that whatever
the server fails to answer is let in there (failurePolicy Ignore).
"""

import json

import pods
from support import ClusterCase

UNREAD = "this request cannot be read ("


def reading_pod(namespace: str, **fields) -> dict:
    """A Pod whose container reads a guarded Secret; `fields` adds to the container."""
    return pods.pod(namespace, containers=[
        {"name": "main", "image": pods.IMAGE,
         "envFrom": [{"secretRef": {"name": "db-password"}}]} | fields])


class Hostile(ClusterCase):

    def refused_raw(self, namespace: str, pod: dict) -> str:
        """Posts the Pod with the bytes that json.dumps makes of it (kubectl would write "<" as
        "\\u003c"); returns what a webhook said against it."""
        answer = self.kubectl.run("create", "--raw", f"/api/v1/namespaces/{namespace}/pods",
                                  "-f", "-", objects=json.dumps(pod))
        self.assertEqual(answer.code, 1, f"expected a refusal, got:\n{str(answer)[:500]}")
        _, denied, message = answer.err.partition("denied the request: ")
        self.assertTrue(denied, f"expected a refusal by a webhook, got:\n{str(answer)[:500]}")
        self.assert_absent("pod", namespace, "web")
        return message.strip()

    def test_a_pod_whose_review_is_over_the_limit_is_refused(self):
        namespace = self.namespace("pay-oversized")
        message = self.refused_raw(namespace, reading_pod(namespace, args=["<" * 1_300_000]))
        self.assertRegex(message, r"this request cannot be read \(its 78\d{5} bytes are over the "
                         r"limit of 7340032 bytes\), and what cannot be read is refused. Make the "
                         r"object smaller; each <, > and & in it counts six bytes\.")

    def test_a_pod_just_below_the_limit_is_judged(self):
        namespace = self.namespace("pay-large")
        message = self.refused_raw(namespace, reading_pod(namespace, args=["<" * 1_200_000]))
        self.assertIn('pay-large/web: Secret "db-password" (spec.containers[0].envFrom[0]) ',
                      message)

    def test_a_pod_with_managed_fields_nested_beyond_the_limit_is_refused(self):
        namespace = self.namespace("pay-nested")
        deep = {}
        for _ in range(100):
            deep = {"f:a": deep}
        pod = reading_pod(namespace)
        pod["metadata"]["managedFields"] = [{
            "manager": "somebody", "operation": "Update", "apiVersion": "v1",
            "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": deep}]
        message = self.refused_raw(namespace, pod)
        self.assertIn(UNREAD, message)
        self.assertIn("nested deeper than 64 levels", message)

    def test_an_ephemeral_container_of_a_terminating_pod_cannot_fetch_the_secret(self):
        namespace = self.namespace("pay-terminating")
        pod = pods.pod(namespace)
        pod["metadata"]["finalizers"] = ["example.com/held"]
        self.kubectl.create(pod)
        self.addCleanup(self.kubectl, "patch", "pod", "web", "-n", namespace, "--type=merge",
                        "-p", '{"metadata":{"finalizers":null}}')
        self.kubectl.wait_running(namespace, "web")
        self.kubectl("delete", "pod", "web", "-n", namespace, "--wait=false")
        self.assertIn("deletionTimestamp", self.kubectl.get("pod", "web", namespace)["metadata"])
        patch = {"spec": {"ephemeralContainers": [
            {"name": "debugger", "image": pods.IMAGE,
             "envFrom": [{"secretRef": {"name": "db-password"}}]}]}}
        answer = self.kubectl.run("patch", "pod", "web", "-n", namespace, "--subresource",
                                  "ephemeralcontainers", "-p", json.dumps(patch))
        self.assertEqual(answer.code, 1, answer)
        self.assertIn("denied the request: pay-terminating/web: ", answer.err)
        self.assertIn("spec.ephemeralContainers[0].envFrom[0]", answer.err)
        stored = self.kubectl.get("pod", "web", namespace)
        self.assertNotIn("ephemeralContainers", stored["spec"])
