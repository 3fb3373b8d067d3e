"""Makes HCL reports as Azure's paravisor leaves them in vTPM NV memory: an SNP report whose
report_data binds a JSON text that holds an attestation key.

Layout: OpenHCL, openhcl_attestation_protocol/src/igvm_attest/get.rs, and AMD's SEV-SNP Firmware ABI
Specification; little-endian. The SNP report is signed where the caller has it signed
(amd_chain.py).
"""

import base64
import hashlib
import json
import struct

from amd_chain import CHIP, TCB

SNP_BYTES = 1184
CLAIMS_OFFSET = 0x4D4
POLICY_OF_AZURE = 0x3001F
POLICY_DEBUG = 1 << 19
MEASUREMENT = bytes(range(48))
ID_KEY_DIGEST = bytes(range(48, 96))


def runtime_claims(modulus, exponent=b"\x01\x00\x01", user_data=None):
    """The JSON text (bytes) with `modulus` (big-endian bytes) as HCLAkPub."""
    url = lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    key = {"kid": "HCLAkPub", "key_ops": ["sign"], "kty": "RSA", "e": url(exponent),
           "n": url(modulus)}
    machine = {"console-enabled": True, "secure-boot": True, "tpm-enabled": True}
    claims = {"keys": [key], "vm-configuration": machine}
    if user_data is not None:
        claims["user-data"] = user_data.hex().upper()
    return json.dumps(claims, separators=(",", ":")).encode()


def snp_report(claims, policy=POLICY_OF_AZURE, vmpl=0):
    """A version 3 ATTESTATION_REPORT (1184 bytes) of a Milan that binds `claims`; unsigned."""
    report = bytearray(SNP_BYTES)
    struct.pack_into("<IIQ", report, 0x000, 3, 10, policy)
    struct.pack_into("<II", report, 0x030, vmpl, 1)
    for tcb in (0x038, 0x180, 0x1E0, 0x1F0):
        report[tcb:tcb + 8] = TCB
    report[0x050:0x070] = hashlib.sha256(claims).digest()
    report[0x090:0x0C0] = MEASUREMENT
    report[0x0E0:0x110] = ID_KEY_DIGEST
    report[0x188:0x18A] = bytes([0x19, 0x01])
    report[0x1A0:0x1E0] = CHIP
    return bytes(report)


def hcl_report(claims, snp, report_type=2, claims_size=None, total=2048):
    """The NV content: headers, `snp`, `claims`, zeros up to `total` bytes."""
    size = len(claims) if claims_size is None else claims_size
    head = struct.pack("<IIIII12x", 0x414C4348, 2, 32 + SNP_BYTES + 20 + len(claims), 2, 0)
    data = struct.pack("<IIIII", 20 + len(claims), 1, report_type, 1, size)
    return (head + snp + data + claims).ljust(total, b"\0")
