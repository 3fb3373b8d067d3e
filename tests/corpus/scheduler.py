"""Which nodes take a Pod: the scheduler's semantics, written down as naively as can be.

It shares nothing with the product's proof: it looks at one node after the other. A node is a dict
with name, labels and taints. Semantics: component-helpers scheduling/corev1/nodeaffinity,
apimachinery pkg/labels/selector.go, and Toleration.ToleratesTaint.
"""

import itertools
import random
import re

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
INTEGER = re.compile(r"[+-]?[0-9]+")
# More worlds than this are not looked at one by one; what has to be exhaustive fails instead.
MOST_WORLDS = 20_000
UNSPOKEN = "nobody-says-this"


class TooManyWorlds(Exception):
    """A Pod speaks of so much that not all of its worlds can be looked at."""


def integer(text):
    if text is None or not INTEGER.fullmatch(text) or not -2**63 <= int(text) < 2**63:
        return None
    return int(text)


def holds(expression, value):
    """Whether the expression holds of a node whose label (or field) has the value; None: absent."""
    operator, values = expression["operator"], expression.get("values") or []
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return bool(values) and value not in values
    if operator in ("Exists", "DoesNotExist"):
        return not values and (value is not None) == (operator == "Exists")
    if operator in ("Gt", "Lt") and len(values) == 1:
        number, bound = integer(value), integer(values[0])
        if number is None or bound is None:
            return False
        return number > bound if operator == "Gt" else number < bound
    return False  # what cannot be parsed makes its term match nothing


def field_holds(field, node):
    if field["key"] != "metadata.name" or field["operator"] not in ("In", "NotIn"):
        return False
    return len(field.get("values") or []) == 1 and holds(field, node["name"])


def term_matches(term, node):
    expressions = term.get("matchExpressions") or []
    fields = term.get("matchFields") or []
    if not expressions and not fields:
        return False
    return all(holds(each, node["labels"].get(each["key"])) for each in expressions) and \
        all(field_holds(each, node) for each in fields)


def terms_of(spec):
    """The ORed terms of the required node affinity, or None where there is none."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get(REQUIRED)
    return None if required is None else required.get("nodeSelectorTerms") or []


def takes(node, spec):
    """Whether nodeSelector and required node affinity let the Pod onto the node."""
    selector = spec.get("nodeSelector") or {}
    if any(node["labels"].get(key) != value for key, value in selector.items()):
        return False
    terms = terms_of(spec)
    return terms is None or any(term_matches(term, node) for term in terms)


def tolerates(spec, taint):
    """Whether some toleration of the Pod is about this taint."""
    def about(toleration):
        if toleration.get("effect") and toleration["effect"] != taint["effect"]:
            return False
        if toleration.get("key") and toleration["key"] != taint["key"]:
            return False
        if toleration.get("operator") == "Exists":
            return True
        return toleration.get("key") == taint["key"] and \
            toleration.get("value", "") == taint.get("value", "")
    return any(about(each) for each in spec.get("tolerations") or [])


def welcomes(node, spec):
    """Whether the Pod may be scheduled there: labels, name and taints."""
    return takes(node, spec) and all(
        tolerates(spec, taint) for taint in node["taints"] if taint["effect"] != "PreferNoSchedule")


def spoken_of(spec):
    """What the Pod says of each label key, and of the node's name under None."""
    said = {}
    for key, value in (spec.get("nodeSelector") or {}).items():
        said.setdefault(key, []).append({"operator": "In", "values": [value]})
    for term in terms_of(spec) or []:
        for each in term.get("matchExpressions") or []:
            said.setdefault(each["key"], []).append(each)
        for each in term.get("matchFields") or []:
            said.setdefault(None, []).append(each)
    return said


def telling_values(expressions):
    """Values that tell these expressions apart: those they name, those next to their bounds in
    spellings enough that NotIn cannot name them all, none at all, and one that nobody names."""
    named = {value: None for each in expressions for value in each.get("values") or []}
    values = dict(named)
    for each in expressions:
        if each["operator"] in ("Gt", "Lt"):
            for bound in filter(None.__ne__, map(integer, each.get("values") or [])):
                near = [bound + step for step in (-1, 1)]
                values |= {f"{'0' * zeros}{number}" if number >= 0 else str(number): None
                           for number in near for zeros in range(len(named) + 1)}
    return [*values, UNSPOKEN, None]


def axes(specs, pool, on_pool):
    """For each label key (None: the name) the values that worlds give it."""
    said = {}
    for spec in specs:
        for key, expressions in spoken_of(spec).items():
            said.setdefault(key, []).extend(expressions)
    for key in pool.labels:
        said.setdefault(key, [])
    found = {}
    for key, expressions in said.items():
        allowed = pool.labels.get(key, [])
        if on_pool and allowed:
            found[key] = allowed
        else:
            values = list(dict.fromkeys([*allowed, *telling_values(expressions)]))
            found[key] = [each for each in values if each is not None] if key is None else values
    return found


def node_of(keys, values):
    labels = {key: value for key, value in zip(keys, values)
              if key is not None and value is not None}
    name = dict(zip(keys, values)).get(None, UNSPOKEN)
    return {"name": name, "labels": labels, "taints": []}


def worlds_on_pool(specs, pool):
    """Every node, as far as these Pods can tell, that carries the pool's labels."""
    found = axes(specs, pool, on_pool=True)
    size = 1
    for values in found.values():
        size *= len(values)
    if size > MOST_WORLDS:
        raise TooManyWorlds(f"{size} worlds")
    return [node_of(found.keys(), values) for values in itertools.product(*found.values())]


def worlds_anywhere(specs, pool, count, seed):
    """Some nodes, in the pool or not: all that these Pods can tell apart, or a sample of them."""
    found = axes(specs, pool, on_pool=False)
    size = 1
    for values in found.values():
        size *= len(values)
    if size <= count:
        drawn = itertools.product(*found.values())
    else:
        draw = random.Random(seed)
        drawn = ([draw.choice(values) for values in found.values()] for _ in range(count))
    return [node_of(found.keys(), values) for values in drawn]


def in_pool(node, pool):
    return all(node["labels"].get(key) in allowed for key, allowed in pool.labels.items())
