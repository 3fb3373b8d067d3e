"""What the API server, after the webhook, would not take of a Pod, as far as a placement could
bring it about; and what a Pod asks of its node."""

import re
from fractions import Fraction

from scheduler import terms_of
from workload_pods import CONTAINER_LISTS, containers_of

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
OPERATORS = {"In": range(1, 10**6), "NotIn": range(1, 10**6), "Exists": range(1),
             "DoesNotExist": range(1), "Gt": range(1, 2), "Lt": range(1, 2)}
LINUX_ONLY = {"privileged", "readOnlyRootFilesystem", "runAsUser", "runAsGroup", "capabilities",
              "allowPrivilegeEscalation", "procMount", "seLinuxOptions", "seccompProfile"}
SUFFIXES = {"": Fraction(1), "m": Fraction(1, 1000), "k": Fraction(10**3), "M": Fraction(10**6),
            "G": Fraction(10**9), "T": Fraction(10**12), "Ki": Fraction(2**10),
            "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40)}
QUANTITY = re.compile(r"([0-9.]+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")


def faults(spec):
    """Sentences about the spec, each the same wherever in it the fault lies."""
    return {*name_faults(spec), *mount_faults(spec), *toleration_faults(spec),
            *affinity_faults(spec), *windows_faults(spec), *resource_faults(spec)}


def name_faults(spec):
    for what, named in (("container", containers_of(spec)), ("volume", spec.get("volumes") or [])):
        names = [each.get("name") or "" for each in named]
        if len(set(names)) < len(names):
            yield f"two {what}s of one name"
        if not all(DNS_LABEL.fullmatch(name) for name in names):
            yield f"a {what} whose name is no DNS label of at most 63 letters"


def mount_faults(spec):
    volumes = {each.get("name") for each in spec.get("volumes") or []}
    for container in containers_of(spec):
        mounts = container.get("volumeMounts") or []
        used = [*mounts, *(container.get("volumeDevices") or [])]
        if not all(each.get("name") in volumes for each in used):
            yield "a mount without its volume"
        paths = [each.get("mountPath") for each in mounts]
        if len(set(paths)) < len(paths):
            yield "two mounts at one path"


def toleration_faults(spec):
    for each in spec.get("tolerations") or []:
        operator, effect = each.get("operator") or "Equal", each.get("effect") or ""
        well_formed = (operator == "Exists" and not each.get("value")) or (
            operator == "Equal" and each.get("key"))
        if not well_formed or effect not in ("", "NoSchedule", "PreferNoSchedule", "NoExecute"):
            yield "a toleration that is not well formed"
        if "tolerationSeconds" in each and effect != "NoExecute":
            yield "a toleration with seconds and without NoExecute"


def affinity_faults(spec):
    terms = terms_of(spec)
    if terms is None:
        return
    if not terms:
        yield "a required affinity without terms"
    for term in terms:
        for each in [*(term.get("matchExpressions") or []), *(term.get("matchFields") or [])]:
            allowed = OPERATORS.get(each.get("operator"), range(0))
            if not each.get("key") or len(each.get("values") or []) not in allowed:
                yield "an expression that is not well formed"


def windows_faults(spec):
    settings = [each.get("securityContext") or {} for each in containers_of(spec)]
    is_windows = (spec.get("os") or {}).get("name") == "windows"
    if is_windows and any(LINUX_ONLY & each.keys() for each in settings):
        yield "a Linux setting in a Windows Pod"
    own = (spec.get("securityContext") or {}).get("windowsOptions") or {}
    pods_own = own.get("hostProcess")
    on_host = []
    for container in containers_of(spec):
        options = (container.get("securityContext") or {}).get("windowsOptions") or {}
        on_host.append(bool(options.get("hostProcess", pods_own)))
        if pods_own is not None and options.get("hostProcess", pods_own) != pods_own:
            yield "a container that contradicts its Pod's hostProcess"
    if any(on_host) and not all(on_host):
        yield "Windows host processes beside a container that is none"


def quantity(text):
    number, suffix = QUANTITY.fullmatch(str(text)).groups()
    return Fraction(number) * SUFFIXES[suffix or ""]


def requests_of(container):
    """What the container asks for; a limit without a request is one."""
    resources = container.get("resources") or {}
    wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: quantity(amount) for name, amount in wanted.items()}


def resource_faults(spec):
    own = requests_of(spec)
    if any(amount > own[name] for name, amount in demand(spec).items() if name in own):
        yield "containers that ask for more than their Pod"


def plus(one, other):
    return {name: one.get(name, 0) + other.get(name, 0) for name in {*one, *other}}


def at_least(one, other):
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {*one, *other}}


def demand(spec):
    """What the scheduler reserves: the sum of what runs together, or an init container's peak."""
    beside, peak = {}, {}
    for container in spec.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            beside = plus(beside, requests_of(container))
            peak = at_least(peak, beside)
        else:
            peak = at_least(peak, plus(beside, requests_of(container)))
    total = beside
    for container in spec.get("containers") or []:
        total = plus(total, requests_of(container))
    return at_least(total, peak)


def quality(spec):
    """The QoS class, which decides who is evicted first and which quotas count the Pod."""
    guaranteed, some = True, False
    for name in CONTAINER_LISTS[:2]:
        for container in spec.get(name) or []:
            limits = (container.get("resources") or {}).get("limits") or {}
            wanted = requests_of(container)
            some = some or any(wanted.get(each) for each in ("cpu", "memory"))
            guaranteed = guaranteed and all(
                each in limits and wanted[each] == quantity(limits[each])
                for each in ("cpu", "memory"))
    return "Guaranteed" if guaranteed and some else "Burstable" if some else "BestEffort"
