"""The overlay that manifests/README.md gives to copy, made by its own commands and rendered."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from tls.serving import PROGRAM, ROOT, need_program

CACHE = os.environ.get("CONFIDENTIAL_PODS_CACHE",
                       os.path.expanduser("~/.cache/confidential-pods"))
IMAGE = "registry.example/confidential-pods:0.1.0"


def need_kubectl():
    built = sorted(glob.glob(os.path.join(CACHE, "controlplane-*/kubectl")))
    if not built:
        raise unittest.SkipTest("kubectl is not built; tests/controlplane/build makes it")
    return built[-1]


class Overlay(unittest.TestCase):
    def setUp(self):
        need_program()
        self.kubectl = need_kubectl()
        self.folder = tempfile.mkdtemp(prefix="confidential-pods-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in ("manifests", "policies"):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(self.folder, name))
        with open(os.path.join(ROOT, "manifests/README.md")) as file:
            text = file.read()
        making = re.search(r"^    (mkdir .*)\n    (cp .*)\n", text, re.M)
        self.run_in_folder("sh", "-ec", f"{making.group(1)}\n{making.group(2)}")
        self.mine = os.path.join(self.folder, "manifests/overlays/mine")
        with open(os.path.join(self.mine, "Kustomization"), "w") as file:
            file.write(re.search(r"```yaml\n(.*?)```", text, re.S).group(1))

    def run_in_folder(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def test_it_renders_with_the_image_in_both_places_and_its_own_pool(self):
        pool = os.path.join(self.mine, "aks-pool.yaml")
        with open(pool) as file:
            text = file.read().replace("values: [confidentialpool]", "values: [mypool]")
        with open(pool, "w") as file:
            file.write(text[:text.index("  attestation:")])
        self.run_in_folder(PROGRAM, "check", "manifests/overlays/mine")
        rendered = self.run_in_folder(self.kubectl, "kustomize", "manifests/overlays/mine")
        self.assertEqual(rendered.count(f"image: {IMAGE}\n"), 1)
        self.assertEqual(rendered.count(f"value: {IMAGE}\n"), 1)
        self.assertIn("{key: agentpool, operator: In, values: [mypool]}", rendered)
        self.assertNotIn("evidence: azure-vtpm", rendered)
        self.assertEqual(rendered.count("confidential-pods-policies\n"), 2)


if __name__ == "__main__":
    unittest.main()
