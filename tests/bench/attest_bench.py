"""Measures the attestation step. Called by tests/bench/attest, which builds.

Evidence comes from a software TPM under a chain of RSA-4096 keys as AMD's are; evidence recorded on
a real node is measured beside it where that data is present. Medians; what is compared is measured
in turns, so that a machine whose speed drifts slows all alike. Compare figures of one run only.

  in process   the verifier, against the same five signatures by OpenSSL alone
  as process   `verify`, against openssl's program on the same chain, report and quote
  run          the step from start to end, less the time in which the TPM worked

Exit codes: 0 measured; 1 something did not verify, or --check found a threshold broken.
"""

import argparse
import base64
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration/attest"))

from amd_chain import AmdChain  # noqa: E402
from hcl_report import hcl_report, runtime_claims, snp_report  # noqa: E402
from imds import Imds, thim  # noqa: E402
from software_tpm import SoftwareTpm  # noqa: E402
from tpm_between import Between  # noqa: E402

BUILD = ROOT / os.environ.get("CONFIDENTIAL_PODS_BUILD", "build/release")
SHIPPED = BUILD / "confidential-pods-attest"
OF_TESTS = BUILD / "confidential-pods-attest-of-tests"
RECORDED = "vectors/trustee/az-snp-vtpm/evidence-v2.json"
SNP = slice(0x20, 0x20 + 1184)

# Milliseconds on one core that --check holds the medians to.
VERIFY_LIMIT, RUN_LIMIT = 5, 100


def ask(*command, environment=None):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          env={**os.environ, **(environment or {})}).stdout


def timed(commands, environment):
    """Milliseconds of wall clock and of CPU that the commands take one after the other."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * wall, 1000 * cpu


class Openssl:
    """The same questions for openssl's own program: one file a question."""

    def __init__(self, folder, evidence, ark, ask_certificate, vcek):
        document = json.loads(evidence.read_text())
        padded = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        hcl = padded(document["hcl_report"])
        report = hcl[SNP]
        numbers = [int.from_bytes(report[at:at + 72], "little") for at in (0x2A0, 0x2E8)]
        modulus = padded(next(key["n"] for key in json.loads(
            hcl[0x4D4:].rstrip(b"\0"))["keys"] if key["kid"] == "HCLAkPub"))
        write = lambda name, content: (folder / name).write_bytes(content) and folder / name
        chip_key = write("vcek.pub", ask("openssl", "x509", "-in", vcek, "-noout", "-pubkey"))
        tbs = write("tbs", report[:0x2A0])
        ecdsa = self.der(folder, "ecdsa", numbers)
        quote = write("quote", bytes.fromhex(document["tpm_quote"]["message"]))
        signature = write("quote.sig", bytes.fromhex(document["tpm_quote"]["signature"]))
        (folder / "ak.cnf").write_text(
            "asn1=SEQUENCE:spki\n[spki]\na=SEQUENCE:algorithm\nk=BITWRAP,SEQUENCE:key\n"
            "[algorithm]\no=OID:rsaEncryption\np=NULL\n"
            f"[key]\nn=INTEGER:0x{modulus.hex()}\ne=INTEGER:0x010001\n")
        ask("openssl", "asn1parse", "-genconf", folder / "ak.cnf", "-noout", "-out",
            folder / "ak.der")
        ask("openssl", "rsa", "-pubin", "-inform", "DER", "-in", folder / "ak.der", "-out",
            folder / "ak.pub")
        self.chain = ["openssl", "verify", "-check_ss_sig", "-auth_level", "3", "-CAfile", str(ark),
                      "-untrusted", str(ask_certificate), str(vcek)]
        self.report = ["openssl", "dgst", "-sha384", "-verify", str(chip_key), "-signature",
                       str(ecdsa), str(tbs)]
        self.quote = ["openssl", "dgst", "-sha256", "-verify", str(folder / "ak.pub"),
                      "-signature", str(signature), str(quote)]

    @staticmethod
    def der(folder, name, numbers):
        (folder / f"{name}.cnf").write_text("asn1=SEQUENCE:s\n[s]\n" + "".join(
            f"n{at}=INTEGER:0x{number:x}\n" for at, number in enumerate(numbers)))
        ask("openssl", "asn1parse", "-genconf", folder / f"{name}.cnf", "-noout", "-out",
            folder / name)
        return folder / name


def in_process(evidence, roots):
    cell = json.loads(ask(BUILD / "cpods_bench_evidence", evidence, *roots))
    floor = sum(value for name, value in cell.items() if name.startswith("floor: "))
    print(f"  verify            {cell['verify']:8.2f} ms   {cell['verify'] / floor:.2f} of the floor")
    print(f"  read and verify   {cell['read and verify']:8.2f} ms")
    print(f"  floor             {floor:8.2f} ms   OpenSSL alone, five signatures")
    for name, value in cell.items():
        if ": " in name:
            print(f"    {name:38} {value:8.3f} ms")
    return cell["read and verify"]


def as_process(evidence, program, openssl, environment, rounds):
    sides = {
        "verify": [[str(program), "verify", "--evidence", str(evidence)]],
        "start and end alone": [[str(program), "--version"]],
        "openssl, 3 processes": [openssl.chain, openssl.report, openssl.quote],
        "openssl verify alone": [openssl.chain],
    }
    seen = {name: [] for name in sides}
    for _ in range(rounds):
        for name, commands in sides.items():
            seen[name].append(timed(commands, environment))
    medians = {name: [statistics.median(values) for values in zip(*cells)]
               for name, cells in seen.items()}
    for name, (wall, cpu) in medians.items():
        ratio = medians["verify"][0] / wall
        print(f"  {name:24} {wall:8.2f} ms   CPU {cpu:6.2f} ms   verify takes {ratio:.2f} of it")


def run_step(tpm, imds, environment, rounds):
    demand = json.dumps({"evidence": "azure-vtpm", "verifier": {"local": {}}})
    rest, whole, tpm_time = [], [], []
    for _ in range(rounds):
        between = Between(tpm.port)
        command = [OF_TESTS, "run", "--attestation", demand, "--tcti", between.tcti, "--imds",
                   imds.url, "--termination-log", "/dev/null"]
        begin = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        took = time.perf_counter() - begin
        between.stop()
        if done.returncode != 0:
            sys.exit(f"run: {done.stderr}")
        whole.append(1000 * took)
        tpm_time.append(1000 * between.waited)
        rest.append(1000 * (took - between.waited))
    print(f"  whole             {statistics.median(whole):8.1f} ms, {between.commands} commands")
    print(f"  the TPM's part    {statistics.median(tpm_time):8.1f} ms")
    print(f"  all the rest      {statistics.median(rest):8.1f} ms   "
          "with the process, the transport, the metadata service, and what stands between")
    return statistics.median(rest)


def generated(folder, rounds):
    chain = AmdChain(folder / "chain", bits=4096)
    tpm = SoftwareTpm(folder / "tpm")
    imds = Imds([thim(chain.text("vcek"), chain.text("ask", "ark"))])
    environment = {**os.environ, "CONFIDENTIAL_PODS_TEST_ROOTS": str(chain.folder)}
    try:
        tpm.define_report_index()
        claims = runtime_claims(tpm.make_attestation_key())
        tpm.write_report(hcl_report(claims, chain.sign(snp_report(claims))))
        evidence = folder / "evidence.json"
        ask(OF_TESTS, "collect", "--tcti", tpm.tcti, "--imds", imds.url, "-o", evidence,
            environment=environment)
        roots = [chain.folder / f"{name}.pem" for name in ("ark", "ask", "asvk")]
        print("generated evidence, in process")
        verify = in_process(evidence, roots)
        print("generated evidence, as process")
        as_process(evidence, OF_TESTS, Openssl(folder, evidence, roots[0], roots[1],
                                               chain.folder / "vcek.pem"), environment, rounds)
        print("run against swtpm")
        return verify, run_step(tpm, imds, environment, rounds)
    finally:
        imds.stop()
        tpm.stop()


def recorded(folder, evidence, rounds):
    """Under AMD's own certificates, by the program that is shipped."""
    print("evidence recorded on an Azure node, in process")
    verify = in_process(evidence, [])
    shared = evidence.parents[2] / "ms-tee-attestation-verification"
    document = json.loads(evidence.read_text())
    der = folder / "recorded.der"
    der.write_bytes(base64.urlsafe_b64decode(document["vcek"] + "=" * (-len(document["vcek"]) % 4)))
    vcek = folder / "recorded.pem"
    ask("openssl", "x509", "-inform", "DER", "-in", der, "-out", vcek)
    print("evidence recorded on an Azure node, as process")
    as_process(evidence, SHIPPED, Openssl(folder, evidence, shared / "milan_ark.pem",
                                          shared / "milan_ask.pem", vcek), None, rounds)
    return verify


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/attest", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="of each process (40)")
    parser.add_argument("--check", action="store_true",
                        help=f"exit 1 where reading and verifying takes {VERIFY_LIMIT} ms or more, "
                        f"or run without the TPM {RUN_LIMIT} ms or more")
    options = parser.parse_args()
    shared = Path(os.environ.get("CONFIDENTIAL_PODS_SHARED", ROOT.parent / "shared"))
    with tempfile.TemporaryDirectory(prefix="confidential-pods-bench.") as name:
        folder = Path(name)
        verify, rest = generated(folder, options.rounds)
        if (shared / RECORDED).exists():
            verify = max(verify, recorded(folder, shared / RECORDED, options.rounds))
        else:
            print(f"skipped: no recorded evidence at {shared / RECORDED}")
    if options.check and (verify >= VERIFY_LIMIT or rest >= RUN_LIMIT):
        print("above the threshold")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
