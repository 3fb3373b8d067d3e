"""Certificates as AMD issues them, and reports signed by their leaf, made with openssl by keys that
the test owns: an ARK, an ASK and an ASVK for Milan, and the VCEK of one chip."""

import pathlib
import subprocess
import time

TCB = bytes([4, 0, 0, 0, 0, 0, 22, 213])  # bootloader, tee, …, snp, microcode
CHIP = bytes(range(0xC0, 0x100))

# As the root numbers them; a leaf's serial number is 0.
SERIALS = {"ask": 0x010001, "asvk": 0x010002}

SIGNED_BYTES = 0x2A0
PSS = ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48",
       "-sigopt", "rsa_mgf1_md:sha384"]


def subject(name):
    return ("/OU=Engineering/C=US/L=Santa Clara/ST=CA/O=Advanced Micro Devices/CN=" + name)


def numbers_of(der):
    """R and S of a DER ECDSA signature."""
    rest, numbers = der[2:] if der[1] < 0x80 else der[3:], []
    while rest:
        size = rest[1]
        numbers.append(int.from_bytes(rest[2:2 + size], "big"))
        rest = rest[2 + size:]
    return numbers


class AmdChain:
    """Its files lie in `folder`: ark.pem, ask.pem, asvk.pem, vcek.pem. `bits`: of its RSA keys; AMD's
    have 4096, and OpenSSL's security level 3 takes no fewer than 3072."""

    def __init__(self, folder, bits=3072):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "authority.ext").write_text("basicConstraints=critical,CA:TRUE\n")
        for name in ("ark", "ask"):
            self.openssl("genrsa", "-out", f"{name}.key", str(bits))
        self.openssl("req", "-x509", "-new", "-key", "ark.key", "-out", "ark.pem", "-days", "3650",
                     "-subj", subject("ARK-Milan"), *PSS)
        for name, common in (("ask", "SEV-Milan"), ("asvk", "SEV-VLEK-Milan")):
            self.openssl("req", "-new", "-key", "ask.key", "-out", f"{name}.csr",
                         "-subj", subject(common))
            self.issue(name, "ark", "ark.key", "authority.ext")
        self.openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "vcek.key")
        self.openssl("req", "-new", "-key", "vcek.key", "-out", "vcek.csr",
                     "-subj", subject("SEV-VCEK"))
        self.leaf("vcek")

    def openssl(self, *command):
        return subprocess.run(["openssl", *command], cwd=self.folder, check=True, timeout=60,
                              capture_output=True).stdout

    def issue(self, name, authority, key, extensions, request=None):
        self.openssl("x509", "-req", "-in", f"{request or name}.csr", "-CA", f"{authority}.pem",
                     "-CAkey", key, "-set_serial", str(SERIALS.get(name, 0)), "-days", "2555", "-extfile", extensions,
                     "-out", f"{name}.pem", *PSS)

    def leaf(self, name, tcb=TCB, chip=CHIP):
        """NAME.pem, the certificate of vcek.key for this firmware and chip; its text."""
        oid = "1.3.6.1.4.1.3704.1."
        lines = [f"{oid}1=ASN1:INTEGER:1", f"{oid}2=ASN1:IA5STRING:Milan-B0",
                 f"{oid}3.1=ASN1:INTEGER:{tcb[0]}", f"{oid}3.2=ASN1:INTEGER:{tcb[1]}",
                 f"{oid}3.3=ASN1:INTEGER:{tcb[6]}", f"{oid}3.8=ASN1:INTEGER:{tcb[7]}",
                 f"{oid}4=DER:{chip.hex(':')}"]
        (self.folder / f"{name}.ext").write_text("\n".join(lines) + "\n")
        self.issue(name, "ask", "ask.key", f"{name}.ext", request="vcek")
        return self.text(name)

    def other_root(self, name, common):
        """NAME.pem: a root that the test roots are not, of ask.key; for revocation_list()."""
        self.openssl("req", "-x509", "-new", "-key", "ask.key", "-out", f"{name}.pem", "-days",
                     "3650", "-subj", subject(common), *PSS)
        return {"root": name, "key": "ask.key"}

    def revocation_list(self, *revoked, root="ark", key="ark.key", days=(-1, 1), form="DER"):
        """A list of these serial numbers, by a root, from and until so many days from now."""
        at = [time.gmtime(time.time() + 86400 * day) for day in days]
        long, short = "%Y%m%d%H%M%SZ", "%y%m%d%H%M%SZ"
        entries = [f"R\t491231000000Z\t{time.strftime(short, at[0])}\t{serial:06X}\tunknown\t/CN=x\n"
                   for serial in revoked]
        (self.folder / "index.txt").write_text("".join(entries))
        (self.folder / "ca.cnf").write_text("[ca]\ndefault_ca=list\n[list]\ndatabase=index.txt\n")
        self.openssl("ca", "-gencrl", "-config", "ca.cnf", "-keyfile", key, "-cert", f"{root}.pem",
                     "-crl_lastupdate", time.strftime(long, at[0]),
                     "-crl_nextupdate", time.strftime(long, at[1]), "-out", "list.pem",
                     "-md", PSS[0].removeprefix("-"), *PSS[1:])
        return self.openssl("crl", "-in", "list.pem", "-outform", form)

    def text(self, *names):
        return "".join((self.folder / f"{name}.pem").read_text() for name in names)

    def sign(self, report):
        """The report with its signature by vcek.key."""
        (self.folder / "signed").write_bytes(report[:SIGNED_BYTES])
        der = self.openssl("dgst", "-sha384", "-sign", "vcek.key", "signed")
        signature = b"".join(number.to_bytes(72, "little") for number in numbers_of(der))
        return report[:SIGNED_BYTES] + signature + report[SIGNED_BYTES + len(signature):]
