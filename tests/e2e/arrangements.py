"""How the one installation of the run may stand: a case says which way it wants it.

Going from one to another is left to the case that needs another one first, so cases of the same
arrangement belong together.
"""

import pathlib
import shutil

from harness.installation import Installation
from harness.manifests import ROOT

HERE = pathlib.Path(__file__).resolve().parent


class Shipped:
    """As shipped, with the policies of policies/e2e.yaml beside the shipped ones."""

    def enter(self, installation: Installation) -> None:
        pass

    def leave(self, installation: Installation) -> None:
        pass


class GuardsNothing(Shipped):
    """The server has a pool and no policy."""

    def enter(self, installation: Installation) -> None:
        installation.webhook.enforce(HERE / "policies" / "nothing")

    def leave(self, installation: Installation) -> None:
        installation.webhook.enforce(installation.webhook.own_policies)


class Backstop(Shipped):
    """Both webhook configurations are deleted; what `backstop` prints is applied."""

    def enter(self, installation: Installation) -> None:
        installation.apply_backstop()
        installation.delete_webhook_configurations()

    def leave(self, installation: Installation) -> None:
        installation.delete_backstop()
        installation.apply_webhook_configurations()
        installation.wait_effective()


class ManagedWebhooks(Shipped):
    """The server keeps the entries of its configurations; its policies do not reach everywhere."""

    OVERLAY = HERE / "overlays" / "managed-webhooks"

    def enter(self, installation: Installation) -> None:
        webhook = installation.webhook
        self.policies = webhook.folder / "policies.managed"
        self.policies.mkdir()
        for name in ("aks-pool.yaml", "namespace-opt-in.yaml"):
            shutil.copy(ROOT / "policies" / name, self.policies)
        webhook.stop()
        webhook.enforce(self.policies)
        installation.apply_webhook_configurations(self.OVERLAY)
        self.start_server(installation)
        installation.wait_effective()

    def start_server(self, installation: Installation) -> None:
        installation.start_webhook("--manage-webhooks")

    def leave(self, installation: Installation) -> None:
        installation.webhook.stop()
        installation.webhook.enforce(installation.webhook.own_policies)
        installation.start_webhook()
        installation.delete_webhook_configurations()
        installation.apply_webhook_configurations()
        installation.wait_effective()


SHIPPED = Shipped()
GUARDS_NOTHING = GuardsNothing()
BACKSTOP = Backstop()
MANAGED_WEBHOOKS = ManagedWebhooks()
