"""The Pods that workloads make, as their controllers and the API server's own plugins would send
them to the webhook, and constraints to put upon them that real workloads seldom have."""

import copy
import random

from scheduler import REQUIRED

NAMESPACE = "opted-in"
TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_VOLUME = "kube-api-access-x7f2q"
STEP = "confidential-pods-attest"
OUTPUT_VOLUME = "confidential-pods-output"
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
DAEMON_NODE = "confidential-0"


def pod_template(workload):
    if workload["kind"] == "CronJob":
        return workload["spec"]["jobTemplate"]["spec"]["template"]
    return workload["spec"]["template"]


def pod_spec(workload):
    """The spec of a Pod of the workload: a StatefulSet's mounts a claim for each claim template."""
    spec = pod_template(workload)["spec"]
    claims = workload["spec"].get("volumeClaimTemplates") or []
    if workload["kind"] != "StatefulSet" or not claims:
        return spec
    names = sorted(claim["metadata"]["name"] for claim in claims)
    volumes = [{"name": name, "persistentVolumeClaim": {
        "claimName": f"{name}-{workload['metadata']['name']}-0"}} for name in names]
    volumes += [each for each in spec.get("volumes") or [] if each["name"] not in names]
    return {**spec, "volumes": volumes}


def containers_of(spec):
    return [each for name in CONTAINER_LISTS for each in spec.get(name) or []]


def require(spec, terms):
    """Makes these the terms of the required node affinity, in place of any that are there."""
    affinity = spec["affinity"] = dict(spec.get("affinity") or {})
    affinity["nodeAffinity"] = {**(affinity.get("nodeAffinity") or {}),
                                REQUIRED: {"nodeSelectorTerms": terms}}


def bind_daemon(spec):
    """The DaemonSet controller names the node in the affinity, in place of every term."""
    require(spec, [{"matchFields": [
        {"key": "metadata.name", "operator": "In", "values": [DAEMON_NODE]}]}])
    spec["tolerations"] = [*(spec.get("tolerations") or []), *(
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
        for key, effect in (("not-ready", "NoExecute"), ("unreachable", "NoExecute"),
                            ("disk-pressure", "NoSchedule"), ("memory-pressure", "NoSchedule"),
                            ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule")))]


def mount_token(spec):
    """What the ServiceAccount plugin does before webhooks are asked."""
    if spec.get("automountServiceAccountToken") is False:
        return
    spec["volumes"] = [*(spec.get("volumes") or []), {"name": TOKEN_VOLUME, "projected": {
        "sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}]
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        mounts = container.get("volumeMounts") or []
        if not any(each.get("mountPath") == TOKEN_FOLDER for each in mounts):
            container["volumeMounts"] = [*mounts, {
                "name": TOKEN_VOLUME, "mountPath": TOKEN_FOLDER, "readOnly": True}]


def pod_of(workload):
    """The first Pod of the workload, or the Pod that the object is."""
    kind, name = workload["kind"], workload["metadata"].get("name", "unnamed")
    if kind == "Pod":
        pod = copy.deepcopy(workload)
    else:
        metadata = copy.deepcopy(pod_template(workload).get("metadata") or {})
        metadata |= {"name": f"{name}-0"} if kind == "StatefulSet" else {"generateName": f"{name}-"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
               "spec": copy.deepcopy(pod_spec(workload))}
    if kind == "DaemonSet":
        bind_daemon(pod["spec"])
    pod["metadata"]["namespace"] = NAMESPACE
    mount_token(pod["spec"])
    return pod


def review_of(pod, uid):
    """The AdmissionReview by which the API server asks about the Pod's creation."""
    pods = {"group": "", "version": "v1", "resource": "pods"}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": str(uid), "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": pods,
        "namespace": pod["metadata"]["namespace"], "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
        "object": pod, "oldObject": None, "dryRun": False}}


def expression(key, operator, *values):
    return {"key": key, "operator": operator, "values": list(values)} if values else {
        "key": key, "operator": operator}


def term(*expressions, name=None):
    """A term with these expressions; `name` is an expression about metadata.name."""
    made = {"matchExpressions": list(expressions)} if expressions else {}
    return {**made, "matchFields": [name]} if name else made


POOL, TYPE = "agentpool", "kubernetes.azure.com/security-type"
ZONE, WEIGHT = "topology.kubernetes.io/zone", "zone_weight"
NAME = "metadata.name"
HERE = expression(POOL, "In", "confidentialpool")
THERE = expression(POOL, "In", "standardpool")

# Terms of a required node affinity, each list a Pod's.
AFFINITIES = [
    [term(HERE)], [term(THERE)], [term(HERE), term(THERE)], [term(THERE), term(HERE)], [], [{}],
    [{}, term(HERE)], [{}, term(THERE)], [term(THERE), term(expression(TYPE, "In", "None"))],
    [term(expression(POOL, "In", "standardpool", "confidentialpool"))],
    [term(expression(POOL, "NotIn", "confidentialpool"))],
    [term(expression(POOL, "NotIn", "standardpool"))], [term(expression(POOL, "Exists"))],
    [term(expression(POOL, "DoesNotExist"))], [term(expression(TYPE, "DoesNotExist"), HERE)],
    [term(expression(POOL, "Gt", "5"))], [term(expression(TYPE, "Lt", "5"))],
    [term(expression(WEIGHT, "Gt", "3"), expression(WEIGHT, "Lt", "5"))],
    [term(expression(WEIGHT, "Gt", "3"), expression(WEIGHT, "Lt", "5"),
          expression(WEIGHT, "NotIn", "4"))],
    [term(expression(WEIGHT, "Gt", "5"), expression(WEIGHT, "Lt", "6"))],
    [term(expression(WEIGHT, "Gt", "9223372036854775807")), term(THERE)],
    [term(expression(WEIGHT, "Lt", "heavy"))],
    [term(expression(ZONE, "In", "1"), expression(ZONE, "In", "2"))],
    [term(expression(ZONE, "In", "1"), HERE), term(expression(ZONE, "In", "2"), THERE)],
    [term(name=expression(NAME, "In", DAEMON_NODE))],
    [term(name=expression(NAME, "In", "a", "b"))], [term(name=expression(NAME, "NotIn", "a"))],
    [term(THERE, name=expression(NAME, "In", DAEMON_NODE))],
    [term(expression(ZONE, "NotIn", "1", "2"), expression(ZONE, "Exists"))],
    [term(expression(ZONE, "In", "1"), expression(ZONE, "DoesNotExist")), term(HERE)],
    [term(expression(ZONE, "In", *map(str, range(10_001))))],
]
SELECTORS = [{POOL: "confidentialpool"}, {POOL: "standardpool"}, {TYPE: "ConfidentialVM"},
             {TYPE: ""}, {ZONE: "1"}, {POOL: "confidentialpool2", ZONE: "2"}]
TOLERATIONS = [[{"operator": "Exists"}], [{"key": "team", "operator": "Exists"}],
               [{"key": "team", "value": "payments", "effect": "NoSchedule"}],
               [{"key": "team", "value": "identity", "effect": "NoExecute"}],
               [{"key": "confidential.pods/only", "operator": "Exists", "effect": "NoSchedule"}]]


def add_secret(spec, name):
    spec["volumes"] = [*(spec.get("volumes") or []),
                       {"name": "guarded", "secret": {"secretName": name}}]


def add_container(spec, container, where="containers"):
    spec[where] = [*(spec.get(where) or []), container]


def guarded_elsewhere(spec):
    require(spec, [term(THERE)])
    add_secret(spec, "confidential-db")


def grafts():
    """Each a name and a change of a Pod's spec."""
    for i, terms in enumerate(AFFINITIES):
        yield f"affinity {i}", lambda spec, terms=terms: require(spec, copy.deepcopy(terms))
    for i, selector in enumerate(SELECTORS):
        yield f"selector {i}", lambda spec, selector=selector: spec.update(nodeSelector=selector)
        yield f"selector {i} with affinity", lambda spec, selector=selector: (
            spec.update(nodeSelector=selector), require(spec, [term(HERE), term(THERE)]))
    for i, wanted in enumerate(TOLERATIONS):
        yield f"tolerations {i}", lambda spec, wanted=wanted: spec.update(tolerations=wanted)
    yield "a node's name", lambda spec: spec.update(nodeName="confidential-0")
    yield "a guarded secret", lambda spec: add_secret(spec, "confidential-db")
    yield "a guarded secret elsewhere", guarded_elsewhere
    yield "the reserved name", lambda spec: add_container(spec, {"name": STEP, "image": "mine"})
    yield "a step of its own", lambda spec: add_container(
        spec, {"name": STEP, "image": "mine"}, "initContainers")
    yield "the step's volume", lambda spec: add_container(spec, {
        "name": "forger", "image": "mine",
        "volumeMounts": [{"name": OUTPUT_VOLUME, "mountPath": "/run/forged"}]})


VALUES = {POOL: ["confidentialpool", "confidentialpool2", "standardpool", "7"],
          TYPE: ["ConfidentialVM", "None"], ZONE: ["1", "2", "3"], WEIGHT: ["3", "4", "5"]}


def random_expression(draw):
    key = draw.choice(list(VALUES))
    operator = draw.choice(["In", "In", "NotIn", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"])
    if operator in ("Exists", "DoesNotExist"):
        return expression(key, operator)
    most = 1 if operator in ("Gt", "Lt") else len(VALUES[key])
    return expression(key, operator, *draw.sample(VALUES[key], draw.randint(1, most)))


def constrain_at_random(spec, seed):
    """A nodeSelector, a required node affinity or both, the same for the same seed."""
    draw = random.Random(seed)
    if draw.random() < 0.4:
        keys = draw.sample(list(VALUES), draw.randint(1, 2))
        spec["nodeSelector"] = {key: draw.choice(VALUES[key]) for key in keys}
    if draw.random() < 0.8:
        terms = [term(*(random_expression(draw) for _ in range(draw.randint(0, 3))))
                 for _ in range(draw.randint(1, 3))]
        if draw.random() < 0.2:
            draw.choice(terms)["matchFields"] = [
                expression(NAME, draw.choice(["In", "NotIn"]), DAEMON_NODE)]
        require(spec, terms)
