"""The whole of it: a control plane with Confidential Pods installed as an administrator would.

The shipped manifests are applied; the server runs beside the control plane with the identity and
the rights of the service account that the manifests give it, and with the policies of their
ConfigMap.
"""

import pathlib
import shutil

import yaml

from . import manifests
from .control_plane import ControlPlane
from .processes import Process, wait_until
from .webhook import Webhook, run_program

OPT_IN_LABEL = "confidential.pods/enabled"
FIELD_MANAGER = "--field-manager=installation"


class Installation:
    """One control plane and one webhook in one folder; `overlay` is a folder of manifests."""

    def __init__(self, folder: pathlib.Path, overlay: pathlib.Path, outlive: bool = False):
        self.control_plane = ControlPlane(folder / "control-plane", outlive)
        self.kubectl = self.control_plane.kubectl
        self.webhook = Webhook(folder / "webhook", outlive)
        self.overlay = overlay

    def install(self, *policy_files: pathlib.Path) -> None:
        """Applies the manifests and starts the server with their policies and `policy_files`."""
        objects = manifests.render(self.kubectl, self.overlay)
        self._apply(manifests.not_of_kind(objects, *manifests.WEBHOOK_CONFIGURATIONS))
        self.webhook.env = manifests.server_environment(objects)
        for name, text in manifests.policy_files(objects).items():
            (self.webhook.policies / name).write_text(text)
        for path in policy_files:
            shutil.copy(path, self.webhook.policies)
        self.webhook.make_certificates("127.0.0.1")
        deployment = manifests.server(objects)
        self.server_kubeconfig = self.control_plane.token_kubeconfig(
            "server", deployment["metadata"]["namespace"],
            deployment["spec"]["template"]["spec"]["serviceAccountName"])
        self.start_webhook()
        self.apply_webhook_configurations()
        self.wait_effective()

    def start_webhook(self, *flags) -> None:
        """Starts the server with the certificate files."""
        self.webhook.start(self.server_kubeconfig, *self.webhook.certificate_flags(), *flags)

    def start_managed_webhook(self) -> None:
        """Starts the server with the certificate that it keeps in the cluster itself."""
        self.webhook.start(self.server_kubeconfig, "--manage-certificates",
                           "--certificate-secret", "confidential-pods/confidential-pods-tls",
                           "--certificate-name", "127.0.0.1")

    def apply_webhook_configurations(self, overlay: pathlib.Path | None = None) -> None:
        """Applies the two configurations, which trust the authority of the certificate files."""
        objects = manifests.render(self.kubectl, overlay or self.overlay)
        self._apply(manifests.reach_by_url(
            manifests.of_kind(objects, *manifests.WEBHOOK_CONFIGURATIONS),
            self.webhook.address, self.webhook.ca_file))

    def delete_webhook_configurations(self) -> None:
        for kind, name in (("mutating", "place"), ("validating", "guard")):
            self.kubectl("delete", f"{kind}webhookconfiguration", f"{name}.confidential.pods")

    def apply_backstop(self) -> None:
        """Applies what `backstop` prints, and waits until the API server has looked it through."""
        self._backstop = self.printed("backstop")
        self._apply(self._backstop)
        wait_until("the API server has checked the backstop", lambda: all(
            policy.get("status", {}).get("observedGeneration") for policy in
            self.backstop_policies()), 20, every=0.2)

    def printed(self, command: str, *flags) -> list[dict]:
        """The objects that a command of the program makes of the policies in force."""
        done = run_program(command, "--policies", self.webhook.policies, *flags)
        return [item for item in yaml.safe_load_all(done.stdout) if item]

    def backstop_policies(self) -> list[dict]:
        """The ValidatingAdmissionPolicies as they are stored."""
        return [self.kubectl.get(item["kind"], item["metadata"]["name"])
                for item in manifests.of_kind(self._backstop, "ValidatingAdmissionPolicy")]

    def delete_backstop(self) -> None:
        self.kubectl("delete", "-f", "-", objects=self._backstop)

    def wait_effective(self) -> None:
        """Waits until the API server asks the webhook: a Pod of a labelled namespace is changed."""
        name = "is-the-webhook-asked"
        self.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": name, "labels": {OPT_IN_LABEL: "true"}}})
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": name},
               "spec": {"containers": [{"name": "main", "image": "example.com/main"}]}}

        def asked():
            answer = self.kubectl.run("create", "-f", "-", "--dry-run=server", "-o", "json",
                                      objects=pod)
            assert '"initContainers"' in answer.out, (
                "a Pod of a labelled namespace is admitted without the attestation step"
                if answer.code == 0 else answer.err) + "\n" + self.webhook.process.log_tail()
            return True
        wait_until("the API server asks the webhook", asked, 20, every=0.1)

    @property
    def processes(self) -> list[Process]:
        return [*self.control_plane.processes, self.webhook.process]

    def stop(self) -> None:
        self.webhook.stop()
        self.control_plane.stop()

    def _apply(self, objects: list[dict]) -> None:
        self.kubectl.apply(objects, "--server-side", "--force-conflicts",
                           FIELD_MANAGER)
