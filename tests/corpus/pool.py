"""A pool as its policy file describes it, and the folders of policies that the corpus is put to.

As shipped there is one pool, without taints. The others are what its comments invite to: one that
is tainted, chosen by several values and gives its device by resource, where a guarded secret places
the Pod that uses it; and one without attestation.
"""

import copy
import pathlib

import yaml

POOL_FILE, SECRETS_FILE = "aks-pool.yaml", "secret-guard.yaml"
TOLERATIONS = [{"key": "confidential.pods/only", "operator": "Exists", "effect": "NoSchedule"},
               {"key": "team", "operator": "Equal", "value": "payments", "effect": "NoExecute"}]


class Pool:
    """Labels that its nodes have (key to allowed values), and taints that its Pods tolerate."""

    def __init__(self, document):
        spec = document["spec"]
        nodes = spec["nodes"]
        self.labels = {key: [value] for key, value in (nodes.get("matchLabels") or {}).items()}
        self.labels |= {each["key"]: each["values"] for each in nodes.get("matchExpressions") or []}
        self.taints = [{"key": each["key"], "value": each.get("value", ""),
                        "effect": each["effect"]} for each in spec.get("tolerations") or []]
        self.attests = "attestation" in spec

    def plain_nodes(self):
        """Nodes with exactly the pool's labels and taints, one for each value that is allowed."""
        most = max(len(values) for values in self.labels.values())
        for i in range(most):
            yield {"name": f"confidential-{i}", "taints": self.taints, "labels": {
                key: values[i % len(values)] for key, values in self.labels.items()}}


def tainted(pool, secrets):
    pool["spec"]["tolerations"] = TOLERATIONS
    pool["spec"]["nodes"]["matchExpressions"][0]["values"].append("confidentialpool2")
    pool["spec"]["attestation"]["device"] = {"resource": "example.com/tpm"}
    secrets["spec"]["secrets"]["onUse"] = "Place"


def without_attestation(pool, _):
    del pool["spec"]["attestation"]


SETTINGS = {"as shipped": lambda *_: None, "tainted": tainted,
            "without attestation": without_attestation}


def settings(shipped, scratch):
    """Each setting's name with its folder of policies and its pool."""
    originals = {path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
                 for path in shipped.glob("*.yaml")}
    for name, change in SETTINGS.items():
        documents = copy.deepcopy(originals)
        change(documents[POOL_FILE], documents[SECRETS_FILE])
        folder = pathlib.Path(scratch) / name.replace(" ", "-")
        folder.mkdir()
        for file, document in documents.items():
            (folder / file).write_text(yaml.safe_dump(document), encoding="utf-8")
        yield name, folder, Pool(documents[POOL_FILE])
