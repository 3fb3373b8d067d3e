"""The demo's story: demo.py FOLDER [--keep | --stop]. tests/demo builds everything and calls it.

Every command shown is run as it is shown, and every promise is checked against what the API server
stored; a promise that is not kept ends the demo with status 1.
"""

import os
import pathlib
import shlex
import shutil
import signal
import sys
import textwrap
import time

from harness.control_plane import CONFIDENTIAL_NODE
from harness.installation import Installation
from harness.kubectl import Answer
from harness.manifests import MANIFESTS, ROOT
from harness.processes import remember, stop_remembered
from pods import bound_to_pool

STEP = "confidential-pods-attest"
COLUMNS = ("-o=custom-columns=POD:.metadata.name,STATUS:.status.phase,NODE:.spec.nodeName,"
           "INIT CONTAINERS:.spec.initContainers[*].name")
TERMS = ("-o=jsonpath={range .spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuring"
         "Execution.nodeSelectorTerms[*]}term:{range .matchExpressions[*]}  {.key} {.operator} "
         "{.values}{end}{\"\\n\"}{end}")

TWO_TERMS = """\
apiVersion: v1
kind: Pod
metadata: {name: two-terms, namespace: confidential-example}
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:      # ORed: either one would do
          - matchExpressions: [{key: kubernetes.io/os, operator: In, values: [linux]}]
          - matchExpressions:
              - {key: agentpool, operator: In, values: [standardpool, confidentialpool]}
  containers: [{name: main, image: "busybox:1.36"}]
"""


class Story:
    """Prints the scenes and keeps count of the promises."""

    def __init__(self, kubectl):
        self._kubectl = kubectl
        self._began = time.monotonic()
        self.kept: list[str] = []
        self.broken: list[str] = []

    def scene(self, title: str, text: str = "") -> None:
        print(f"\n=== {title}  [{time.monotonic() - self._began:.0f} s]", flush=True)
        if text:
            print(textwrap.fill(" ".join(text.split()), 100), flush=True)

    def show(self, *words: str) -> Answer:
        """Runs kubectl and shows the command with what it printed."""
        print(f"\n  $ kubectl {shlex.join(words)}")
        answer = self._kubectl.run(*words)
        print(textwrap.indent((answer.out + answer.err).rstrip(), "    "), flush=True)
        return answer

    def promise(self, sentence: str, kept: bool) -> None:
        (self.kept if kept else self.broken).append(sentence)
        print(f"  {'[ok]' if kept else '[NOT KEPT]'} {sentence}", flush=True)


def tell(story: Story, installation: Installation) -> None:
    kubectl = installation.kubectl
    story.scene("The cluster", """Two nodes. Only the second is in the confidential pool: its labels
        say so. No container runs on this machine (kwok reports bound Pods as Running); admission,
        controllers and scheduling are the real ones.""")
    story.show("get", "nodes", "-L", "agentpool", "-L", "kubernetes.azure.com/security-type")

    story.scene("1. A Deployment in a namespace that has opted in", """The namespace carries the
        label confidential.pods/enabled=true, and that is all. The Deployment reads a guarded
        Secret.""")
    story.show("apply", "-k", relative(MANIFESTS / "examples"))
    kubectl.wait_rollout("confidential-example", "deployment/web")
    story.show("get", "pods", "-n", "confidential-example", COLUMNS)
    stored = kubectl.items("pods", "confidential-example")
    story.promise("both Pods run on the confidential node",
                  [pod["spec"]["nodeName"] for pod in stored] == [CONFIDENTIAL_NODE] * 2)
    story.promise("each begins with the attestation step, before its own containers",
                  all(first_step(pod) == STEP for pod in stored))
    story.show("get", "pod", stored[0]["metadata"]["name"], "-n", "confidential-example", TERMS)
    story.promise("and requires the labels of the pool", all(bound_to_pool(pod) for pod in stored))

    story.scene("2. The same kind of Pod in an ordinary namespace", """Nothing happens to it: no
        step, no affinity.""")
    story.show("run", "plain", "--image=busybox:1.36", "-n", "ordinary-example")
    plain = kubectl.wait_running("ordinary-example", "plain")
    story.show("get", "pods", "-n", "ordinary-example", COLUMNS)
    story.promise("the ordinary Pod runs, unchanged",
                  not first_step(plain) and "affinity" not in plain["spec"])

    story.scene("3. A Pod that reaches for a guarded Secret from outside the pool", """It could run
        on any node, so it must not read confidential-database. The refusal arrives at kubectl, says
        which field, and what to write instead.""")
    refused = story.show("apply", "-f", relative(MANIFESTS / "examples" / "refused-pod.yaml"))
    story.promise("the Pod was refused with a reason", refused.code == 1 and
                  'Secret "confidential-database" (spec.containers[0].env[0])' in refused.err)
    story.promise("and does not exist", kubectl.run(
        "get", "pod", "curious", "-n", "ordinary-example").code == 1)

    story.scene("4. A Pod whose own affinity tries to leave the pool", """nodeSelectorTerms are
        ORed: a pool added as one more term, or to one of them only, would leave the other open.""")
    manifest = installation.webhook.folder / "two-terms.yaml"
    manifest.write_text(TWO_TERMS)
    print(f"\n  $ cat {manifest}\n{textwrap.indent(TWO_TERMS, '    ')}", end="")
    story.show("apply", "-f", str(manifest))
    two_terms = kubectl.wait_running("confidential-example", "two-terms")
    story.show("get", "pod", "two-terms", "-n", "confidential-example", TERMS)
    story.promise("the pool's labels were added to every term", bound_to_pool(two_terms))
    story.promise("the Pod runs on the confidential node",
                  two_terms["spec"]["nodeName"] == CONFIDENTIAL_NODE)
    again = story.show("apply", "-f", str(manifest))
    story.promise("applying it again works", again.code == 0)


def first_step(pod: dict) -> str | None:
    """The name of the Pod's first init container, if it has one."""
    return next((container["name"] for container in pod["spec"].get("initContainers", [])), None)


def relative(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def summary(story: Story, installation: Installation, keep: bool) -> None:
    story.scene("Summary")
    for sentence in story.broken:
        print(f"  NOT KEPT: {sentence}")
    print(f"  {len(story.kept)} promises kept, {len(story.broken)} not.")
    if keep:
        plane = installation.control_plane
        print(f"""
  The cluster keeps running. Try things by hand, then end it with tests/demo --stop:
    export KUBECONFIG={plane.admin_kubeconfig} PATH={plane.bin}:$PATH
    kubectl get pods -A -o wide
  The policies that the webhook watches: {installation.webhook.policies}
  Its log: {installation.webhook.process.log}""")
    else:
        print("  Everything was stopped. To try things by hand: tests/demo --keep,"
              " and later tests/demo --stop")


def main(folder: pathlib.Path, mode: str) -> int:
    pids = folder / "pids.json"
    ended = stop_remembered(pids)
    if mode == "--stop":
        print(f"{ended} programs ended." if ended else "Nothing of the demo was running.")
        return 0
    keep = mode == "--keep"
    os.chdir(ROOT)  # the commands shown name files relative to it
    shutil.rmtree(folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    installation = Installation(folder, MANIFESTS / "overlays" / "aks", outlive=keep)
    story = Story(installation.kubectl)
    left_running = False
    try:
        story.scene("Starting etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok")
        installation.control_plane.start()
        story.scene("Installing Confidential Pods", f"""Applying {relative(installation.overlay)}.
            The webhook itself runs beside the cluster on loopback, so the two webhook
            configurations are given its address; all else is as shipped.""")
        installation.install()
        tell(story, installation)
        left_running = keep
    finally:
        if left_running:
            remember(pids, installation.processes)
        else:
            installation.stop()
    summary(story, installation, keep)
    return 1 if story.broken else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
