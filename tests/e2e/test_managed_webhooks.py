"""`serve --manage-webhooks`: the API server asks where the policies reach, and nowhere else."""

import json
import shutil
import threading
import time

from harness.control_plane import CONFIDENTIAL_NODE
from harness.processes import wait_until
from harness.webhook import Webhook

import arrangements
import pods
from escape import cluster_role_binding
from support import ClusterCase

POLICY = """\
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: named}
spec:
  pool: confidentialpool
  namespaces: [%s]
  secrets: {names: ["db-*"]}
"""
CONFIGURATIONS = (("mutatingwebhookconfiguration", "place.confidential.pods"),
                  ("validatingwebhookconfiguration", "guard.confidential.pods"))


class ManagedWebhooks(ClusterCase):

    arrangement = arrangements.MANAGED_WEBHOOKS

    def write_policy(self, *namespaces: str) -> None:
        fresh = self.webhook.folder / "named.new"
        fresh.write_text(POLICY % ", ".join(f'"{name}"' for name in namespaces))
        fresh.replace(self.arrangement.policies / "named.yaml")

    def entries(self) -> list[str]:
        return [entry["name"] for configuration in CONFIGURATIONS
                for entry in self.kubectl.get(*configuration).get("webhooks", [])]

    def asked(self) -> float:
        """How often the server has been asked anything."""
        return sum(value for name, value in self.webhook.metrics().items()
                   if name.startswith("confidential_pods_reviews_total"))

    def reading_pod(self, namespace: str, name: str = "web") -> dict:
        return pods.pod(namespace, name, imagePullSecrets=[{"name": "db-x"}])

    def is_refused(self, namespace: str) -> bool:
        return "denied the request" in self.kubectl.run(
            "create", "-f", "-", "--dry-run=server", objects=self.reading_pod(namespace)).err

    def test_a_namespace_outside_every_policy_costs_no_call(self):
        namespace = self.namespace("managed-outside")
        before = self.asked()
        self.kubectl.apply(pods.deployment(namespace))
        self.kubectl.wait_rollout(namespace, "deployment/web")
        self.kubectl("label", "pods", "--all", "-n", namespace, "a=b")
        self.assertEqual(self.asked(), before)

    def test_a_namespace_outside_every_policy_does_not_notice_that_the_server_is_away(self):
        outside = self.namespace("managed-away")
        inside = self.namespace("managed-waits", opted_in=True)
        self.webhook.stop()
        self.addCleanup(self.arrangement.start_server, self.installation)
        self.kubectl.create(pods.pod(outside))
        self.kubectl.wait_running(outside, "web")
        answer = self.kubectl.run("create", "-f", "-", objects=pods.pod(inside))
        self.assertRegex(answer.err, r'failed calling webhook "opt-in-[0-9a-f]{8}\.guard\.'
                                     r'confidential\.pods"')

    def test_a_namespace_that_an_edited_policy_names_is_guarded_within_a_second(self):
        namespaces = [self.namespace(f"managed-new-{i}") for i in range(3)]
        took = []
        for i, namespace in enumerate(namespaces):
            self.assertFalse(self.is_refused(namespace))
            began = time.monotonic()
            self.write_policy(*namespaces[:i + 1])
            while True:
                asked = time.monotonic()
                if self.is_refused(namespace):
                    break
                self.assertLess(asked - began, 10)
            took.append(asked - began)
        print(f"    guarded after {', '.join(f'{each:.2f}' for each in took)} s", flush=True)
        self.assertLess(sorted(took)[1], 1.0)

    def test_edits_leave_no_moment_in_which_a_guarded_namespace_is_open(self):
        namespace = self.namespace("managed-steady")
        others = [self.namespace(f"managed-turn-{i}") for i in range(4)]
        self.write_policy(namespace)
        wait_until("it is guarded", lambda: self.is_refused(namespace), 10)
        let_through, tried, over = [], 0, threading.Event()

        def try_again():
            nonlocal tried
            while not over.is_set():
                tried += 1
                if not self.is_refused(namespace):
                    let_through.append(tried)
        trying = threading.Thread(target=try_again)
        trying.start()
        try:
            for i, other in enumerate([*others, *others]):
                self.write_policy(namespace, other, *(["managed-glob-*"] if i % 2 else []))
                wait_until(f"{other} is guarded", lambda: self.is_refused(other), 10)
        finally:
            over.set()
            trying.join()
        self.assertGreater(tried, 10)
        self.assertEqual(let_through, [])

    def test_what_another_replica_does_not_need_is_on_notice_until_one_that_needs_it_looks(self):
        namespace = self.namespace("managed-needed")
        self.write_policy(namespace)
        wait_until("it is guarded", lambda: self.is_refused(namespace), 10)
        needed = {name for name in self.entries() if name.startswith("named-")}
        late = self.late_replica()
        late.start(self.installation.server_kubeconfig, *self.webhook.certificate_flags(),
                   "--manage-webhooks")
        self.assertLessEqual(needed, {*self.notices(0), *self.notices(1)})
        self.assertLessEqual(needed, set(self.entries()))
        self.write_policy(namespace, "managed-also")
        wait_until("what is needed is on notice no more",
                   lambda: not needed.intersection(self.notices(0)), 10)
        self.assertTrue(self.is_refused(namespace))

    def test_a_scheduler_that_becomes_trusted_is_not_held_up_by_the_entries_of_before(self):
        namespace = self.namespace("managed-trusted", opted_in=True)
        scheduler = self.installation.control_plane.kubectl_as("later", "/CN=later")
        self.kubectl.apply(cluster_role_binding("later", "system:kube-scheduler"))
        self.kubectl.create(pods.pod(namespace, "web", schedulerName="later"))
        path = f"/api/v1/namespaces/{namespace}/pods/web/binding"
        bind = ("create", "--raw", path, "-f", "-")
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "web"},
                   "target": {"kind": "Node", "name": CONFIDENTIAL_NODE}}
        self.assertIn('"later" binds this Pod to a node',
                      scheduler.run(*bind, objects=binding).err)
        self.webhook.stop()
        self.addCleanup(self.arrangement.start_server, self.installation)
        self.addCleanup(self.webhook.stop)
        self.installation.start_webhook("--manage-webhooks", "--trusted-scheduler",
                                        "system:kube-scheduler", "--trusted-scheduler", "later")
        asking = [entry for entry in self.entries() if entry.startswith("opt-in-")
                  and ".bindings." in entry]
        self.assertGreater(len(asking), 1, "no entry of before is there")
        self.assertEqual(scheduler.run(*bind, objects=binding).err, "")

    def late_replica(self) -> Webhook:
        """Another server at the same address' door, whose policies name no namespace."""
        late = Webhook(self.webhook.folder / "late")
        self.addCleanup(lambda: shutil.rmtree(late.folder))
        self.addCleanup(late.stop)
        for name in ("aks-pool.yaml", "namespace-opt-in.yaml"):
            shutil.copy(self.arrangement.policies / name, late.own_policies)
        return late

    def notices(self, index: int) -> dict[str, str]:
        annotations = self.kubectl.get(*CONFIGURATIONS[index])["metadata"].get("annotations", {})
        return json.loads(annotations.get("confidential.pods/unneeded", "{}"))

    def test_entries_follow_the_address_of_those_that_the_manifests_bring(self):
        kind, name = CONFIGURATIONS[1]
        stored = self.kubectl.get(kind, name)["webhooks"]
        index = [entry["name"] for entry in stored].index("policies.confidential.pods")
        before = stored[index]["clientConfig"]["url"]
        self.addCleanup(self.write_policy, "managed-back")
        self.addCleanup(self.move, index, before)
        self.move(index, before.replace("127.0.0.1", "localhost"))
        self.write_policy("managed-moved")
        wait_until("all entries have moved", lambda: all(
            "//localhost:" in entry["clientConfig"]["url"] for configuration in CONFIGURATIONS
            for entry in self.kubectl.get(*configuration)["webhooks"]
            if entry["name"] != "nodes.confidential.pods"), 10)

    def move(self, index: int, url: str) -> None:
        self.kubectl("patch", *CONFIGURATIONS[1], "--type=json", "-p", json.dumps([
            {"op": "replace", "path": f"/webhooks/{index}/clientConfig/url", "value": url}]))

    def test_what_somebody_else_writes_is_kept_and_what_they_take_is_put_back(self):
        before = self.entries()
        self.assertTrue([name for name in before if name.startswith("opt-in-")])
        self.installation.apply_webhook_configurations(self.arrangement.OVERLAY)
        self.assertEqual(self.entries(), before, "applying the manifests again changes the entries")

        # As AKS' admissions enforcer does, where it is not told to keep off.
        index = [name for name in before if ".place." not in name].index(
            next(name for name in before if ".guard." in name))
        self.kubectl("patch", *CONFIGURATIONS[1], "--type=json", "-p", json.dumps([
            {"op": "add", "path": f"/webhooks/{index}/namespaceSelector/matchExpressions/-",
             "value": {"key": "control-plane", "operator": "DoesNotExist"}}]))
        self.kubectl("patch", *CONFIGURATIONS[0], "--type=merge", "-p", '{"webhooks": []}')
        self.write_policy("managed-anything")
        wait_until("the entries are back", lambda: any(
            ".place." in name for name in self.entries()), 10)
        kept = self.kubectl.get(*CONFIGURATIONS[1])["webhooks"][index]
        self.assertIn({"key": "control-plane", "operator": "DoesNotExist"},
                      kept["namespaceSelector"]["matchExpressions"])


class PrintedWebhooks(ClusterCase):

    def test_the_api_server_takes_what_the_command_prints(self):
        printed = self.installation.printed(
            "webhooks", "--url", f"https://{self.webhook.address}", "--ca-file",
            self.webhook.ca_file)
        self.installation.delete_webhook_configurations()
        self.addCleanup(self.come_back)
        self.kubectl.create(printed)
        self.installation.wait_effective()

    def come_back(self):
        self.installation.delete_webhook_configurations()
        self.installation.apply_webhook_configurations()
        self.installation.wait_effective()
