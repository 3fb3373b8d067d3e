#include "evidence/verifier.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "evidence/hcl_report.h"
#include "evidence/layout.h"
#include "evidence/local_policy.h"
#include "evidence/revocation.h"
#include "evidence/runtime_claims.h"

namespace cpods::evidence {
namespace {

void skip(Appraisal& appraisal, std::initializer_list<std::string_view> names,
          const std::string& why) {
  for (const auto name : names) appraisal.skip(name, why);
}

// ---- SNP --------------------------------------------------------------------------------------

// Never allowed, whatever a policy says: the host could read the guest's memory.
void check_guest(const SnpReport& report, Appraisal& appraisal) {
  appraisal.require(!report.debuggable(), "policy.debug", Doubt::Policy,
                    "the guest policy of the SNP report allows the host to debug");
  appraisal.require(!report.migratable(), "policy.migration", Doubt::Policy,
                    "the guest policy of the SNP report allows a migration agent");
}

void check_signed_by_amd(const SnpReport& report, ByteView signed_report,
                         const CertificateChain& chain, const Expectations& expected,
                         Appraisal& appraisal) {
  const auto vouched =
      check_amd_signature(report, signed_report, chain, expected.now, expected.roots, appraisal);
  check_revocation(vouched, expected.revocation_lists, expected.now, appraisal);
}

// By CPUID; in reports that do not tell, by whose chain held.
std::string_view product_proven(const SnpReport& report, const Appraisal& appraisal,
                                const CertificateChain& chain) {
  if (const auto product = product_of(report); !product.empty()) return product;
  const auto* check = appraisal.find("x509.chain");
  if (check == nullptr || check->status != Status::Passed) return {};
  return product_of_leaf(chain.leaf);
}

bool revocation_checked(const Appraisal& appraisal) {
  const auto* check = appraisal.find("x509.crl");
  return check != nullptr && check->status == Status::Passed;
}

// ---- Azure ------------------------------------------------------------------------------------

void check_binding(const SnpReport& report, ByteView runtime_claims, Appraisal& appraisal) {
  const ByteView report_data = report.report_data;
  appraisal.require(std::ranges::equal(report_data.first(32), sha256(runtime_claims)) &&
                        all_zero(report_data.subspan(32)),
                    "bind.sha256", Doubt::Signature,
                    "report_data of the SNP report is not the SHA-256 of the runtime claims");
}

// The paravisor of an Azure VM asks at VMPL 0.
void check_vmpl(const SnpReport& report, Appraisal& appraisal) {
  appraisal.require(report.vmpl == 0, "snp.vmpl", Doubt::Policy,
                    "the SNP report was requested at VMPL " + std::to_string(report.vmpl) +
                        ", the paravisor of an Azure VM asks at VMPL 0");
}

void check_nonce(const std::optional<Bytes>& expected, ByteView seen, std::string_view name,
                 const std::string& failure, Appraisal& appraisal) {
  if (!expected) {
    appraisal.unpinned(name, hex_encode(seen));
    return;
  }
  // Equal in length too: a prefix of the nonce is no answer to it.
  appraisal.require(std::ranges::equal(seen, *expected), name, Doubt::Freshness, failure);
}

// The nonce that the quote answers; empty where it cannot be read.
Bytes check_quoted(const VtpmEvidence& evidence, const std::optional<RuntimeClaims>& claims,
                   const Expectations& expected, Appraisal& appraisal) {
  auto quote = check_quote(evidence.quote, appraisal);
  if (claims) {
    appraisal.require(is_signed_by(claims->attestation_key, evidence.quote, evidence.signature),
                      "quote.rsa", Doubt::Signature,
                      "the TPM's quote is not signed by the attestation key of the HCL report");
  } else {
    appraisal.skip("quote.rsa", "there is no attestation key");
  }
  const auto* parsed = appraisal.find("quote.parse");
  if (parsed->status != Status::Passed) {
    skip(appraisal, {"quote.nonce", "quote.pcr_digest"}, "the quote ends early");
    return {};
  }
  check_nonce(expected.nonce, quote.nonce, "quote.nonce",
              "the TPM's quote does not answer this attestation's nonce", appraisal);
  appraisal.require(std::ranges::equal(quote.pcr_digest, digest_of(evidence.pcrs)),
                    "quote.pcr_digest", Doubt::Signature,
                    "the TPM's quote is over other PCR values than were read");
  return std::move(quote.nonce);
}

std::optional<RuntimeClaims> check_claims(const HclReport& hcl, const SnpReport& report,
                                          Appraisal& appraisal) {
  if (hcl.runtime_claims.empty()) {
    skip(appraisal, {"bind.sha256", "json.ak"}, "there are no runtime claims");
    return std::nullopt;
  }
  check_binding(report, hcl.runtime_claims, appraisal);
  return check_runtime_claims(hcl.runtime_claims, appraisal);
}

}  // namespace

Appraisal verify(const VtpmEvidence& evidence, const Expectations& expected) {
  Appraisal appraisal;
  std::optional<RuntimeClaims> claims;
  const auto hcl = check_hcl_report(evidence.hcl_report, appraisal);
  const auto report = hcl ? check_snp_report(hcl->hardware_report, appraisal) : std::nullopt;
  if (report) {
    check_vmpl(*report, appraisal);
    check_signed_by_amd(*report, hcl->hardware_report, evidence.chain, expected, appraisal);
    claims = check_claims(*hcl, *report, appraisal);
  } else {
    skip(appraisal, {"snp.ecdsa", "bind.sha256"}, "there is no SNP report");
  }
  const auto nonce = check_quoted(evidence, claims, expected, appraisal);
  const bool is_fresh = claims && !nonce.empty() && claims->user_data == user_data_for(nonce);
  if (!report) return appraisal;
  check_guest(*report, appraisal);
  const Facts facts{.report = *report,
                    .product = product_proven(*report, appraisal, evidence.chain),
                    .revocation_checked = revocation_checked(appraisal),
                    .secure_boot = claims ? &claims->secure_boot : nullptr,
                    .pcrs = &evidence.pcrs,
                    .fresh_report = claims && expected.nonce ? &is_fresh : nullptr};
  check_local_policy(expected.policy, facts, appraisal);
  return appraisal;
}

Appraisal verify(const SnpEvidence& evidence, const Expectations& expected) {
  Appraisal appraisal;
  const auto report = check_snp_report(evidence.report, appraisal);
  if (!report) {
    skip(appraisal, {"snp.ecdsa", "snp.report_data"}, "there is no SNP report");
    return appraisal;
  }
  check_signed_by_amd(*report, evidence.report, evidence.chain, expected, appraisal);
  auto nonce = expected.nonce;
  // A shorter one is followed by zeros; a longer one is no answer.
  if (nonce && nonce->size() < report->report_data.size()) {
    nonce->resize(report->report_data.size());
  }
  check_nonce(nonce, report->report_data, "snp.report_data",
              "the SNP report does not answer this attestation's nonce", appraisal);
  check_guest(*report, appraisal);
  constexpr bool is_fresh =
      true;  // made for the nonce; whether it answers it is a check of its own
  const Facts facts{.report = *report,
                    .product = product_proven(*report, appraisal, evidence.chain),
                    .revocation_checked = revocation_checked(appraisal),
                    .fresh_report = expected.nonce ? &is_fresh : nullptr};
  check_local_policy(expected.policy, facts, appraisal);
  return appraisal;
}

}  // namespace cpods::evidence
