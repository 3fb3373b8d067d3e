"""What an escape is, and the scene that it is tried in.

An escape is a function of the scene. It prepares, makes its try with no more rights than the try
needs, and returns what was said against it ("" when nothing was) and how to see that it worked.
"""

import dataclasses
import json
from typing import Callable

from harness.control_plane import STANDARD_NODE
from harness.installation import OPT_IN_LABEL, Installation
from harness.kubectl import Answer, Kubectl
from harness.processes import wait_until

import pods

Attempt = tuple[str, Callable[[], bool]]

# Binds the Pod to nothing; it only has the Pod land on the ordinary node where it may.
LURE = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
    {"weight": 100, "preference": {"matchExpressions": [
        pods.expression("agentpool", "standardpool")]}}]}}


@dataclasses.dataclass(frozen=True)
class Escape:
    name: str  # a sentence in snake_case
    words: str  # of the refusal; {secret} is the guarded Secret, {name} the Pod
    attempt: Callable[["Scene"], Attempt]
    backstop: str | None = None  # words of the refusal when there is no webhook; None: there is none


ESCAPES: list[Escape] = []


def escape(words: str, backstop: str | None):
    """Puts the function into the table; the refusals of what it tries must hold the words."""
    def add(function):
        ESCAPES.append(Escape(function.__name__, words, function, backstop))
        return function
    return add


def refusal(answer: Answer) -> str:
    """What was said against the call, by a webhook if one did; empty when it went through."""
    if answer.code == 0:
        return ""
    return told(answer.err) or answer.err


def told(text: str) -> str:
    """What a webhook, or an admission policy of the API server's own, gave as its reason."""
    return text.partition("denied the request: ")[2] or text.partition("denied request: ")[2]


class Ground:
    """Three namespaces and the identities, once a kind of case.

    pay guards db-*, tier keeps Pods with the label tier=db on the pool, labelled has opted in.
    """

    def __init__(self, installation: Installation, suffix: str):
        self.pay, self.tier, self.labelled = (
            f"{policy}-{suffix}" for policy in ("pay", "tier", "labelled"))
        control_plane = installation.control_plane
        self.administrator = control_plane.kubectl
        self.author = control_plane.kubectl_as("author", "/CN=author")
        self.labeller = control_plane.kubectl_as("labeller", "/CN=labeller")
        self.scheduler = control_plane.kubectl_as("second-scheduler", "/CN=second-scheduler")
        self.kubelet = control_plane.kubectl_as(
            "kubelet", f"/O=system:nodes/CN=system:node:{STANDARD_NODE}")
        self._make()

    def _make(self) -> None:
        objects = [cluster_role_binding("second-scheduler", "system:kube-scheduler"),
                   cluster_role_binding("labeller", "cluster-admin")]
        for name in (self.pay, self.tier, self.labelled):
            labels = {OPT_IN_LABEL: "true"} if name == self.labelled else {}
            objects += [{"apiVersion": "v1", "kind": "Namespace",
                         "metadata": {"name": name, "labels": labels}},
                        _role_binding(name, "author", "edit")]
        objects += [pods.secret(self.pay, secret_of(each.name)) for each in ESCAPES]
        self.administrator.apply(objects)
        for name in (self.pay, self.tier, self.labelled):
            wait_for_service_account(self.administrator, name)


def wait_for_service_account(kubectl: Kubectl, namespace: str) -> None:
    """Pods of a namespace are refused until its default account has been made."""
    wait_until(f"the service account of {namespace}", lambda: kubectl.run(
        "get", "serviceaccount", "default", "-n", namespace).code == 0, 15, every=0.1)


def secret_of(name: str) -> str:
    return "db-" + name.replace("_", "-")


class Scene:
    """One escape's part of the ground: a Pod and a guarded Secret that no other escape names."""

    def __init__(self, ground: Ground, name: str, add_cleanup):
        self.pay, self.tier, self.labelled = ground.pay, ground.tier, ground.labelled
        self.administrator, self.author = ground.administrator, ground.author
        self.scheduler, self.kubelet = ground.scheduler, ground.kubelet
        self.labeller = ground.labeller
        self.name = name.replace("_", "-")
        self.secret = secret_of(name)
        self.add_cleanup = add_cleanup

    # What an escape prepares.

    def pod(self, namespace: str, labels: dict | None = None, **spec) -> dict:
        """The escape's Pod; it would rather be on the ordinary node."""
        made = pods.pod(namespace, self.name, **{"affinity": LURE} | spec)
        made["metadata"]["labels"] = labels or {}
        return made

    def reading_pod(self, **spec) -> dict:
        """The Pod in the namespace whose db-* are guarded; its container reads one."""
        return self.pod(self.pay, **{"containers": [self.reading()]} | spec)

    def reading(self, name: str = "main", **fields) -> dict:
        """A container that reads the guarded Secret."""
        return {"name": name, "image": pods.IMAGE,
                "envFrom": [{"secretRef": {"name": self.secret}}]} | fields

    def leaving(self) -> str:
        """A namespace that has opted in, with a Pod that runs in it; returns its name."""
        namespace = f"{self.labelled}-{self.name}"
        self.administrator.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": namespace, "labels": {OPT_IN_LABEL: "true"}}})
        wait_for_service_account(self.administrator, namespace)
        self.administrator.create(self.pod(namespace))
        self.administrator.wait_running(namespace, self.name)
        return namespace

    def running(self, namespace: str, labels: dict | None = None, **spec) -> None:
        """Has the author create the Pod and waits until it is Running."""
        self.author.create(self.pod(namespace, labels, **spec))
        self.administrator.wait_running(namespace, self.name)

    # What an escape tries; each returns what was said against it.

    def create(self, *objects: dict) -> str:
        return refusal(self.author.run("create", "-f", "-", objects=list(objects)))

    def patch(self, who: Kubectl, namespace: str, change: dict, *words: str) -> str:
        return refusal(who.run("patch", "pod", self.name, "-n", namespace,
                               "-p", json.dumps(change), *words))

    def debug(self, namespace: str, **container) -> str:
        """Adds an ephemeral container, which the role `edit` may not."""
        return self.patch(self.administrator, namespace,
                          {"spec": {"ephemeralContainers": [container]}},
                          "--subresource=ephemeralcontainers")

    def bind(self, who: Kubectl, namespace: str, path: str) -> str:
        """Binds the Pod to the ordinary node; `path` is that of the API."""
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": self.name},
                   "target": {"apiVersion": "v1", "kind": "Node", "name": STANDARD_NODE}}
        return refusal(who.run("create", "--raw", f"/api/v1/namespaces/{namespace}/{path}",
                               "-f", "-", objects=binding))

    def create_workload(self, workload: dict) -> str:
        """Creates what makes Pods; returns what its controller heard when it made one."""
        self.author.create(workload)

        def outcome():
            if self.administrator.items("pods", self.pay, f"app={self.name}"):
                return "made"
            events = self.administrator.events(self.pay, "FailedCreate")
            messages = [event["message"] for event in events
                        if event["involvedObject"]["name"].startswith(self.name)]
            return messages[0] if messages else None
        heard = wait_until("its controller makes a Pod or fails to", outcome, 20, every=0.1)
        return "" if heard == "made" else told(heard)

    # How to see that it worked.

    def node_reads(self) -> bool:
        """The kubelet of the ordinary node reads the Secret; only a Pod bound there opens it."""
        return self.kubelet.run("get", "secret", self.secret, "-n", self.pay).code == 0

    def stored(self, namespace: str) -> dict:
        """The Pod; an empty one when it does not exist."""
        answer = self.administrator.run("get", "pod", self.name, "-n", namespace, "-o", "json")
        return json.loads(answer.out) if answer.code == 0 else {"metadata": {}, "spec": {}}

    def on_ordinary_node(self, namespace: str) -> bool:
        return self.stored(namespace)["spec"].get("nodeName") == STANDARD_NODE

    def has_label(self, namespace: str, value: str | None) -> bool:
        """The Pod's label tier is this; None: it has none."""
        return self.stored(namespace)["metadata"].get("labels", {}).get("tier") == value


def _role_ref(role: str) -> dict:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}


def cluster_role_binding(user: str, role: str) -> dict:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": user}, "roleRef": _role_ref(role),
            "subjects": [{"kind": "User", "name": user}]}


def _role_binding(namespace: str, user: str, role: str) -> dict:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": user, "namespace": namespace}, "roleRef": _role_ref(role),
            "subjects": [{"kind": "User", "name": user}]}
