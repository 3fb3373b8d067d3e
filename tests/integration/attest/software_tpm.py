"""A software TPM that looks like the vTPM of an Azure confidential VM: attestation key at
0x81000003, HCL report in NV index 0x01400001. Made of swtpm and tpm2-tools, which share no code
with the program under test except tpm2-tss."""

import os
import pathlib
import socket
import subprocess
import time

NV_INDEX = "0x01400001"
ATTESTATION_KEY = "0x81000003"
# The largest NV index of Debian's libtpms; older Azure VMs have the same.
NV_BYTES = 2048


def free_port_pair():
    """Two neighbouring free ports of loopback: swtpm's data and control port."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise RuntimeError("no two neighbouring free ports")


class SoftwareTpm:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        state = self.folder / "state"
        state.mkdir(parents=True)
        port = free_port_pair()
        self.port = port
        self.tcti = f"swtpm:host=127.0.0.1,port={port}"
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}",
             "--server", f"type=tcp,port={port},bindaddr=127.0.0.1",
             "--ctrl", f"type=tcp,port={port + 1},bindaddr=127.0.0.1",
             "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.tool("tpm2_getcap", "properties-fixed")
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def tool(self, *command):
        """Runs one of the tpm2-tools in the TPM's folder; its standard output."""
        environment = dict(os.environ, TPM2TOOLS_TCTI=self.tcti, TSS2_LOG="all+NONE")
        return subprocess.run(command, cwd=self.folder, env=environment, check=True, timeout=60,
                              capture_output=True, text=True).stdout

    def make_attestation_key(self):
        """Creates the key and makes it persistent; its modulus, big-endian."""
        self.tool("tpm2_createek", "-c", "ek.ctx", "-G", "rsa", "-u", "ek.pub")
        self.tool("tpm2_createak", "-C", "ek.ctx", "-c", "ak.ctx", "-G", "rsa", "-g", "sha256",
                  "-s", "rsassa", "-u", "ak.pub", "-f", "pem", "-n", "ak.name")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_evictcontrol", "-C", "o", "-c", "ak.ctx", ATTESTATION_KEY)
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_readpublic", "-c", ATTESTATION_KEY, "-f", "pem", "-o", "akpub.pem")
        modulus = subprocess.run(
            ["openssl", "rsa", "-pubin", "-in", self.folder / "akpub.pem", "-noout", "-modulus"],
            check=True, capture_output=True, text=True).stdout
        return bytes.fromhex(modulus.strip().removeprefix("Modulus="))

    def define_report_index(self):
        self.tool("tpm2_nvdefine", NV_INDEX, "-C", "o", "-s", str(NV_BYTES),
                  "-a", "ownerread|ownerwrite|authread|authwrite|no_da")

    def write_report(self, content):
        (self.folder / "hcl.bin").write_bytes(content)
        self.tool("tpm2_nvwrite", NV_INDEX, "-C", "o", "-i", "hcl.bin")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
