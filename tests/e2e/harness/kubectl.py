"""kubectl against the control plane: what it printed, and what the API server stored."""

import dataclasses
import json
import os
import pathlib
import subprocess

from .processes import wait_until

TIMEOUT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one kubectl call printed and how it ended."""
    command: str
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"$ {self.command}\n[exit {self.code}]\n{self.out}{self.err}"


class KubectlFailed(AssertionError):
    """kubectl ended with an exit status that the caller did not expect."""


class Kubectl:
    """kubectl with one identity. Objects may be given as values; they go in by standard input."""

    def __init__(self, program: pathlib.Path, kubeconfig: pathlib.Path, cache: pathlib.Path):
        self._base = [str(program), f"--kubeconfig={kubeconfig}", f"--cache-dir={cache}"]
        # Also reached by `kubectl diff`, which runs diff(1) by way of this variable.
        self._env = os.environ | {"KUBECTL_EXTERNAL_DIFF": "diff -u -N"}

    def run(self, *words, objects=None) -> Answer:
        """Runs kubectl; `objects` (one object, a list of them, or text) is what `-f -` reads."""
        done = subprocess.run([*self._base, *words], input=_as_text(objects), env=self._env,
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        return Answer("kubectl " + " ".join(words), done.returncode, done.stdout, done.stderr)

    def __call__(self, *words, objects=None) -> Answer:
        """Like run(), for a call that must succeed."""
        answer = self.run(*words, objects=objects)
        if answer.code != 0:
            raise KubectlFailed(str(answer))
        return answer

    def apply(self, objects, *words) -> Answer:
        return self("apply", "-f", "-", *words, objects=objects)

    def create(self, objects, *words) -> Answer:
        return self("create", "-f", "-", *words, objects=objects)

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict:
        """The object as the API server stored it."""
        scope = ["-n", namespace] if namespace else []
        return json.loads(self("get", kind, name, *scope, "-o", "json").out)

    def items(self, kind: str, namespace: str, selector: str | None = None) -> list[dict]:
        words = ["-l", selector] if selector else []
        return json.loads(self("get", kind, "-n", namespace, *words, "-o", "json").out)["items"]

    def events(self, namespace: str, reason: str) -> list[dict]:
        words = ["get", "events", "-n", namespace, "--field-selector", f"reason={reason}"]
        return json.loads(self(*words, "-o", "json").out)["items"]

    def wait_running(self, namespace: str, name: str, seconds: float = 30) -> dict:
        """Waits until the Pod is Running and returns it."""
        def running():
            pod = self.get("pod", name, namespace)
            assert pod["status"].get("phase") == "Running", f"its phase is {pod['status']}"
            return pod
        return wait_until(f"Pod {namespace}/{name} Running", running, seconds, every=0.1)

    def wait_rollout(self, namespace: str, workload: str, seconds: int = 30) -> None:
        """Waits until the workload ("deployment/web") is rolled out."""
        self("rollout", "status", workload, "-n", namespace, f"--timeout={seconds}s")


def _as_text(objects) -> str | None:
    if objects is None or isinstance(objects, str):
        return objects
    items = objects if isinstance(objects, list) else [objects]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}) if len(
        items) != 1 else json.dumps(items[0])
