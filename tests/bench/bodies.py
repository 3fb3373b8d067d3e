"""The benchmark's request bodies: AdmissionReviews of Pod CREATE as kube-apiserver sends them.

Compact JSON in the field order of the Go types, API defaults filled in, managedFields, the service
account's token volume and the not-ready tolerations: what the mutating phase really sees for a Pod
that a ReplicaSet makes. Names and numbers come from the shapes below alone, so a size always means
the same bytes. Nothing here is recorded from anywhere.
"""

import json
import uuid

NAMESPACE = "payments"
AUTHENTICATED = "system:authenticated"
TOKEN_VOLUME = "kube-api-access-7xq2m"

# The lists that are merged by something else than a name.
MERGE_KEYS = {"ports": ["containerPort", "protocol"], "volumeMounts": ["mountPath"]}

# Containers, init containers and environment variables a container; own node affinity or none.
SHAPES = {
    "3k": {"containers": 1, "inits": 0, "env": 0, "affinity": False},
    "20k": {"containers": 3, "inits": 1, "env": 15, "affinity": True},
    "300k": {"containers": 36, "inits": 4, "env": 30, "affinity": True},
}


def environment(container, count):
    variables = []
    for i in range(count):
        name = f"{container.upper().replace('-', '_')}_SETTING_{i:02}"
        if i % 8 == 7:
            key = {"name": f"{container}-settings", "key": f"setting-{i:02}"}
            variables.append({"name": name, "valueFrom": {"configMapKeyRef": key}})
        else:
            value = f"https://{container}-{i:02}.{NAMESPACE}.svc.cluster.local:8443/v1?retry={i}"
            variables.append({"name": name, "value": value})
    return variables


def probe(path, period):
    return {
        "httpGet": {"path": path, "port": 8080, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": period,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def container(name, shape, init):
    built = {
        "name": name,
        "image": f"registry.example.com/{NAMESPACE}/{name}:2026.11.3",
        "args": ["--listen=:8080", f"--name={name}", "--filter=amount>0 && currency!=\"XXX\""],
    }
    if not init:
        built["ports"] = [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    if shape["env"]:
        built["env"] = environment(name, shape["env"])
    built["resources"] = {
        "limits": {"cpu": "500m", "memory": "256Mi"},
        "requests": {"cpu": "100m", "memory": "128Mi"},
    }
    token = "/var/run/secrets/kubernetes.io/serviceaccount"
    built["volumeMounts"] = [{"name": TOKEN_VOLUME, "readOnly": True, "mountPath": token}]
    if not init and shape["containers"] > 1:
        built["volumeMounts"].insert(0, {"name": "scratch", "mountPath": "/var/tmp"})
        built["livenessProbe"] = probe("/healthz", 10)
        built["readinessProbe"] = probe("/readyz", 5)
    built["terminationMessagePath"] = "/dev/termination-log"
    built["terminationMessagePolicy"] = "File"
    built["imagePullPolicy"] = "IfNotPresent"
    return built


def owned(value, field=""):
    """The managedFields form of a value: which of its fields its manager owns."""
    if isinstance(value, dict):
        return {f"f:{key}": owned(inner, key) for key, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        keys = MERGE_KEYS.get(field, ["name"])
        named = {json.dumps({key: item[key] for key in keys}, separators=(",", ":")): item
                 for item in value if item.get("name") != TOKEN_VOLUME}
        return {".": {}} | {f"k:{key}": {".": {}} | owned(item) for key, item in named.items()}
    return {}


def managed_fields(metadata, spec):
    labels = {"f:labels": {".": {}} | {f"f:{key}": {} for key in metadata["labels"]}}
    generated = {"f:generateName": {}, "f:ownerReferences": {".": {}}}
    given = {key: value for key, value in spec.items() if key in ("containers", "initContainers")}
    fields = {"f:metadata": generated | labels, "f:spec": owned(given) | {"f:restartPolicy": {}}}
    return [{
        "manager": "kube-controller-manager",
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-11-23T08:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }]


def node_affinity():
    """Two terms, which the scheduler ORs: the pool's requirement must end up in both."""
    def term(zone):
        key = "topology.kubernetes.io/zone"
        return {"matchExpressions": [{"key": key, "operator": "In", "values": [zone]}]}

    terms = [term("westeurope-1"), term("westeurope-2")]
    required = {"nodeSelectorTerms": terms}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def volumes(shape):
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{
            "path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
        }]}},
    ]
    token = {"name": TOKEN_VOLUME, "projected": {"sources": sources, "defaultMode": 420}}
    scratch = [{"name": "scratch", "emptyDir": {}}] if shape["containers"] > 1 else []
    return scratch + [token]


def toleration(condition):
    return {
        "key": f"node.kubernetes.io/{condition}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }


def pod(shape):
    spec = {"volumes": volumes(shape)}
    if shape["inits"]:
        spec["initContainers"] = [
            container(f"migrate-{i:02}", shape, True) for i in range(shape["inits"])
        ]
    spec["containers"] = [
        container(f"service-{i:02}", shape, False) for i in range(shape["containers"])
    ]
    spec |= {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "securityContext": {},
    }
    if shape["affinity"]:
        spec["affinity"] = node_affinity()
    spec |= {
        "schedulerName": "default-scheduler",
        "tolerations": [toleration("not-ready"), toleration("unreachable")],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "checkout-6f9d5c8b7",
        "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, "replicaset.bench")),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    metadata = {
        "generateName": "checkout-6f9d5c8b7-",
        "namespace": NAMESPACE,
        "labels": {"app": "checkout", "pod-template-hash": "6f9d5c8b7"},
        "ownerReferences": [owner],
    }
    metadata["managedFields"] = managed_fields(metadata, spec)
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": {}}


def review(size):
    """The AdmissionReview of one of the SHAPES, as a value."""
    pods = {"group": "", "version": "v1"}
    kind, resource = pods | {"kind": "Pod"}, pods | {"resource": "pods"}
    controller = "system:serviceaccount:kube-system:replicaset-controller"
    service_accounts = ["system:serviceaccounts", "system:serviceaccounts:kube-system"]
    request = {
        "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{size}.bench")),
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "namespace": NAMESPACE,
        "operation": "CREATE",
        "userInfo": {"username": controller, "groups": [*service_accounts, AUTHENTICATED]},
        "object": pod(SHAPES[size]),
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}


def encoded(value):
    """Compact JSON as Go's encoder writes it, which escapes the three characters HTML reserves."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def fixed_reply():
    """What the floor answers to everything: an AdmissionReview of 1.5 KB, patch and all."""
    response = {
        "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, "floor.bench")),
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": "",
    }
    reply = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response}
    response["patch"] = "QUJD" * ((1500 - len(encoded(reply))) // 4)
    return encoded(reply)
