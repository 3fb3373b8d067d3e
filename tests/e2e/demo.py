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
from harness.processes import NotReady, remember, stop_remembered
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
        self._promises: list[tuple[str, bool]] = []

    def scene(self, title: str, text: str = "") -> None:
        print(f"\n=== [{time.monotonic() - self._began:3.0f}s] {title}", flush=True)
        if text:
            self.say(text)

    def say(self, text: str) -> None:
        print(textwrap.fill(" ".join(text.split()), 100), flush=True)

    def show(self, *words: str) -> Answer:
        """Runs kubectl and shows the command with what it printed."""
        print(f"\n  $ kubectl {shlex.join(words)}")
        answer = self._kubectl.run(*words)
        print(textwrap.indent((answer.out + answer.err).rstrip(), "    "), flush=True)
        return answer

    def promise(self, sentence: str, kept: bool) -> None:
        self._promises.append((sentence, kept))
        print(f"  {_mark(kept)} {sentence}", flush=True)

    def summary(self) -> bool:
        """Prints every promise once more; true when all were kept."""
        self.scene("Summary")
        for sentence, kept in self._promises:
            print(f"  {_mark(kept)} {sentence}")
        broken = sum(not kept for _, kept in self._promises)
        print(f"  {len(self._promises) - broken} promises kept, {broken} not.")
        return not broken


def _mark(kept: bool) -> str:
    return "[ok]" if kept else "[NOT KEPT]"


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
    story.promise("both Pods of the Deployment run on the confidential node",
                  [pod["spec"]["nodeName"] for pod in stored] == [CONFIDENTIAL_NODE] * 2)
    story.promise("each of them begins with the attestation step, before its own containers",
                  all(first_step(pod) == STEP for pod in stored))
    print()
    story.say("""The manifest's own nodeSelector demands agentpool=confidentialpool. What was
        missing of the pool's two labels has become a required node affinity:""")
    story.show("get", "pod", stored[0]["metadata"]["name"], "-n", "confidential-example", TERMS)
    story.promise("each of them demands both labels of the pool", all(map(bound_to_pool, stored)))

    story.scene("2. A Pod in an ordinary namespace", """Nothing happens to it: no step, no affinity.
        The scheduler may choose either node, because this pool has no taint.""")
    story.show("run", "plain", "--image=busybox:1.36", "-n", "ordinary-example")
    plain = kubectl.wait_running("ordinary-example", "plain")
    story.show("get", "pods", "-n", "ordinary-example", COLUMNS)
    story.promise("the ordinary Pod runs, unchanged",
                  not first_step(plain) and "affinity" not in plain["spec"])

    story.scene("3. A Pod that reaches for a guarded Secret from outside the pool", """It could run
        on any node, so it must not read confidential-database. The refusal arrives at kubectl, says
        which field, and what to write instead.""")
    refused = story.show("apply", "-f", relative(MANIFESTS / "examples" / "refused-pod.yaml"))
    story.promise("the Pod that reaches for the Secret was refused, with the reason",
                  refused.code == 1 and
                  'Secret "confidential-database" (spec.containers[0].env[0])' in refused.err)
    story.promise("the refused Pod does not exist", kubectl.run(
        "get", "pod", "curious", "-n", "ordinary-example").code == 1)

    story.scene("4. A Pod whose own affinity tries to leave the pool", """nodeSelectorTerms are
        ORed: a pool added as one more term, or to one of them only, would leave the other open.""")
    manifest = installation.webhook.folder / "two-terms.yaml"
    manifest.write_text(TWO_TERMS)
    print(f"\n  $ cat {manifest}\n{textwrap.indent(TWO_TERMS, '    ')}", end="")
    story.show("apply", "-f", str(manifest))
    two_terms = kubectl.wait_running("confidential-example", "two-terms")
    story.show("get", "pod", "two-terms", "-n", "confidential-example", TERMS)
    story.promise("each of two ORed terms now demands both labels of the pool",
                  bound_to_pool(two_terms))
    story.promise("the Pod with two terms runs on the confidential node",
                  two_terms["spec"]["nodeName"] == CONFIDENTIAL_NODE)
    again = story.show("apply", "-f", str(manifest))
    story.promise("applying that Pod again works", again.code == 0)


def first_step(pod: dict) -> str | None:
    """The name of the Pod's first init container, if it has one."""
    return next((container["name"] for container in pod["spec"].get("initContainers", [])), None)


def relative(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def farewell(installation: Installation, left_running: bool) -> None:
    if left_running:
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
    if ended:
        print("Ended what an earlier tests/demo --keep had left running.")
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
    except (AssertionError, NotReady, RuntimeError) as error:
        story.promise(f"the demo goes through to its end: {error}", False)
    finally:
        if left_running:
            remember(pids, installation.processes)
        else:
            installation.stop()
    kept = story.summary()
    farewell(installation, left_running)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
