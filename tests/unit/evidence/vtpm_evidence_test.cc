#include "evidence/vtpm_evidence.h"

#include <doctest/doctest.h>

#include <functional>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const Bytes kNonce(32, 0x5A);
constexpr std::size_t kSnpInHcl = 0x20;

void bind_again(VtpmEvidence& evidence, const std::string& claims, const Bytes& snp) {
  evidence.hcl_report = sample::hcl_report(claims, snp);
}

void sign_again(VtpmEvidence& evidence) {
  evidence.signature = sample::attestation_key().sign(evidence.quote);
}

TEST_CASE("vtpm: evidence whose links all hold gives its facts") {
  const auto facts = appraise(sample::evidence(kNonce), kNonce);
  REQUIRE(facts);
  CHECK(facts->report.policy == 0x3001F);
  CHECK(facts->secure_boot);
  CHECK(facts->pcrs == sample::pcrs());
}

TEST_CASE("vtpm: each broken link is refused as itself") {
  struct Row {
    std::function<void(VtpmEvidence&)> spoil;
    Doubt doubt;
    std::string sentence;
  };
  const auto in_snp = [](std::size_t offset, std::uint64_t value) {
    return [=](VtpmEvidence& evidence) {
      sample::put_little(evidence.hcl_report, kSnpInHcl + offset, value, 4);
    };
  };
  const Row rows[] = {
      {in_snp(0x050, 1), Doubt::Signature,
       "report_data of the SNP report is not the SHA-256 of the runtime claims"},
      {in_snp(0x070, 1), Doubt::Signature,
       "report_data of the SNP report is not the SHA-256 of the runtime claims"},
      {in_snp(0x048, 0b10), Doubt::Signature,
       "the SNP report carries no signature by the chip's VCEK"},
      {in_snp(0x048, 0b00100), Doubt::Signature,
       "the SNP report carries no signature by the chip's VCEK"},
      {in_snp(0x048, 0b11100), Doubt::Signature,
       "the SNP report carries no signature by the chip's VCEK"},
      {in_snp(0x008, 0xB001F), Doubt::Policy,
       "the guest policy of the SNP report allows the host to debug"},
      {in_snp(0x008, 0x7001F), Doubt::Policy,
       "the guest policy of the SNP report allows a migration agent"},
      {in_snp(0x030, 1), Doubt::Policy,
       "the SNP report was requested at VMPL 1, the paravisor of an Azure VM asks at VMPL 0"},
      {[](VtpmEvidence& evidence) {
         const auto claims = sample::claims(sample::other_key().public_part());
         bind_again(evidence, claims, sample::snp_report(claims));
       },
       Doubt::Signature, "the TPM's quote is not signed by the attestation key of the HCL report"},
      {[](VtpmEvidence& evidence) {
         evidence.quote = sample::quote(Bytes(31, 0x5A), digest_of(evidence.pcrs));
         sign_again(evidence);
       },
       Doubt::Freshness, "the TPM's quote does not answer this attestation's nonce"},
      {[](VtpmEvidence& evidence) {
         evidence.quote = sample::quote(Bytes(33, 0x5A), digest_of(evidence.pcrs));
         sign_again(evidence);
       },
       Doubt::Freshness, "the TPM's quote does not answer this attestation's nonce"},
      {[](VtpmEvidence& evidence) { evidence.pcrs[7][0] ^= 1; }, Doubt::Signature,
       "the TPM's quote is over other PCR values than were read"},
      {[](VtpmEvidence& evidence) {
         evidence.quote = sample::quote(kNonce, ByteView(digest_of(evidence.pcrs)).first(31));
         sign_again(evidence);
       },
       Doubt::Signature, "the TPM's quote is over other PCR values than were read"},
      {[](VtpmEvidence& evidence) { evidence.hcl_report.clear(); }, Doubt::Malformed,
       "the report in the vTPM is no HCL report: it has 0 bytes, its headers alone take 1236"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    auto evidence = sample::evidence(kNonce);
    row.spoil(evidence);
    const auto facts = appraise(evidence, kNonce);
    REQUIRE_FALSE(facts);
    CHECK(facts.error() == Refusal{row.doubt, row.sentence});
  }
}

}  // namespace
}  // namespace cpods::evidence
