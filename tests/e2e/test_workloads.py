"""Real workloads: what a placement makes of their Pods is valid wherever their own form is."""

import copy
import json
import pathlib
import re
import sys
import unittest

from support import ClusterCase

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "corpus"))

import data  # noqa: E402 (the path above comes first)
import workload_pods  # noqa: E402

MOST = 200
# What other admission plugins look up in the cluster, which has none of it; and spec.nodeName,
# which is refused rightly.
LEFT_OUT = ("serviceAccountName", "serviceAccount", "priorityClassName", "priority",
            "runtimeClassName", "overhead", "nodeName")
CREATED = re.compile(r"^pod/(\S+) created \(server dry run\)$", re.MULTILINE)
# Refused by us, before the API server would refuse the Linux step in them.
OF_WINDOWS = re.compile(r'w(\d+): policy "opt-in" adds the attestation step of pool '
                        r'"confidentialpool", which is a Linux container')


def stands_out(pod):
    text = json.dumps(pod["spec"])
    return '"hostProcess"' in text or any(
        pod["spec"].get(key) for key in ("nodeSelector", "affinity", "tolerations", "hostUsers"))


def spread(pods, most):
    return pods[::max(1, -(-len(pods) // most))]


def sample(workloads):
    """Pods of workloads, no two alike: those that speak of nodes or kernels, and others."""
    different = {}
    for workload in workloads:
        pod = workload_pods.pod_of(copy.deepcopy(workload))
        for key in LEFT_OUT:
            pod["spec"].pop(key, None)
        different.setdefault(json.dumps(pod["spec"]), pod)
    first = [pod for pod in different.values() if stands_out(pod)][:MOST // 2]
    others = [pod for pod in different.values() if not stands_out(pod)]
    return first + spread(others, MOST - len(first))


def named(pod, name, namespace):
    metadata = {key: value for key, value in pod["metadata"].items() if key != "generateName"}
    return {**pod, "metadata": {**metadata, "name": name, "namespace": namespace}}


class Workloads(ClusterCase):

    def dry_run(self, namespace, pods):
        """Names of the Pods that the API server would take, and what kubectl said of the others."""
        objects = [named(pod, f"w{i}", namespace) for i, pod in enumerate(pods)]
        # The API server judges them, not kubectl, which would take all of them or none.
        answer = self.kubectl.run("create", "--dry-run=server", "--validate=false", "-f", "-",
                                  objects=objects)
        return set(CREATED.findall(answer.out)), answer.err

    @unittest.skipUnless(data.WORKLOADS.exists(), f"no {data.WORKLOADS}")
    def test_a_valid_pod_of_a_real_workload_is_still_valid_when_it_is_placed(self):
        pods = sample([each["object"] for each in data.workloads()])
        valid, complaints = self.dry_run(self.namespace("workloads-plain"), pods)
        placed, refusals = self.dry_run(self.namespace("workloads", opted_in=True), pods)
        of_windows = {f"w{number}" for number in OF_WINDOWS.findall(refusals)}
        print(f"        {len(pods)} Pods: {len(valid)} valid, {len(valid & placed)} of them placed,"
              f" {len(valid & of_windows)} host processes of Windows refused")
        self.assertEqual(sorted(valid - placed - of_windows), [], refusals)
        self.assertEqual(sorted(placed - valid), [], complaints)
        self.assertGreater(len(placed), len(pods) // 2, complaints)
