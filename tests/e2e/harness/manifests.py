"""The shipped manifests as kustomize renders them, changed only in how the webhooks are reached."""

import base64
import pathlib

import yaml

from .kubectl import Kubectl

ROOT = pathlib.Path(__file__).resolve().parents[3]
MANIFESTS = ROOT / "manifests"

WEBHOOK_CONFIGURATIONS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def render(kubectl: Kubectl, folder: pathlib.Path) -> list[dict]:
    """What `kubectl kustomize` makes of the folder, one object an entry."""
    return [item for item in yaml.safe_load_all(kubectl("kustomize", str(folder)).out) if item]


def reach_by_url(objects: list[dict], address: str, ca_file: pathlib.Path) -> list[dict]:
    """The objects with each webhook's clientConfig replaced by https://address + its own path.

    Everything else of the configurations (rules, selectors, conditions, failurePolicy, timeouts)
    is left as shipped.
    """
    ca_bundle = base64.b64encode(ca_file.read_bytes()).decode()
    for item in of_kind(objects, *WEBHOOK_CONFIGURATIONS):
        for webhook in item.get("webhooks", []):
            path = webhook["clientConfig"]["service"]["path"]
            webhook["clientConfig"] = {"url": f"https://{address}{path}", "caBundle": ca_bundle}
    return objects


def of_kind(objects: list[dict], *kinds: str) -> list[dict]:
    return [item for item in objects if item["kind"] in kinds]


def not_of_kind(objects: list[dict], *kinds: str) -> list[dict]:
    return [item for item in objects if item["kind"] not in kinds]


def server(objects: list[dict]) -> dict:
    """The Deployment that runs `confidential-pods serve`."""
    (deployment,) = of_kind(objects, "Deployment")
    return deployment


def server_environment(objects: list[dict]) -> dict[str, str]:
    """The environment variables that the Deployment gives the server."""
    (container,) = server(objects)["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in container.get("env", [])}


def policy_files(objects: list[dict]) -> dict[str, str]:
    """File name to text of the ConfigMap that the server's Deployment mounts as its policies."""
    mounted = {volume["configMap"]["name"]
               for volume in server(objects)["spec"]["template"]["spec"]["volumes"]
               if "configMap" in volume}
    (config,) = [item for item in of_kind(objects, "ConfigMap")
                 if item["metadata"]["name"] in mounted]
    return config["data"]
