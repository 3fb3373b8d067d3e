"""Keys and certificates of a throw-away control plane (openssl), and kubeconfig files."""

import json
import pathlib
import subprocess

DAYS = "2"


def _openssl(*words) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(map(str, words))}: {done.stderr.strip()}")


class Authority:
    """A certificate authority in one folder. Certificates it issues lie beside it."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / "ca.crt"
        self._key = folder / "ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                 "-days", DAYS, "-subj", "/CN=control-plane-ca", "-keyout", self._key,
                 "-out", self.certificate)

    def issue(self, name: str, subject: str, alternative_names: str = "DNS:localhost"):
        """Issues `name`.crt and `name`.key for subject ("/O=group/CN=user"); returns both paths."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                 "-days", DAYS, "-subj", subject, "-CA", self.certificate, "-CAkey", self._key,
                 "-addext", f"subjectAltName={alternative_names}",
                 "-addext", "basicConstraints=critical,CA:FALSE",
                 "-addext", "extendedKeyUsage=serverAuth,clientAuth",
                 "-keyout", key, "-out", certificate)
        return certificate, key

    def signing_keys(self):
        """The pair that signs and checks service account tokens; returns (private, public)."""
        private, public = self.folder / "sa.key", self.folder / "sa.pub"
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-out", private)
        _openssl("pkey", "-in", private, "-pubout", "-out", public)
        return private, public


def write_kubeconfig(path: pathlib.Path, server: str, ca_file: pathlib.Path, user: dict) -> None:
    """Writes a kubeconfig with one context; `user` is its user entry (certificate or token)."""
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "loopback",
        "clusters": [{"name": "loopback", "cluster": {
            "server": server, "certificate-authority": str(ca_file)}}],
        "users": [{"name": "user", "user": user}],
        "contexts": [{"name": "loopback", "context": {"cluster": "loopback", "user": "user"}}],
    }, indent=2))
    path.chmod(0o600)
