"""The landing proof: a Pod that a policy selects is placed and then accepted, or is refused for
what is truly so, and where it is placed it lands wherever on the pool it would have landed before.

What the product says is compared with scheduler.py, which looks at nodes one by one.
"""

import collections
import copy
import functools
import json

import pod_form
import workload_pods
from command import patched, review
from scheduler import (REQUIRED, in_pool, takes, terms_of, tolerates, welcomes,
                       worlds_anywhere, worlds_on_pool)
from workload_pods import (NAMESPACE, OUTPUT_VOLUME, STEP, constrain_at_random, containers_of,
                           grafts, pod_of, review_of)

STEP_VOLUMES = (OUTPUT_VOLUME, "confidential-pods-no-token", "confidential-pods-device")
MOST_WORDS = 10_000
SAMPLE = 60


def once(judge):
    """Real Pods say the same few things about nodes: each is looked at once."""
    known = {}

    @functools.wraps(judge)
    def judged(*specs, pool):
        key = json.dumps([pool.labels, pool.taints, *map(about_nodes, specs)])
        if key not in known:
            known[key] = judge(*map(about_nodes, specs), pool=pool)
        return known[key]
    return judged


def about_nodes(spec):
    """All of the spec that says where it runs."""
    terms = terms_of(spec)
    made = {"nodeSelector": spec.get("nodeSelector") or {},
            "tolerations": spec.get("tolerations") or []}
    if terms is not None:
        workload_pods.require(made, terms)
    return made


@once
def can_land(spec, *, pool):
    """Whether any node with the pool's labels, and whatever else the Pod asks for, takes it."""
    return any(takes(node, spec) for node in worlds_on_pool([spec], pool))


def words_about_nodes(spec):
    """Entries, terms, expressions and values, of which the product reads so many and no more."""
    count = len(spec.get("nodeSelector") or {})
    for term in terms_of(spec) or []:
        said = [*(term.get("matchExpressions") or []), *(term.get("matchFields") or [])]
        count += 1 + sum(1 + len(each.get("values") or []) for each in said)
    return count


def is_ruled_out(spec, pool):
    return words_about_nodes(spec) > MOST_WORDS or not can_land(spec, pool=pool)


def names_guarded(spec):
    """Whether it names anything like the Secrets that the shipped policy guards."""
    texts = json.dumps({**spec, "volumes": [each for each in spec.get("volumes") or []
                                            if each.get("name") not in STEP_VOLUMES]})
    return '"secretName": "confidential-' in texts or '"name": "confidential-' in texts


def meddles_with_step(spec):
    late = [*(spec.get("containers") or []), *(spec.get("ephemeralContainers") or [])]
    return any(each.get("name") == STEP for each in late) or any(
        mount.get("name") in STEP_VOLUMES for each in containers_of(spec)
        for mount in each.get("volumeMounts") or [] if each.get("name") != STEP)


def cannot_have_step(spec):
    """A Pod for Windows, or one whose own resources are below the step's."""
    texts = json.dumps(spec)
    own = {name: pod_form.quantity(amount)
           for name, amount in {**((spec.get("resources") or {}).get("limits") or {}),
                                **((spec.get("resources") or {}).get("requests") or {})}.items()}
    return '"hostProcess": true' in texts or (spec.get("os") or {}).get("name") == "windows" or any(
        own.get(name, least) < least for name, least in
        {"cpu": pod_form.quantity("100m"), "memory": pod_form.quantity("64Mi")}.items())


# What has to be so of a Pod that is refused with this reason.
TRUTHS = {
    "NotGuaranteed": is_ruled_out,
    "SecretOffPool": lambda spec, pool: names_guarded(spec) and is_ruled_out(spec, pool),
    "StepUnfit": lambda spec, pool: pool.attests and cannot_have_step(spec),
    "NodeName": lambda spec, pool: bool(spec.get("nodeName")),
    "StepAltered": lambda spec, pool: pool.attests and meddles_with_step(spec),
}


def fault_of_refusal(spec, reasons, pool):
    for reason in reasons:
        if reason not in TRUTHS:
            return f"refused for {reason}, which nothing here explains"
        if not TRUTHS[reason](spec, pool):
            return f"refused for {reason}, which is not so"
    return ""


@once
def fault_of_landing(before, after, *, pool):
    """What the placement changed about where the Pod runs, beyond keeping it in the pool."""
    landed = False
    for node in worlds_on_pool([before, after], pool):
        wanted, given = takes(node, before), takes(node, after)
        landed = landed or given
        if wanted != given:
            return "a node of the pool takes the Pod " + ("before" if wanted else "after") + " only"
        for key in pool.labels if given else ():
            for other in (None, "elsewhere"):
                labels = {**node["labels"], key: other}
                if takes({**node, "labels": labels}, after):
                    return f"it may run where {key} is {other}"
    if not landed:
        return "placed, and no node of the pool can take it"
    for node in worlds_anywhere([before, after], pool, SAMPLE, seed=len(json.dumps(before))):
        if takes(node, after) and not in_pool(node, pool):
            return f"it may run on {json.dumps(node['labels'])}"
    for node in pool.plain_nodes():
        if takes(node, before) and not welcomes(node, after):
            return "a plain node of the pool would take it, and it is kept off"
    if not all(tolerates(after, taint) for taint in pool.taints):
        return "it does not tolerate every taint of the pool"
    return ""


def without_step(spec):
    """The spec without what a placement may add, for comparison."""
    rest = copy.copy(spec)
    affinity = dict(rest.get("affinity") or {})
    nodes = {key: value for key, value in (affinity.pop("nodeAffinity", None) or {}).items()
             if key != REQUIRED}
    rest["affinity"] = {**affinity, **({"nodeAffinity": nodes} if nodes else {})}
    rest["initContainers"] = [each for each in spec.get("initContainers") or []
                              if each.get("name") != STEP]
    rest["volumes"] = [each for each in spec.get("volumes") or []
                       if each.get("name") not in STEP_VOLUMES]
    rest.pop("tolerations", None)
    return {key: value for key, value in rest.items() if value or key not in (
        "affinity", "initContainers", "volumes")}


def fault_of_change(before, after):
    """Whatever is the Pod's own stays: containers, ports, resources, preferences, tolerations."""
    if without_step(before) != without_step(after):
        return "more was changed than placement and the step need"
    own = before.get("tolerations") or []
    if (after.get("tolerations") or [])[:len(own)] != own:
        return "its own tolerations were changed"
    terms = terms_of(before)
    if terms is not None and len(terms) != len(terms_of(after)):
        return "there are more or fewer terms than before"
    return ""


def fault_of_weight(before, after):
    """The step asks for little, runs before the others, and so adds to no sum."""
    step = next((each for each in after.get("initContainers") or [] if each["name"] == STEP), None)
    if step is None:
        return ""
    if step.get("ports"):
        return "the step has a port"
    asked, least = pod_form.demand(after), pod_form.demand(before)
    if asked != pod_form.at_least(least, pod_form.requests_of(step)):
        return "the Pod asks for more than itself and the step, whichever is larger"
    if pod_form.quality(before) == "Guaranteed" != pod_form.quality(after):
        return "a Guaranteed Pod is no longer one"
    return ""


class Outcome:
    """What became of a group of Pods."""

    def __init__(self):
        self.words = collections.Counter()
        self.grown = collections.Counter()
        self.were_best_effort = 0

    def note_weight(self, before, after):
        least, asked = pod_form.demand(before), pod_form.demand(after)
        for name, amount in asked.items():
            self.grown[name] = max(self.grown[name], amount - least.get(name, 0))
        self.were_best_effort += pod_form.quality(before) != pod_form.quality(after)

    def told(self):
        """One line: how many came out how, and what the step costs them."""
        parts = [f"{self.words.total()} Pods"]
        parts += [f"{count} {word}" for word, count in sorted(self.words.items())]
        cpu, memory = float(self.grown["cpu"]), float(self.grown["memory"]) / 2**20
        parts.append(f"requests grow by at most {cpu:g} cpu and {memory:g} Mi")
        if self.were_best_effort:
            parts.append(f"{self.were_best_effort} are Burstable for the step's requests alone")
        return ", ".join(parts)


def fault_of_pod(pod, answer, second, pool, outcome):
    spec = pod["spec"]
    if not answer["allowed"]:
        reasons = {answer["reason"], *(each["reason"] for each in answer["findings"])}
        outcome.words[f"refused for {answer['reason']}"] += 1
        return fault_of_refusal(spec, reasons, pool) if answer["message"] else "no sentence"
    placed = patched(pod, answer["patch"])
    if placed is None or placed != answer["object"]:
        return "the patch does not give the object that was printed"
    after = placed["spec"]
    if not second["allowed"] or second["patch"]:
        return "what was placed is refused, or changed again"
    added = pod_form.faults(after) - pod_form.faults(spec)
    if added:
        return f"placing brings {sorted(added)}"
    outcome.words["placed"] += 1
    fault = fault_of_change(spec, after) or fault_of_weight(spec, after)
    if not fault:
        outcome.note_weight(spec, after)
    return fault or fault_of_landing(spec, after, pool=pool)


def cases(workloads, recorded):
    """Each Pod with a name and the group in which it is counted."""
    changes = list(grafts())
    for i, (name, workload) in enumerate(workloads):
        yield "workloads", name, pod_of(workload)
        word, change = changes[i % len(changes)]
        pod = pod_of(workload)
        change(pod["spec"])
        yield "with one constraint more", f"{name} with {word}", pod
        pod = pod_of(workload)
        constrain_at_random(pod["spec"], i)
        yield "with constraints at random", f"{name} constrained by {i}", pod
    for i, pod in enumerate(recorded):
        moved = {**pod, "metadata": {**pod["metadata"], "namespace": NAMESPACE}}
        yield "recorded Pods", f"recorded Pod {i + 1}", moved


def run(program, policies, pool, pods, tally):
    """Sends the Pods through both doors; answers what became of each group."""
    reviews = [review_of(pod, i) for i, (_, _, pod) in enumerate(pods)]
    answers = review(program, policies, reviews, "json", [NAMESPACE])
    again = [review_of(answer["object"], i) for i, answer in enumerate(answers)]
    seconds = review(program, policies, again, "json", [NAMESPACE])
    outcomes = collections.defaultdict(Outcome)
    for (group, name, pod), answer, second in zip(pods, answers, seconds):
        tally.judge(name, fault_of_pod(pod, answer, second, pool, outcomes[group]))
    return outcomes


def daemon_templates(workloads):
    """DaemonSets, each with every constraint that speaks of nodes."""
    for name, workload in workloads:
        if workload["kind"] != "DaemonSet":
            continue
        for word, change in grafts():
            made = copy.deepcopy(workload)
            made["metadata"]["namespace"] = NAMESPACE
            change(workload_pods.pod_template(made)["spec"])
            yield f"{name} with {word}", made


def run_daemons(program, policies, pool, workloads, tally):
    """A DaemonSet's controller reads its template: it must name the pool's nodes and no others."""
    sets = list(daemon_templates(workloads))
    answers = review(program, policies, [made for _, made in sets], "json", [NAMESPACE])
    words = collections.Counter()
    for (name, made), answer in zip(sets, answers):
        spec = workload_pods.pod_template(made)["spec"]
        after = workload_pods.pod_template(answer["object"])["spec"]
        if answer["pods"]["allowed"]:
            words["placed"] += 1
            fault = fault_of_change(spec, after) or fault_of_landing(spec, after, pool=pool)
        else:
            words["Pods refused"] += 1
            holds = (truth(spec, pool) for truth in TRUTHS.values())
            fault = "" if any(holds) else "its Pods are refused for what is not so"
        tally.judge(name, fault)
    return words
