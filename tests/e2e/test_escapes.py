"""The ways round: each is shown to work where nothing is guarded, then to be refused.

Names say what is tried. The author has the role `edit` in the namespace and makes every try that
this role allows; the administrator, whom no RBAC holds up, makes the others.
"""

import json
import pathlib
import re
import shutil
import tempfile
import unittest

import yaml

import arrangements
import pods
from escape import ESCAPES, LURE, Attempt, Escape, Ground, Scene, escape, refusal
from harness.control_plane import CONFIDENTIAL_NODE, STANDARD_NODE
from harness.installation import OPT_IN_LABEL
from harness.manifests import ROOT
from harness.processes import wait_until
from harness.webhook import run_program
from secret_paths import PATHS, container, volume
from support import STEP, ClusterCase

ON_POOL = {"agentpool": "confidentialpool", "kubernetes.azure.com/security-type": "ConfidentialVM"}
POOL_TERM = [pods.AGENTPOOL, pods.SECURITY_TYPE]
ON_THE_POOL_ONLY = 'may only be read on pool "confidentialpool" (policy "payments"), but '


# What the API server says by itself, where there is no webhook.
READS_OFF_POOL = ('policy "payments": a guarded secret may only be read on pool "confidentialpool"; its '
                  "nodeSelector, or every required node affinity term, must say agentpool in ")
# An unknown source is one to each policy that guards secrets: whichever is told first.
READS_THE_UNKNOWN_OFF_POOL = READS_OFF_POOL.removeprefix('policy "payments"')
READS_PAST_THE_SCHEDULER = ('policy "payments": a Pod that reads a guarded secret may not go past the '
                            "scheduler; remove spec.nodeName.")
READS_LATER = 'policy "payments": an ephemeral container brings a guarded secret to a Pod'
BINDS = ": only trusted schedulers may bind Pods here."


def naming_a_secret(path: str, place: str, spec) -> Escape:
    """The author creates a Pod that names a guarded Secret by this path."""
    return Escape(f"a_secret_by_{path}", f'Secret "{{secret}}" ({place}) {ON_THE_POOL_ONLY}',
                  lambda scene: (scene.create(scene.pod(scene.pay, **spec(scene.secret))),
                                 scene.node_reads), READS_OFF_POOL)


ESCAPES += [naming_a_secret(*each) for each in PATHS]


# What leads to a Secret without naming it.

@escape(f'SecretProviderClass "vault-db" (spec.volumes[0]) {ON_THE_POOL_ONLY}', READS_OFF_POOL)
def a_provider_class(scene: Scene) -> Attempt:
    said = scene.create(scene.pod(scene.pay, **volume(csi={
        "driver": "secrets-store.csi.k8s.io",
        "volumeAttributes": {"secretProviderClass": "vault-db"}})))
    return said, lambda: scene.on_ordinary_node(scene.pay)


@escape('ServiceAccount "{secret}" (spec.serviceAccountName) may only be used on pool', READS_OFF_POOL)
def a_service_account(scene: Scene) -> Attempt:
    scene.administrator("create", "serviceaccount", scene.secret, "-n", scene.pay)
    said = scene.create(scene.pod(scene.pay, serviceAccountName=scene.secret,
                                  automountServiceAccountToken=True))

    def node_becomes_it() -> bool:
        uid = scene.stored(scene.pay)["metadata"].get("uid", "none")
        return scene.kubelet.run(
            "create", "token", scene.secret, "-n", scene.pay, "--bound-object-kind=Pod",
            f"--bound-object-name={scene.name}", f"--bound-object-uid={uid}").code == 0
    return said, node_becomes_it


@escape(f'Secret "{{secret}}" (spec.imagePullSecrets[0]) {ON_THE_POOL_ONLY}', READS_OFF_POOL)
def image_pull_secrets_of_a_service_account(scene: Scene) -> Attempt:
    scene.author.create({"apiVersion": "v1", "kind": "ServiceAccount",
                         "metadata": {"name": "puller", "namespace": scene.pay},
                         "imagePullSecrets": [{"name": scene.secret}]})
    return scene.create(scene.pod(scene.pay, serviceAccountName="puller")), scene.node_reads


@escape(f'PersistentVolumeClaim "{{secret}}" (spec.volumes[0]) {ON_THE_POOL_ONLY}', READS_OFF_POOL)
def a_claim_whose_volume_names_the_secret(scene: Scene) -> Attempt:
    name = f"{scene.pay}.{scene.secret}"
    size, modes = {"storage": "1Gi"}, ["ReadWriteOnce"]
    scene.administrator.create([
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
            "capacity": size, "accessModes": modes,
            "csi": {"driver": "csi.example.com", "volumeHandle": name,
                    "nodePublishSecretRef": {"name": scene.secret, "namespace": scene.pay}},
            "claimRef": {"name": scene.secret, "namespace": scene.pay}}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
         "metadata": {"name": scene.secret, "namespace": scene.pay},
         "spec": {"accessModes": modes, "resources": {"requests": size}, "volumeName": name,
                  "storageClassName": ""}}])
    said = scene.create(scene.pod(scene.pay, **volume(
        persistentVolumeClaim={"claimName": scene.secret})))
    return said, scene.node_reads


# A claim that is made for the Pod, and bound to a volume that is there already.

def bound_from_a_template(scene: Scene, **binder) -> Attempt:
    """The Pod's claim takes a volume that names the guarded Secret; `binder` says which volume."""
    name = f"{scene.pay}.{scene.name}"
    size, modes = {"storage": "1Gi"}, ["ReadWriteOnce"]
    scene.administrator.create({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": {"volume": name}}, "spec": {
            "capacity": size, "accessModes": modes, "storageClassName": "by-hand",
            "csi": {"driver": "csi.example.com", "volumeHandle": name,
                    "nodePublishSecretRef": {"name": scene.secret, "namespace": scene.pay}}}})
    return scene.create(scene.pod(scene.pay, **volume(ephemeral={"volumeClaimTemplate": {"spec": {
        "accessModes": modes, "resources": {"requests": size},
        "storageClassName": "by-hand"} | binder}}))), scene.node_reads


BINDS_A_VOLUME = ("unknown source \"{}\" (spec.volumes[0].ephemeral.volumeClaimTemplate.spec.{}) may "
                  'carry a secret and is only allowed on pool "confidentialpool"')


@escape(BINDS_A_VOLUME.format("volumeName", "volumeName"), READS_THE_UNKNOWN_OFF_POOL)
def a_claim_template_that_names_a_volume(scene: Scene) -> Attempt:
    return bound_from_a_template(scene, volumeName=f"{scene.pay}.{scene.name}")


@escape(BINDS_A_VOLUME.format("selector", "selector"), READS_THE_UNKNOWN_OFF_POOL)
def a_claim_template_that_selects_a_volume(scene: Scene) -> Attempt:
    return bound_from_a_template(
        scene, selector={"matchLabels": {"volume": f"{scene.pay}.{scene.name}"}})


# Affinities that look as if they kept a Pod on the pool.

def required(*terms: list[dict], **fields) -> dict:
    """Required terms beside the preference that draws the Pod to the ordinary node."""
    affinity = pods.required(*terms)
    affinity["nodeAffinity"] |= LURE["nodeAffinity"]
    if fields:
        affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"].append(fields)
    return {"affinity": affinity}


@escape("nodeSelectorTerms[1] does not require agentpool in [confidentialpool] and ", READS_OFF_POOL)
def one_of_two_ored_terms(scene: Scene) -> Attempt:
    linux = [pods.expression("kubernetes.io/os", "linux")]
    return scene.create(scene.reading_pod(**required(POOL_TERM, linux))), scene.node_reads


@escape("this Pod may run elsewhere: nothing in it requires agentpool in [confidentialpool] and ", READS_OFF_POOL)
def a_preference_for_the_pool(scene: Scene) -> Attempt:
    preferred = [{"weight": 1, "preference": {"matchExpressions": POOL_TERM}},
                 *LURE["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]]
    return scene.create(scene.reading_pod(affinity={"nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": preferred}})), scene.node_reads


@escape("nodeSelectorTerms[0] does not require agentpool in [confidentialpool]", READS_OFF_POOL)
def another_value_beside_the_pools(scene: Scene) -> Attempt:
    either = pods.expression("agentpool", "confidentialpool", "standardpool")
    return scene.create(scene.reading_pod(**required([either]))), scene.node_reads


@escape("nodeSelectorTerms[0] does not require agentpool in [confidentialpool]", READS_OFF_POOL)
def another_pool_excluded_by_not_in(scene: Scene) -> Attempt:
    excluded = pods.expression("agentpool", "gpu", operator="NotIn")
    return scene.create(scene.reading_pod(**required([excluded]))), scene.node_reads


@escape("nodeSelectorTerms[0] does not require agentpool in [confidentialpool]", READS_OFF_POOL)
def a_key_that_exists_on_all_nodes(scene: Scene) -> Attempt:
    exists = {"key": "agentpool", "operator": "Exists"}
    return scene.create(scene.reading_pod(**required([exists]))), scene.node_reads


@escape("nodeSelectorTerms[0] does not require agentpool in [confidentialpool] and ", READS_OFF_POOL)
def match_fields_alone(scene: Scene) -> Attempt:
    by_name = pods.expression("metadata.name", STANDARD_NODE)
    return scene.create(scene.reading_pod(**required(matchFields=[by_name]))), scene.node_reads


# Past the scheduler, with an affinity that proves the pool.

@escape(f'spec.nodeName binds this Pod to node "{STANDARD_NODE}" past the scheduler', READS_PAST_THE_SCHEDULER)
def a_node_name(scene: Scene) -> Attempt:
    return scene.create(scene.reading_pod(
        nodeName=STANDARD_NODE, nodeSelector=ON_POOL)), scene.node_reads


@escape(f'spec.nodeName binds this Pod to node "{STANDARD_NODE}" past the scheduler', 'policy "tiers": this Pod is kept on pool "confidentialpool"; its nodeSelector, or every')
def the_mirror_annotation_by_someone_who_is_no_kubelet(scene: Scene) -> Attempt:
    pod = scene.pod(scene.tier, {"tier": "db"}, nodeName=STANDARD_NODE)
    pod["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "yes"}
    return scene.create(pod), lambda: scene.on_ordinary_node(scene.tier)


def bound_by_hand(scene: Scene, path: str) -> Attempt:
    scene.author.create(scene.reading_pod(schedulerName="nobody", nodeSelector=ON_POOL))
    return scene.bind(scene.administrator, scene.pay, path), scene.node_reads


@escape('{name}: "admin" binds this Pod to a node, and only trusted schedulers may do so here', BINDS)
def a_binding(scene: Scene) -> Attempt:
    return bound_by_hand(scene, f"pods/{scene.name}/binding")


@escape('{name}: "admin" binds this Pod to a node, and only trusted schedulers may do so here', BINDS)
def a_legacy_binding(scene: Scene) -> Attempt:
    return bound_by_hand(scene, "bindings")


@escape('"second-scheduler" binds this Pod to a node, and only trusted schedulers may do so here', BINDS)
def another_scheduler(scene: Scene) -> Attempt:
    scene.author.create(scene.reading_pod(schedulerName="second", nodeSelector=ON_POOL))
    return scene.bind(scene.scheduler, scene.pay, f"pods/{scene.name}/binding"), scene.node_reads


@escape('"second-scheduler" binds this Pod to a node, and only trusted schedulers may do so here', BINDS)
def another_scheduler_of_an_opted_in_namespace(scene: Scene) -> Attempt:
    scene.author.create(scene.pod(scene.labelled, schedulerName="second", nodeSelector=ON_POOL))
    return (scene.bind(scene.scheduler, scene.labelled, f"pods/{scene.name}/binding"),
            lambda: scene.on_ordinary_node(scene.labelled))


# By what makes Pods.

@escape(f'Secret "{{secret}}" (spec.containers[0].envFrom[0]) {ON_THE_POOL_ONLY}', READS_OFF_POOL)
def a_deployment(scene: Scene) -> Attempt:
    return scene.create_workload(pods.deployment(
        scene.pay, scene.name, affinity=LURE, containers=[scene.reading()])), scene.node_reads


# Its controller puts metadata.name of one node in the place of the required terms.
@escape("nodeSelectorTerms[0] does not require agentpool in [confidentialpool] and ", READS_OFF_POOL)
def a_daemon_set(scene: Scene) -> Attempt:
    workload = pods.deployment(scene.pay, scene.name, containers=[scene.reading()])
    del workload["spec"]["replicas"]
    return scene.create_workload(workload | {"kind": "DaemonSet"}), scene.node_reads


# To a Pod that exists.

COMES_TOO_LATE = ('policy "tiers": labels that would keep this Pod on pool "confidentialpool" come '
                  "too late; create the Pod again.")
KEPT_BY_TIERS = 'policy "tiers" keeps this Pod on pool "confidentialpool", but this Pod '


@escape(f'Secret "{{secret}}" (spec.ephemeralContainers[0].envFrom[0]) {ON_THE_POOL_ONLY}', READS_LATER)
def an_ephemeral_container_off_the_pool(scene: Scene) -> Attempt:
    scene.running(scene.pay)
    return scene.debug(scene.pay, **scene.reading("debugger")), scene.node_reads


@escape(f'but this Pod is bound to node "{STANDARD_NODE}" already, and nothing proves that the '
        "scheduler did it", READS_LATER)
def an_ephemeral_container_of_a_pod_that_claims_the_pool(scene: Scene) -> Attempt:
    scene.running(scene.pay, nodeName=STANDARD_NODE, nodeSelector=ON_POOL)
    return scene.debug(scene.pay, **scene.reading("debugger")), scene.node_reads


@escape(f'Secret "{{secret}}" (spec.ephemeralContainers[0].envFrom[0]) {ON_THE_POOL_ONLY}', READS_LATER)
def an_ephemeral_container_of_a_gated_pod(scene: Scene) -> Attempt:
    scene.author.create(scene.pod(scene.pay, schedulingGates=[{"name": "example.com/wait"}]))
    said = scene.debug(scene.pay, **scene.reading("debugger"))
    scene.patch(scene.author, scene.pay, {"spec": {"schedulingGates": []}}, "--type=merge")
    return said, scene.node_reads


@escape(KEPT_BY_TIERS + "can never run there", COMES_TOO_LATE)
def a_gated_pod_given_a_label_and_another_node(scene: Scene) -> Attempt:
    scene.author.create(scene.pod(scene.tier, schedulingGates=[{"name": "example.com/wait"}]))
    said = scene.patch(scene.author, scene.tier, {
        "metadata": {"labels": {"tier": "db"}}, "spec": {"schedulingGates": []} | required(
            [pods.expression("agentpool", "standardpool")])}, "--type=merge")
    return said, lambda: scene.on_ordinary_node(scene.tier) and scene.has_label(scene.tier, "db")


TAKEN_AWAY = ('policy "tiers" keeps this Pod on pool "confidentialpool" by labels that this update '
              "takes away")


@escape(TAKEN_AWAY, 'policy "tiers": this Pod is kept on pool "confidentialpool" by labels that this update')
def a_label_taken_away(scene: Scene) -> Attempt:
    scene.running(scene.tier, {"tier": "db"}, nodeSelector=ON_POOL)
    return (scene.patch(scene.author, scene.tier, {"metadata": {"labels": {"tier": None}}}),
            lambda: scene.has_label(scene.tier, None))


@escape(TAKEN_AWAY, 'policy "tiers": this Pod is kept on pool "confidentialpool" by labels that this update')
def a_label_taken_away_with_the_status(scene: Scene) -> Attempt:
    scene.running(scene.tier, {"tier": "db"}, nodeSelector=ON_POOL)
    return (scene.patch(scene.administrator, scene.tier, {"metadata": {"labels": {"tier": "web"}}},
                        "--subresource=status"), lambda: scene.has_label(scene.tier, "web"))


@escape(KEPT_BY_TIERS + "may run elsewhere", COMES_TOO_LATE)
def a_label_given_to_a_pod_off_the_pool(scene: Scene) -> Attempt:
    scene.running(scene.tier)
    return (scene.patch(scene.author, scene.tier, {"metadata": {"labels": {"tier": "db"}}}),
            lambda: scene.has_label(scene.tier, "db"))


@escape(f'but this Pod is bound to node "{STANDARD_NODE}" already, and nothing proves that the '
        "scheduler did it", COMES_TOO_LATE)
def a_label_given_to_a_pod_that_claims_the_pool(scene: Scene) -> Attempt:
    scene.running(scene.tier, nodeName=STANDARD_NODE, nodeSelector=ON_POOL)
    return (scene.patch(scene.author, scene.tier, {"metadata": {"labels": {"tier": "db"}}}),
            lambda: scene.has_label(scene.tier, "db"))


# Round the attestation step.

@escape("spec.initContainers[0] is not the attestation step as prescribed", None)
def another_image_for_the_step_of_a_running_pod(scene: Scene) -> Attempt:
    # Where policies are in force, the real step takes the place of this one.
    scene.running(scene.labelled, initContainers=[container(STEP)])
    said = scene.patch(scene.author, scene.labelled, {"spec": {"initContainers": [
        {"name": STEP, "image": "example.com/another:1"}]}})
    return said, lambda: "example.com/another:1" == scene.stored(
        scene.labelled)["spec"]["initContainers"][0]["image"]


# With the real step in it the Pod has two containers of one name.
@escape('spec.initContainers[0].name: Duplicate value: "confidential-pods-attest"', None)
def the_steps_name_for_a_container(scene: Scene) -> Attempt:
    said = scene.create(scene.pod(scene.labelled, containers=[container(STEP)]))
    return said, lambda: scene.stored(scene.labelled)["spec"] != {}


@escape('spec.ephemeralContainers[0].name: Duplicate value: "confidential-pods-attest"', None)
def the_steps_name_for_an_ephemeral_container(scene: Scene) -> Attempt:
    scene.running(scene.labelled)
    said = scene.debug(scene.labelled, **container(STEP))
    return said, lambda: "ephemeralContainers" in scene.stored(scene.labelled)["spec"]


@escape("reaches into a volume of the attestation step", None)
def a_container_that_writes_the_steps_output(scene: Scene) -> Attempt:
    output = "confidential-pods-output"
    forger = container(volumeMounts=[{"name": output, "mountPath": "/output"}])
    said = scene.create(scene.pod(scene.labelled, containers=[forger], volumes=[
        {"name": output, "emptyDir": {}}]))
    return said, lambda: scene.stored(scene.labelled)["spec"] != {}


# A node that claims to be one of the pool.

def labelled_node(scene: Scene, path: str) -> Attempt:
    """Its kubelet writes the Node, or the Node with its status, with the labels of the pool."""
    scene.add_cleanup(scene.administrator, "label", "node", STANDARD_NODE, "--overwrite",
                      "agentpool=standardpool", "kubernetes.azure.com/security-type-")
    node = scene.kubelet.get("node", STANDARD_NODE)
    node["metadata"]["labels"] |= ON_POOL
    said = refusal(scene.kubelet.run("replace", "--raw", f"/api/v1/nodes/{path}", "-f", "-",
                                     objects=node))
    return said, lambda: ON_POOL.items() <= scene.administrator.get(
        "node", STANDARD_NODE)["metadata"]["labels"].items()


BY_ITSELF = f'node {STANDARD_NODE}: "system:node:{STANDARD_NODE}" changes the label agentpool'


@escape(BY_ITSELF, "a kubelet may not change the labels that say whether its node is in a pool")
def a_kubelet_that_labels_its_node(scene: Scene) -> Attempt:
    return labelled_node(scene, STANDARD_NODE)


@escape(BY_ITSELF, "a kubelet may not change the labels that say whether its node is in a pool")
def a_kubelet_that_labels_its_node_with_the_status(scene: Scene) -> Attempt:
    return labelled_node(scene, f"{STANDARD_NODE}/status")


# With the namespace.

KEPT = ('concerns the Pod "{name}". Delete such Pods first, or let a member of a trusted group '
        "change the label")


def relabelled(scene: Scene, namespace: str, label: str) -> Attempt:
    """Someone who may do everything, but is in no trusted group, labels the namespace."""
    said = refusal(scene.labeller.run("label", "namespace", namespace, label))
    key, _, value = label.rstrip("-").partition("=")
    return said, lambda: scene.administrator.get("namespace", namespace)["metadata"]["labels"].get(
        key, "") == value


@escape('this update takes it out of policy "opt-in", which ' + KEPT, None)
def a_namespace_taken_out_of_its_policy(scene: Scene) -> Attempt:
    return relabelled(scene, scene.leaving(), f"{OPT_IN_LABEL}-")


# Out of the shipped secret-guard, too.
@escape("the label control-plane, by which AKS makes webhooks leave a namespace out, takes it out of "
        'policy "opt-in" and 1 more, one of which ' + KEPT, None)
def a_namespace_that_webhooks_leave_out(scene: Scene) -> Attempt:
    return relabelled(scene, scene.leaving(), "control-plane=true")


# Its Pods run on until their grace is over, or a finalizer is gone.
@escape('this update takes it out of policy "opt-in", which ' + KEPT, None)
def a_namespace_that_leaves_while_it_is_deleted(scene: Scene) -> Attempt:
    namespace = scene.leaving()
    hold = ("patch", "pod", scene.name, "-n", namespace, "--type=merge", "-p")
    scene.administrator(*hold, '{"metadata": {"finalizers": ["example.com/hold"]}}')
    scene.add_cleanup(scene.administrator, *hold, '{"metadata": {"finalizers": null}}')
    scene.administrator("delete", "namespace", namespace, "--wait=false")
    return relabelled(scene, namespace, f"{OPT_IN_LABEL}-")


class EscapeCase(ClusterCase):
    """One escape of the table; the ground is made when the first of a kind asks for it."""

    outcome = ""
    ground = ""
    _grounds: dict[str, Ground] = {}

    def __init__(self, tried: Escape):
        super().__init__()
        self.tried = tried

    def id(self) -> str:
        return f"{__name__}.{self.tried.name}_{self.outcome}"

    def attempt(self) -> tuple[Scene, Attempt]:
        if self.ground not in self._grounds:
            self._grounds[self.ground] = Ground(self.installation, self.ground)
        scene = Scene(self._grounds[self.ground], self.tried.name, self.addCleanup)
        return scene, self.tried.attempt(scene)

    def assert_refused(self, words: str) -> None:
        scene, (said, worked) = self.attempt()
        self.assertIn(words.format(secret=scene.secret, name=scene.name), said)
        self.assertFalse(worked(), "refused, and it worked all the same")


class Works(EscapeCase):
    """A refusal of what would not work anyway proves nothing."""

    arrangement = arrangements.GUARDS_NOTHING
    outcome = "works_where_nothing_is_guarded"
    ground = "open"

    def runTest(self):
        _, (said, worked) = self.attempt()
        self.assertEqual(said, "")
        wait_until("it works", worked, 20)


class Refused(EscapeCase):

    outcome = "is_refused"
    ground = "guarded"

    def runTest(self):
        self.assert_refused(self.tried.words)


class RefusedWithoutWebhooks(EscapeCase):

    arrangement = arrangements.BACKSTOP
    outcome = "is_refused_without_webhooks"
    ground = "unasked"

    def runTest(self):
        self.assert_refused(self.tried.backstop)


class WithoutWebhooks(ClusterCase):
    arrangement = arrangements.BACKSTOP

    def test_a_pod_that_demands_the_pool_runs_without_webhooks(self):
        namespace = self.namespace("pay-unasked-too")
        self.kubectl.create(pods.pod(namespace, imagePullSecrets=[{"name": "db-x"}], **required(
            POOL_TERM, [*POOL_TERM, pods.expression("zone", "a")])))
        self.assertEqual(self.kubectl.wait_running(namespace, "web")["spec"]["nodeName"],
                         CONFIDENTIAL_NODE)
        self.kubectl.create(pods.pod(namespace, "free", imagePullSecrets=[{"name": "other"}]))
        self.kubectl.wait_running(namespace, "free")

    def test_a_claim_template_without_webhooks_is_filled_from_claims_that_are_not_guarded(self):
        namespace = self.namespace("pay-filled")

        def refusal_of(field: str, **source) -> str:
            """Nothing is stored: only what the API server says counts."""
            spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                    field: source}
            return refusal(self.kubectl.run(
                "create", "--dry-run=server", "-f", "-", objects=pods.pod(
                    namespace, **volume(ephemeral={"volumeClaimTemplate": {"spec": spec}}))))
        claim = {"kind": "PersistentVolumeClaim"}
        for field in ("dataSource", "dataSourceRef"):
            self.assertEqual(refusal_of(field, **claim, name="other"), "", field)
            for guarded in (
                    claim | {"name": "db-x"},
                    claim | {"name": "other", "apiGroup": "example.com"},
                    {"kind": "VolumeSnapshot", "name": "other",
                     "apiGroup": "snapshot.storage.k8s.io"}):
                self.assertIn(READS_THE_UNKNOWN_OFF_POOL, refusal_of(field, **guarded), (field, guarded))
        self.assertIn(READS_THE_UNKNOWN_OFF_POOL, refusal_of(
            "dataSourceRef", **claim, name="other", namespace="elsewhere"))

    def test_a_policy_of_several_hundred_patterns_holds_without_webhooks(self):
        patterns = [pattern.format(i) for i in range(200) for pattern in (
            "vault-{}", "db-{}-*", "*-secret-{}", "key-{}-*-private")]
        objects = self.printed_for({"many": patterns})
        self.addCleanup(self.kubectl, "delete", "-f", "-", objects=objects)
        self.kubectl.apply(objects)
        namespace = self.namespace("many-unasked")
        free = [{"secretRef": {"name": f"other-{i}"}} for i in range(50)]

        def refusal_of(name: str) -> str:
            reading = container(envFrom=[*free, {"secretRef": {"name": name}}])
            return refusal(self.kubectl.run("create", "--dry-run=server", "-f", "-",
                                            objects=pods.pod(namespace, containers=[reading])))
        # The API server evaluates a policy some moments after it has stored it.
        wait_until("the API server evaluates it", lambda: refusal_of("vault-0"), 20, every=0.2)
        for name in ("vault-199", "db-199-x", "x-secret-199", "key-199-x-private"):
            self.assertIn('policy "many": a guarded secret may only be read on pool',
                          refusal_of(name), name)
        self.assertEqual(refusal_of("other"), "")

    def test_the_documented_command_prunes_without_webhooks_what_a_deleted_policy_left(self):
        operations = (ROOT / "docs" / "operations.md").read_text()
        flags = re.findall(r"--prune\S*=\S+|--prune(?= )|-l \S+",
                           re.search(r"backstop --policies DIR \|(?:.*\\\n)+.*", operations).group())
        self.assertEqual(len(flags), 4, flags)
        flags = " ".join(flags).split()
        both, one = (self.printed_for(dict.fromkeys(names, ["s"])) for names in (("a", "b"), ("a",)))
        self.addCleanup(self.kubectl, "delete", "-f", "-", objects=one)
        self.kubectl.apply(both, *flags)
        self.assertEqual(self.kubectl.apply(one, *flags).out.count(" pruned\n"), 4)
        left = self.kubectl("get", "-o", "name", ",".join(sorted({
            item["kind"].lower() for item in both}))).out
        for item in both:
            name = item["metadata"]["name"]
            self.assertEqual(f"/{name}\n" in left, name.startswith("a."), left)
        self.assertIn("/tiers.pods.backstop.confidential.pods\n", left)

    def printed_for(self, guarded: dict[str, list[str]]) -> list[dict]:
        """What `backstop` prints for policies of these names, each of which guards Secrets like the
        patterns in namespaces that begin with its name."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.webhook.folder))
        shutil.copy(ROOT / "policies" / "aks-pool.yaml", folder)
        for name, patterns in guarded.items():
            (folder / f"{name}.yaml").write_text(json.dumps({
                "apiVersion": "confidential.pods/v1", "kind": "ConfidentialPolicy",
                "metadata": {"name": name}, "spec": {
                    "pool": "confidentialpool", "namespaces": [f"{name}-*"],
                    "secrets": {"names": patterns}}}))
        printed = yaml.safe_load_all(run_program("backstop", "--policies", folder).stdout)
        return [item for item in printed if item["metadata"]["name"].split(".")[0] in guarded]

    def test_the_api_server_finds_no_fault_with_the_backstops_expressions(self):
        checked = self.installation.backstop_policies()
        self.assertGreater(len(checked), 4)
        for policy in checked:
            self.assertEqual(policy["status"].get("typeChecking", {}), {}, policy["metadata"]["name"])


def load_tests(loader, standard_tests, pattern) -> unittest.TestSuite:
    """A kind of case after the other, so that the installation is arranged anew only between them."""
    suite = unittest.TestSuite(kind(each) for kind in (Works, Refused) for each in ESCAPES)
    suite.addTests(RefusedWithoutWebhooks(each) for each in ESCAPES if each.backstop is not None)
    suite.addTests(loader.loadTestsFromTestCase(WithoutWebhooks))
    return suite
