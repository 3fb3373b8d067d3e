"""etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, with two nodes.

No kubelet and no container runtime: kwok reports Pods that the scheduler bound as Running, so
everything up to and including placement is real, and nothing runs inside the Pods.
"""

import json
import pathlib
import subprocess

from . import pki
from .kubectl import Kubectl
from .processes import Process, answers_ok, free_port

TESTS = pathlib.Path(__file__).resolve().parents[2]

STANDARD_NODE = "aks-standardpool-0"
CONFIDENTIAL_NODE = "aks-confidentialpool-0"
NODES = {
    STANDARD_NODE: {"agentpool": "standardpool", "kubernetes.azure.com/agentpool": "standardpool"},
    CONFIDENTIAL_NODE: {"agentpool": "confidentialpool",
                        "kubernetes.azure.com/agentpool": "confidentialpool",
                        "kubernetes.azure.com/security-type": "ConfidentialVM"},
}

AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Request
    verbs: [create, update, patch]
    resources:
      - {group: "", resources: [pods, pods/binding, pods/ephemeralcontainers, namespaces]}
      - {group: apps, resources: [deployments]}
  - level: None
"""


def programs() -> pathlib.Path:
    """The folder with the programs, built first when the cache has none."""
    done = subprocess.run([TESTS / "controlplane" / "build"], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError("the control plane's programs could not be built; see above")
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


class ControlPlane:
    """One control plane in one folder, on free loopback ports. Stopping it ends what it started."""

    def __init__(self, folder: pathlib.Path, outlive: bool = False):
        self.folder = folder
        self.outlive = outlive
        self.bin = programs()
        self.audit_log = folder / "audit.log"
        self.url = f"https://127.0.0.1:{free_port()}"
        self.processes: list[Process] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = pki.Authority(folder / "pki")
        self.admin_kubeconfig = self.kubeconfig("admin", "/O=system:masters/CN=admin")
        self.kubectl = Kubectl(self.bin / "kubectl", self.admin_kubeconfig,
                               folder / "kubectl-cache")

    def start(self) -> None:
        try:
            self._start_etcd()
            self._start_apiserver()
            self._start_controllers()
            self._add_nodes()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends every program, last started first: the API server would wait long for etcd."""
        while self.processes:
            self.processes.pop().stop(seconds=5)

    def audit_events(self, namespace: str, resource: str = "pods") -> list[dict]:
        """What the API server wrote into its audit log about requests of one namespace."""
        events = map(json.loads, self.audit_log.read_text().splitlines())
        return [event for event in events
                if event.get("objectRef", {}).get("namespace") == namespace
                and event["objectRef"]["resource"] == resource]

    def kubeconfig(self, name: str, subject: str) -> pathlib.Path:
        """A kubeconfig whose user is the client certificate `subject` ("/O=group/CN=user")."""
        certificate, key = self.authority.issue(name, subject)
        path = self.folder / f"{name}.kubeconfig"
        pki.write_kubeconfig(path, self.url, self.authority.certificate, {
            "client-certificate": str(certificate), "client-key": str(key)})
        return path

    def kubectl_as(self, name: str, subject: str) -> Kubectl:
        """kubectl with a client certificate of its own."""
        return Kubectl(self.bin / "kubectl", self.kubeconfig(name, subject),
                       self.folder / "kubectl-cache")

    def token_kubeconfig(self, name: str, namespace: str, service_account: str) -> pathlib.Path:
        """A kubeconfig whose user is a service account, with a token that the API server issued."""
        token = self.kubectl("create", "token", service_account, "-n", namespace,
                             "--duration=2h").out.strip()
        path = self.folder / f"{name}.kubeconfig"
        pki.write_kubeconfig(path, self.url, self.authority.certificate, {"token": token})
        return path

    def _launch(self, name: str, *flags) -> Process:
        process = Process(name, [self.bin / name, *flags], self.folder, self.outlive)
        self.processes.append(process)
        return process

    def _start_etcd(self) -> None:
        self._etcd = f"http://127.0.0.1:{free_port()}"
        peer = f"http://127.0.0.1:{free_port()}"
        process = self._launch(
            "etcd", "--data-dir", self.folder / "etcd", "--unsafe-no-fsync",
            "--listen-client-urls", self._etcd, "--advertise-client-urls", self._etcd,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"default={peer}")
        process.wait_ready(lambda: answers_ok(f"{self._etcd}/health"), 30)

    def _start_apiserver(self) -> None:
        certificate, key = self.authority.issue(
            "apiserver", "/CN=kube-apiserver", "DNS:localhost,DNS:kubernetes,IP:127.0.0.1")
        private, public = self.authority.signing_keys()
        self._service_account_key = private
        audit_policy = self.folder / "audit-policy.yaml"
        audit_policy.write_text(AUDIT_POLICY)
        process = self._launch(
            "kube-apiserver", f"--etcd-servers={self._etcd}",
            "--bind-address=127.0.0.1", f"--secure-port={self.url.rsplit(':', 1)[1]}",
            # A loopback address is refused as an endpoint, and any other would leave loopback.
            "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged=true",
            f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}",
            f"--client-ca-file={self.authority.certificate}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={public}", f"--service-account-signing-key-file={private}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction,PodSecurity,ResourceQuota,LimitRanger,"
            "AlwaysPullImages",
            # It would taint the nodes until a kubelet reports, and there is none.
            "--disable-admission-plugins=TaintNodesByCondition",
            f"--audit-policy-file={audit_policy}", f"--audit-log-path={self.audit_log}")
        admin = (self.authority.folder / "admin.crt", self.authority.folder / "admin.key")
        process.wait_ready(
            lambda: answers_ok(f"{self.url}/readyz", self.authority.certificate, admin), 60)

    def _start_controllers(self) -> None:
        manager = self.kubeconfig("kube-controller-manager", "/CN=system:kube-controller-manager")
        self._launch(
            "kube-controller-manager", *_identity(manager), "--leader-elect=false",
            "--bind-address=127.0.0.1", "--secure-port=0", "--use-service-account-credentials",
            f"--service-account-private-key-file={self._service_account_key}",
            f"--root-ca-file={self.authority.certificate}",
            # Nobody sends heartbeats for the nodes.
            "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller")
        scheduler = self.kubeconfig("kube-scheduler", "/CN=system:kube-scheduler")
        self._launch("kube-scheduler", *_identity(scheduler), "--leader-elect=false",
                     "--secure-port=0")
        self._launch("kwok", "--kubeconfig", self.admin_kubeconfig, "--manage-all-nodes=true",
                     "--config", self.bin / "stages.yaml", "--server-address", "")

    def _add_nodes(self) -> None:
        self.kubectl.create([_node(name, labels) for name, labels in NODES.items()])


def _identity(kubeconfig: pathlib.Path) -> list[str]:
    return [f"--{role}kubeconfig={kubeconfig}" for role in
            ("", "authentication-", "authorization-")]


def _node(name: str, labels: dict) -> dict:
    capacity = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "1Ti"}
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels | {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64"}},
        "status": {"capacity": capacity, "allocatable": capacity,
                   "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]},
    }
