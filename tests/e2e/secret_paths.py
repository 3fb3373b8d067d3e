"""Every path by which a Pod names a Secret, as Kubernetes lists them (VisitPodSecretNames)."""

import pods


def container(name: str = "main", **fields) -> dict:
    return {"name": name, "image": pods.IMAGE} | fields


def environment(secret: str) -> list[dict]:
    return [{"name": "PASSWORD",
             "valueFrom": {"secretKeyRef": {"name": secret, "key": "password"}}}]


def volume(**source) -> dict:
    return {"volumes": [{"name": "data"} | source]}


# What names it, where the guard finds it, and the spec of a Pod that does so.
PATHS = [
    ("env", "spec.containers[0].env[0]",
     lambda secret: {"containers": [container(env=environment(secret))]}),
    ("env_from", "spec.containers[0].envFrom[0]",
     lambda secret: {"containers": [container(envFrom=[{"secretRef": {"name": secret}}])]}),
    ("an_init_container", "spec.initContainers[0].env[0]",
     lambda secret: {"initContainers": [container("migrate", env=environment(secret))]}),
    ("a_sidecar", "spec.initContainers[0].envFrom[0]",
     lambda secret: {"initContainers": [container(
         "proxy", restartPolicy="Always", envFrom=[{"secretRef": {"name": secret}}])]}),
    ("image_pull_secrets", "spec.imagePullSecrets[0]",
     lambda secret: {"imagePullSecrets": [{"name": secret}]}),
    ("a_secret_volume", "spec.volumes[0]",
     lambda secret: volume(secret={"secretName": secret})),
    ("a_projected_volume", "spec.volumes[0].projected.sources[1]",
     lambda secret: volume(projected={"sources": [
         {"configMap": {"name": "settings", "optional": True}}, {"secret": {"name": secret}}]})),
    ("a_csi_volume", "spec.volumes[0]",
     lambda secret: volume(csi={"driver": "csi.example.com",
                                "nodePublishSecretRef": {"name": secret}})),
    ("azure_file", "spec.volumes[0]",
     lambda secret: volume(azureFile={"secretName": secret, "shareName": "s"})),
    ("cephfs", "spec.volumes[0]",
     lambda secret: volume(cephfs={"monitors": ["m"], "secretRef": {"name": secret}})),
    ("cinder", "spec.volumes[0]",
     lambda secret: volume(cinder={"volumeID": "v", "secretRef": {"name": secret}})),
    ("flex_volume", "spec.volumes[0]",
     lambda secret: volume(flexVolume={"driver": "example.com/d", "secretRef": {"name": secret}})),
    ("iscsi", "spec.volumes[0]",
     lambda secret: volume(iscsi={"targetPortal": "10.0.0.9", "iqn": "iqn.2001-04.com.example:v",
                                  "lun": 0, "chapAuthSession": True,
                                  "secretRef": {"name": secret}})),
    ("rbd", "spec.volumes[0]",
     lambda secret: volume(rbd={"monitors": ["m"], "image": "i", "secretRef": {"name": secret}})),
    ("scale_io", "spec.volumes[0]",
     lambda secret: volume(scaleIO={"gateway": "g", "system": "s", "volumeName": "v",
                                    "secretRef": {"name": secret}})),
    ("storageos", "spec.volumes[0]",
     lambda secret: volume(storageos={"volumeName": "v", "secretRef": {"name": secret}})),
]
