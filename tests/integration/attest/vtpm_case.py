"""What the cases have in common that attest against a software TPM which carries an HCL report signed
by a chain of the tests' own."""

from attest_case import OF_TESTS, AttestCase, chain, demand
from hcl_report import hcl_report, runtime_claims, snp_report
from imds import Imds, thim
from paravisor import Paravisor
from software_tpm import SoftwareTpm

SETTINGS = ("products", "signingKey", "minTcb", "measurements", "idKeyDigests", "minGuestSvn",
            "hostData", "chipIds", "vmpl", "pcrs", "requireSecureBoot", "requireFreshReport",
            "requireNoSmt", "requireAliasCheck", "requireRevocationCheck")


def attested(*pinned):
    """The last line of a node that is attested with these settings."""
    looked_up = [] if "requireRevocationCheck" in pinned else ["x509.crl"]
    unpinned = [*looked_up, *(f"policy.{name}" for name in SETTINGS if name not in pinned)]
    return ("confidential-pods-attest: this node is attested: verified; unpinned: "
            + ", ".join(unpinned))


class VtpmCase(AttestCase):
    program = OF_TESTS

    def setUp(self):
        super().setUp()
        self.tpm = SoftwareTpm(self.folder / "tpm")
        self.addCleanup(self.tpm.stop)
        self.imds = self.serve(thim(chain().text("vcek"), chain().text("ask", "ark")))
        self.output = self.folder / "output"
        self.output.mkdir()

    def serve(self, *answers):
        imds = Imds(answers)
        self.addCleanup(imds.stop)
        return imds

    def remote(self, service):
        self.addCleanup(service.stop)
        return service

    def provision(self):
        """Key and a report that binds it, signed; the runtime claims of that report."""
        self.tpm.define_report_index()
        self.modulus = self.tpm.make_attestation_key()
        claims = runtime_claims(self.modulus)
        self.tpm.write_report(hcl_report(claims, self.signed(claims)))
        return claims

    def signed(self, claims, **more):
        return chain().sign(snp_report(claims, **more))

    def report_for(self, user_data):
        claims = runtime_claims(self.modulus, user_data=user_data)
        return hcl_report(claims, self.signed(claims))

    def paravisor(self, **more):
        """In front of the TPM; a report is due."""
        paravisor = Paravisor(self.tpm.port, self.report_for, **more)
        paravisor.renewed -= paravisor.period
        self.addCleanup(paravisor.stop)
        return paravisor

    def run_arguments(self, settings=None, imds=None, tcti=None, verifier=None, **more):
        return ("--attestation", demand(verifier=verifier or {"local": settings or {}}, **more),
                "--tcti", tcti or self.tpm.tcti, "--imds", imds or self.imds.url)

    def check_tpm(self, name, code, sentence, *more, **options):
        self.check(name, code, sentence, *self.run_arguments(**options), *more)
