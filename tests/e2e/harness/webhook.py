"""`confidential-pods serve` beside the control plane, with its certificates and policies."""

import pathlib
import subprocess
import urllib.request

from .manifests import ROOT
from .processes import Process, answers_ok, free_port, wait_until

PROGRAM = ROOT / "build" / "release" / "confidential-pods"


def run_program(*words, stdin: str | None = None) -> subprocess.CompletedProcess:
    """Runs the program once and returns what it printed and its exit status."""
    return subprocess.run([PROGRAM, *map(str, words)], input=stdin, capture_output=True,
                          text=True, timeout=60)


def _certs_init(folder: pathlib.Path, names: tuple[str, ...]) -> None:
    words = [word for name in names for word in ("--name", name)]
    done = run_program("certs", "init", "--dir", folder, *words)
    if done.returncode != 0:
        raise RuntimeError(f"confidential-pods certs init: {done.stderr}")


class Webhook:
    """One server. It keeps its address when it is stopped and started again.

    It watches `policies`, a link to the folder in force: its own policies, unless enforce() says
    others.
    """

    def __init__(self, folder: pathlib.Path, outlive: bool = False):
        self.folder = folder
        self.outlive = outlive
        self.policies = folder / "policies"
        self.certificates = folder / "certificates"
        self.address = f"127.0.0.1:{free_port()}"
        self.metrics_address = f"127.0.0.1:{free_port()}"
        self.process: Process | None = None
        self.env: dict[str, str] = {}
        self.own_policies = folder / "policies.own"
        self.own_policies.mkdir(parents=True, exist_ok=True)
        if not self.policies.is_symlink():
            self.policies.symlink_to(self.own_policies)

    @property
    def ca_file(self) -> pathlib.Path:
        return self.certificates / "ca.crt"

    def make_certificates(self, *names: str) -> None:
        """Makes an authority and a leaf for the names with the program's own `certs init`."""
        _certs_init(self.certificates, names)

    def replace_certificates(self, *names: str) -> None:
        """Puts another authority and leaf in the place of the files, each file at once."""
        fresh = self.folder / "new-certificates"
        _certs_init(fresh, names)
        for path in fresh.iterdir():
            path.replace(self.certificates / path.name)
        fresh.rmdir()

    def certificate_flags(self) -> list:
        return ["--tls-cert", self.certificates / "tls.crt",
                "--tls-key", self.certificates / "tls.key"]

    def start(self, kubeconfig: pathlib.Path, *flags) -> None:
        """Starts the server and waits until it says it is ready."""
        self.process = Process("webhook", [
            PROGRAM, "serve", "--policies", self.policies, "--listen", self.address,
            "--metrics-listen", self.metrics_address, "--kubeconfig", kubeconfig,
            # No Service has to forget this address before the server may end.
            "--drain-seconds", "1", *flags],
            self.folder, self.outlive, self.env)
        self.process.wait_ready(self.ready, 20)

    def enforce(self, policies: pathlib.Path) -> None:
        """Puts a folder of other policies in the place of those in force, and waits until it is."""
        fresh = self.folder / "policies.new"
        fresh.symlink_to(policies)
        before = self._generation() if self.ready() else None
        fresh.replace(self.policies)
        if before is None:
            return
        wait_until(f"the policies of {policies}", lambda: self._generation() > before, 20)

    def stop(self) -> int:
        """Stops the server as a kubelet would, by SIGTERM; returns its exit status."""
        return self.process.stop(seconds=40) if self.process else 0

    def ready(self) -> bool:
        return answers_ok(f"http://{self.metrics_address}/readyz")

    def _generation(self) -> float:
        return self.metrics()["confidential_pods_policy_generation"]

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics: name with labels to value."""
        with urllib.request.urlopen(f"http://{self.metrics_address}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}
