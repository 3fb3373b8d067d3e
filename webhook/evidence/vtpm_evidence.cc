#include "evidence/vtpm_evidence.h"

#include <algorithm>

#include "evidence/hcl_report.h"
#include "evidence/layout.h"
#include "evidence/runtime_claims.h"

namespace cpods::evidence {
namespace {

// Azure's reports are signed by the chip's own key; a VLEK would be another cloud's.
constexpr std::uint32_t kVcek = 0;

Proven<void> check_binding(const SnpReport& report, ByteView runtime_claims) {
  const ByteView report_data = report.report_data;
  if (!std::ranges::equal(report_data.first(32), sha256(runtime_claims)) ||
      !all_zero(report_data.subspan(32))) {
    return refuse(Doubt::Signature,
                  "report_data of the SNP report is not the SHA-256 of the runtime claims");
  }
  return {};
}

Proven<void> check_guest(const SnpReport& report) {
  if (report.signature_masked() || report.signing_key() != kVcek) {
    return refuse(Doubt::Signature, "the SNP report carries no signature by the chip's VCEK");
  }
  if (report.debuggable()) {
    return refuse(Doubt::Policy, "the guest policy of the SNP report allows the host to debug");
  }
  if (report.migratable()) {
    return refuse(Doubt::Policy, "the guest policy of the SNP report allows a migration agent");
  }
  if (report.vmpl != 0) {
    return refuse(Doubt::Policy, "the SNP report was requested at VMPL " +
                                     std::to_string(report.vmpl) +
                                     ", the paravisor of an Azure VM asks at VMPL 0");
  }
  return {};
}

Proven<void> check_quote(const VtpmEvidence& evidence, ByteView nonce) {
  const auto quote = parse_quote(evidence.quote);
  if (!quote) return std::unexpected(quote.error());
  // Equal in length too: a prefix of the nonce is no answer to it.
  if (!std::ranges::equal(quote->nonce, nonce)) {
    return refuse(Doubt::Freshness, "the TPM's quote does not answer this attestation's nonce");
  }
  if (!std::ranges::equal(quote->pcr_digest, digest_of(evidence.pcrs))) {
    return refuse(Doubt::Signature, "the TPM's quote is over other PCR values than were read");
  }
  return {};
}

}  // namespace

Proven<VtpmFacts> appraise(const VtpmEvidence& evidence, ByteView nonce) {
  const auto hcl = parse_hcl_report(evidence.hcl_report);
  if (!hcl) return std::unexpected(hcl.error());
  const auto report = parse_snp_report(hcl->hardware_report);
  if (!report) return std::unexpected(report.error());
  if (const auto bound = check_binding(*report, hcl->runtime_claims); !bound) {
    return std::unexpected(bound.error());
  }
  const auto claims = parse_runtime_claims(hcl->runtime_claims);
  if (!claims) return std::unexpected(claims.error());
  if (const auto quoted =
          verify_quote_signature(evidence.quote, evidence.signature, claims->attestation_key);
      !quoted) {
    return std::unexpected(quoted.error());
  }
  if (const auto fresh = check_quote(evidence, nonce); !fresh) {
    return std::unexpected(fresh.error());
  }
  if (const auto allowed = check_guest(*report); !allowed) {
    return std::unexpected(allowed.error());
  }
  return VtpmFacts{*report, claims->secure_boot, evidence.pcrs};
}

}  // namespace cpods::evidence
