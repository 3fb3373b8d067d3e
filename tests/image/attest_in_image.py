#!/usr/bin/python3
"""The image's own entry point for the attestation step, run in the image against a software TPM, and
then `verify` with nothing but the file it left.

    tests/image/attest_in_image.py OUTPUT CHAIN COMMAND…

COMMAND runs its further arguments in the image, where OUTPUT is /run/confidential-pods,
/usr/local/bin/confidential-pods-attest-of-tests is the program that believes a chain of the tests'
own, and CHAIN is /roots, where that chain is made.
"""

import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration" / "attest"))

from amd_chain import AmdChain
from hcl_report import hcl_report, runtime_claims, snp_report
from imds import Imds, thim
from software_tpm import SoftwareTpm

PROGRAM = "/usr/local/bin/confidential-pods-attest"
OF_TESTS = PROGRAM + "-of-tests"
FOLDER = "/run/confidential-pods"


def main(output, chain_folder, *command):
    chain = AmdChain(chain_folder)
    for file in chain.folder.iterdir():
        file.chmod(0o644)
    tpm = SoftwareTpm(output / "tpm")
    imds = Imds([thim(chain.text("vcek"), chain.text("ask", "ark"))])

    def in_image(expected, *arguments):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120)
        print(f"{arguments[0]} {arguments[1]}: exit code {done.returncode}, expected {expected}")
        print(done.stdout + done.stderr)
        if done.returncode != expected:
            raise SystemExit(1)
        return done.stdout

    def run(expected, program):
        in_image(expected, program, "run", "--attestation",
                 json.dumps({"evidence": "azure-vtpm", "verifier": {"local": {}}}),
                 "--tcti", tpm.tcti, "--imds", imds.url, "--output", FOLDER,
                 "--termination-log", "/dev/null")
        return failed_in((output / "result.json").read_text())

    try:
        tpm.define_report_index()
        claims = runtime_claims(tpm.make_attestation_key())
        tpm.write_report(hcl_report(claims, chain.sign(snp_report(claims))))
        foreign = ["x509.root_pin", "x509.chain"]
        # As shipped: everything holds but the authority, which is not AMD.
        assert run(13, PROGRAM) == foreign
        shown = in_image(13, PROGRAM, "verify", "--evidence", f"{FOLDER}/evidence.json", "-o", "json")
        assert failed_in(shown) == foreign
        # The same program with that authority in AMD's place.
        assert run(0, OF_TESTS) == []
        in_image(0, OF_TESTS, "verify", "--evidence", f"{FOLDER}/evidence.json")
    finally:
        imds.stop()
        tpm.stop()


def failed_in(result):
    return [check["name"] for check in json.loads(result)["checks"] if check["status"] == "failed"]


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
