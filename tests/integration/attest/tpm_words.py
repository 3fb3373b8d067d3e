"""The few commands and answers of a TPM 2.0 that the tests speak themselves; big-endian
(TCG TPM 2.0 Library, Part 3)."""

import hashlib
import struct

PLAIN, WITH_SESSIONS = 0x8001, 0x8002
NV_WRITE, NV_READ, QUOTE, NV_READ_PUBLIC, PCR_READ = 0x137, 0x14E, 0x158, 0x169, 0x17E
SHA256 = 0x000B
# Owner and authorisation may read and write, no dictionary attack, written.
ATTRIBUTES = 0x22060006


def code_of(command):
    return int.from_bytes(command[6:10], "big")


def index_of(nv_command):
    """Of NV_Read and NV_Write."""
    return int.from_bytes(nv_command[14:18], "big")


def written_by(nv_write_command):
    """The content, which is 64 bytes long; the offset follows."""
    return nv_write_command[-66:-2]


def answer_of(tag, parameters, code=0):
    return struct.pack(">HII", tag, 10 + len(parameters), code) + parameters


# TPM_RC_RETRY: the TPM was not able to start the command.
RETRY = answer_of(PLAIN, b"", 0x922)


def sized(content):
    return struct.pack(">H", len(content)) + content


def wanted_of(nv_read_command):
    """Size and offset."""
    return struct.unpack(">HH", nv_read_command[-4:])


def nv_read(content):
    parameters = sized(content)
    password_session = b"\0\0\1\0\0"
    return answer_of(WITH_SESSIONS,
                     struct.pack(">I", len(parameters)) + parameters + password_session)


def nv_read_public(command, size):
    """The asked index, as one of `size` bytes."""
    public = command[-4:] + struct.pack(">HIHH", SHA256, ATTRIBUTES, 0, size)
    name = struct.pack(">H", SHA256) + hashlib.sha256(public).digest()
    return answer_of(PLAIN, sized(public) + sized(name))


def pcr_read(command, value):
    """The first eight of the PCRs asked for, each full of `value`."""
    wanted = [pcr for pcr in range(24) if command[-3:][pcr // 8] >> pcr % 8 & 1][:8]
    mask = bytearray(3)
    for pcr in wanted:
        mask[pcr // 8] |= 1 << pcr % 8
    return answer_of(PLAIN, struct.pack(">IIHB", 0, 1, SHA256, 3) + mask
                     + struct.pack(">I", len(wanted)) + sized(bytes([value]) * 32) * len(wanted))
