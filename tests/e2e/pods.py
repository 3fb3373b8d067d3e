"""Objects that the cases create, each as small as the API server accepts."""

IMAGE = "example.com/main:1"
AGENTPOOL = {"key": "agentpool", "operator": "In", "values": ["confidentialpool"]}
SECURITY_TYPE = {"key": "kubernetes.azure.com/security-type", "operator": "In",
                 "values": ["ConfidentialVM"]}


def pod(namespace: str, name: str = "web", **spec) -> dict:
    """A Pod with one container; `spec` adds fields of the Pod's spec, or replaces them."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
            "spec": {"containers": [{"name": "main", "image": IMAGE}],
                     # A token volume's random name would make no two stored Pods alike.
                     "automountServiceAccountToken": False} | spec}


def deployment(namespace: str, name: str = "web", replicas: int = 1, **spec) -> dict:
    """A Deployment whose template has the spec of pod()."""
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels},
                                  "spec": pod(namespace, **spec)["spec"]}}}


def required(*terms: list[dict]) -> dict:
    """A required node affinity; each term is a list of expressions."""
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": list(term)} for term in terms]}}}


def expression(key: str, *values: str, operator: str = "In") -> dict:
    return {"key": key, "operator": operator, "values": list(values)}


def secret(namespace: str, name: str) -> dict:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {
        "name": name, "namespace": namespace}, "stringData": {"password": "not-a-secret"}}


def bound_to_pool(stored: dict) -> bool:
    """Whether every required term, with the nodeSelector, demands both labels of the pool."""
    selected = [expression(key, value)
                for key, value in stored["spec"].get("nodeSelector", {}).items()]
    terms = terms_of(stored)
    return bool(terms) and all(demanded in [*selected, *term["matchExpressions"]]
                               for term in terms for demanded in (AGENTPOOL, SECURITY_TYPE))


def terms_of(stored: dict) -> list[dict]:
    """The required node selector terms of a stored Pod."""
    affinity = stored["spec"].get("affinity", {}).get("nodeAffinity", {})
    return affinity.get("requiredDuringSchedulingIgnoredDuringExecution",
                        {}).get("nodeSelectorTerms", [])
