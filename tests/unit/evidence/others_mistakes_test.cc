// Mistakes that verifiers of SEV-SNP evidence have shipped, each with the evidence that it would
// have let pass, or the genuine evidence that it refused.

#include <doctest/doctest.h>

#include "evidence/evidence_json.h"
#include "json/document.h"
#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const Bytes kNonce(32, 0x5A);

Appraisal verify_sample(const VtpmEvidence& evidence) {
  return verify(evidence, sample::expecting(kNonce));
}
std::string failed(const VtpmEvidence& evidence) {
  return sample::failed(verify_sample(evidence));
}

std::string failed_with(const sample::Leaf& leaf, std::uint32_t key_info = 0) {
  auto evidence = sample::evidence(kNonce);
  sample::put_signed(evidence, 0x048, key_info);
  evidence.chain.leaf = sample::milan().issue(leaf);
  return failed(evidence);
}

TEST_CASE("mistake: a root that comes with the evidence is believed for its name") {
  const auto& forged = sample::forged();
  auto evidence = sample::evidence(kNonce);
  evidence.chain = {.leaf = forged.issue(sample::vcek_leaf()),
                    .others = {forged.ask(), forged.ark()}};
  CHECK(failed(evidence) == "x509.root_pin x509.chain");
  // Not even when AMD's own root comes along.
  evidence.chain.others = {forged.ask(), sample::milan().ark()};
  CHECK(failed(evidence) == "x509.chain");
  evidence.chain.others = {forged.ask(), sample::milan().ask(), sample::milan().ark()};
  CHECK(failed(evidence) == "x509.chain");
  // With AMD's real roots, which is what the shipped program knows, the samples are forged, too.
  auto expected = sample::expecting(kNonce);
  expected.roots = amd_roots();
  CHECK(sample::failed(verify(sample::evidence(kNonce), expected)) == "x509.chain");
}

TEST_CASE("mistake: a chain that ends below the root is enough") {
  auto evidence = sample::evidence(kNonce);
  // The leaf as its own authority, the forged intermediate as an anchor, a leaf right below the
  // root.
  evidence.chain.others = {sample::vcek()};
  CHECK(failed(evidence) == "x509.chain");
  evidence.chain = {.leaf = sample::forged().issue(sample::vcek_leaf()),
                    .others = {sample::forged().ask()}};
  CHECK(failed(evidence) == "x509.chain");
  evidence.chain = {.leaf = sample::milan().issue_by_root(sample::vcek_leaf()), .others = {}};
  CHECK(failed(evidence) == "x509.chain");
}

TEST_CASE("mistake: a VCEK stands for another, as if it were an authority") {
  auto evidence = sample::evidence(kNonce);
  evidence.chain.others = {sample::vcek(), sample::milan().ask(), sample::milan().ark()};
  CHECK(failed(evidence) == "");  // beside its chain it does no harm
  auto below = sample::vcek_leaf();
  below.issuer = "SEV-VCEK";
  evidence.chain.leaf = sample::forged().issue(below);
  CHECK(failed(evidence) == "x509.chain");
}

TEST_CASE("mistake: the chip is compared only where the certificate is of an expected form") {
  auto leaf = sample::vcek_leaf();
  CHECK(failed_with(leaf.set("4", {})) == "vcek.hwid");
  auto other = sample::hwid(64);
  other[0] ^= 1;
  CHECK(failed_with(leaf.set("4", other)) == "vcek.hwid");
  CHECK(failed_with(leaf.set("4", sample::hwid(63))) == "vcek.hwid");
  CHECK(failed_with(leaf.set("4", sample::hwid(8))) == "vcek.hwid");
  auto second = sample::vcek_leaf();
  second.extensions.insert(second.extensions.begin(), {"4", other});
  CHECK(failed_with(second) == "vcek.hwid");
  second = sample::vcek_leaf();
  second.extensions.push_back({"4", other});
  CHECK(failed_with(second) == "vcek.hwid");
}

TEST_CASE("mistake: the chip is compared only where the name is VCEK, which none is") {
  // Real leaves are called SEV-VCEK; one of another name is no leaf at all.
  auto other = sample::vcek_leaf();
  other.set("4", Bytes(64));
  CHECK(failed_with(other) == "vcek.hwid");
  other.subject = "VCEK";
  CHECK(failed_with(other) == "snp.signing_key vcek.hwid");
}

TEST_CASE("mistake: a provider's key passes for a chip's") {
  constexpr std::uint32_t kVcek = 0, kVlek = 1 << 2;
  CHECK(failed_with(sample::vlek_leaf(), kVcek) == "snp.signing_key");
  CHECK(failed_with(sample::vcek_leaf(), kVlek) == "snp.signing_key");
  CHECK(failed_with(sample::vlek_leaf(), kVlek) == "");
}

TEST_CASE("mistake: an HWID wrapped in DER is read as one that is not") {
  Bytes wrapped(66);
  wrapped[0] = 0x04;
  wrapped[1] = 64;
  std::ranges::copy(sample::hwid(64), wrapped.begin() + 2);
  auto leaf = sample::vcek_leaf();
  CHECK(failed_with(leaf.set("4", wrapped)) == "vcek.hwid");
}

TEST_CASE("mistake: a length of the peer's is believed") {
  const auto key = sample::jwk(sample::attestation_key().public_part());
  for (const auto* user_data : {"", "00", "0011223344"}) {
    auto evidence = sample::evidence(kNonce);
    sample::claim_again(evidence, R"({"keys":[)" + key + R"(],"user-data":")" + user_data + "\"}");
    CHECK(failed(evidence) == "");
  }
  auto evidence = sample::evidence(kNonce);
  sample::put_u32(evidence.hcl_report, 0x4D0, 0xFFFFFFFF);
  CHECK(failed(evidence) == "hcl.var_size");
  sample::put_u32(evidence.hcl_report, 0x4D0, 0xFFFFFFEC);  // data_size becomes 0 in 32 bits
  CHECK(failed(evidence) == "hcl.var_size");
}

TEST_CASE("mistake: a PCR beyond the bank is looked up") {
  for (const auto* index : {"24", "4294967296", "18446744073709551616", "-1", "", "0x7", "7 "}) {
    CAPTURE(index);
    const auto policy = json::Document::parse(R"({"pcrs":{")" + std::string(index) + R"(":[]}})");
    const auto appraisal =
        verify(sample::evidence(kNonce), sample::expecting(kNonce, policy->root()));
    CHECK(sample::failed(appraisal) == "policy.pcrs");
    CHECK(appraisal.decisive()->doubt == Doubt::NotVerifiable);
  }
}

TEST_CASE("mistake: reserved bytes are lost before the signature is verified") {
  auto evidence = sample::evidence(kNonce);
  evidence.hcl_report[sample::kSnpInHcl + 0x208] = 1;
  CHECK(failed(evidence) == "snp.ecdsa");
  evidence = sample::evidence(kNonce);
  sample::put_signed(evidence, 0x208, 1);  // what the chip signed is what counts
  CHECK(failed(evidence) == "");
}

TEST_CASE("mistake: every processor is a Milan") {
  auto evidence = sample::bare_evidence(kNonce);
  sample::put_signed(evidence, 0x188, 0x021A, 2);
  for (const std::size_t tcb : {0x038U, 0x180U, 0x1E0U}) {
    std::ranges::copy(sample::kTurinTcb,
                      evidence.report.begin() + static_cast<std::ptrdiff_t>(tcb));
  }
  std::fill_n(evidence.report.begin() + 0x1A8, 56, std::uint8_t{0});
  sample::chip_key().sign(evidence.report);
  evidence.chain.leaf = sample::turin().issue(sample::turin_leaf());
  CHECK(verify(evidence, sample::expecting(kNonce)).verified());
}

TEST_CASE("mistake: a bit of platform_info that nobody has described is refused") {
  auto evidence = sample::evidence(kNonce);
  sample::put_signed(evidence, 0x040, 0x65, 8);  // as Turins report
  CHECK(failed(evidence) == "");
  sample::put_signed(evidence, 0x040, ~std::uint64_t{0}, 8);
  CHECK(failed(evidence) == "");
}

TEST_CASE("mistake: firmware that is newer than what is committed is refused") {
  auto evidence = sample::evidence(kNonce);
  sample::put_signed(evidence, 0x1E7, 214, 1);  // committed microcode
  sample::put_signed(evidence, 0x03F, 215, 1);  // current microcode
  CHECK(failed(evidence) == "");
}

TEST_CASE("mistake: another binding than the report's is only noted") {
  auto evidence = sample::evidence(kNonce);
  const auto other = sample::claims(sample::other_key().public_part());
  evidence.hcl_report = sample::hcl_report(
      other, sample::snp_report(sample::claims(sample::attestation_key().public_part())));
  evidence.signature = sample::other_key().sign(evidence.quote);
  CHECK(failed(evidence) == "bind.sha256");
}

TEST_CASE("mistake: the TPM's signature is not verified") {
  auto evidence = sample::evidence(kNonce);
  evidence.signature = sample::other_key().sign(evidence.quote);
  CHECK(failed(evidence) == "quote.rsa");
  evidence.signature.clear();
  CHECK(failed(evidence) == "quote.rsa");
}

TEST_CASE("mistake: only the launch measurement is looked at, which leaves the system open") {
  auto evidence = sample::evidence(kNonce);
  evidence.pcrs[4].fill(0xEE);  // another boot loader
  sample::quote_again(evidence, sample::quote(kNonce, digest_of(evidence.pcrs)));
  CHECK(failed(evidence) == "");
  const auto policy =
      json::Document::parse(R"({"pcrs":{"4":[")" + hex_encode(sample::pcrs()[4]) + R"("]}})");
  CHECK(sample::failed(verify(evidence, sample::expecting(kNonce, policy->root()))) ==
        "policy.pcrs");
}

TEST_CASE("mistake: a report without a signature is one") {
  auto evidence = sample::evidence(kNonce);
  sample::put_signed(evidence, 0x048, 0b10);  // MASK_CHIP_KEY
  CHECK(failed(evidence) == "snp.signing_key");
  std::fill_n(evidence.hcl_report.begin() + 0x20 + 0x2A0, 144, std::uint8_t{0});
  CHECK(failed(evidence) == "snp.signing_key sig.range snp.ecdsa");
  evidence = sample::evidence(kNonce);
  std::fill_n(evidence.hcl_report.begin() + 0x20 + 0x2A0, 144, std::uint8_t{0});
  CHECK(failed(evidence) == "sig.range snp.ecdsa");
}

TEST_CASE("mistake: S and R beyond the order of the curve are taken modulo it") {
  auto evidence = sample::evidence(kNonce);
  // R plus a multiple of 2^384, which is beyond the order.
  evidence.hcl_report[0x20 + 0x2A0 + 48] = 1;
  CHECK(failed(evidence) == "sig.range snp.ecdsa");
}

TEST_CASE("mistake: an expired certificate still vouches") {
  auto expected = sample::expecting(kNonce);
  expected.now = std::chrono::system_clock::from_time_t(2524608000);  // 2050
  CHECK(sample::failed(verify(sample::evidence(kNonce), expected)) == "x509.chain");
}

TEST_CASE("mistake: something that a TPM signed, but did not quote, is a quote") {
  auto evidence = sample::evidence(kNonce);
  auto attest = evidence.quote;
  attest[3] = 0;  // what anybody may have the key sign does not start with TPM_GENERATED_VALUE
  sample::quote_again(evidence, attest);
  CHECK(failed(evidence) == "quote.magic");
  evidence = sample::evidence(kNonce);
  attest = evidence.quote;
  attest[5] = 0x14;  // TPM_ST_ATTEST_NV
  sample::quote_again(evidence, attest);
  CHECK(failed(evidence) == "quote.type");
}

TEST_CASE("mistake: bytes behind a structure are passed over") {
  auto evidence = sample::evidence(kNonce);
  auto attest = evidence.quote;
  attest.push_back(0);
  sample::quote_again(evidence, attest);
  CHECK(failed(evidence) == "quote.trailing");
  evidence = sample::evidence(kNonce);
  evidence.hcl_report.back() = 1;
  CHECK(failed(evidence) == "hcl.nonzero_tail");
  evidence = sample::evidence(kNonce);
  evidence.hcl_report[0x20 + 0x49F] = 1;
  CHECK(failed(evidence) == "sig.reserved_nonzero");
  evidence = sample::evidence(kNonce);
  evidence.chain.leaf.push_back(0);
  CHECK(failed(evidence) == "x509.parse");
}

TEST_CASE("mistake: the beginning of a nonce answers it") {
  for (const std::size_t size : {0U, 1U, 16U, 31U, 33U, 64U}) {
    CAPTURE(size);
    const auto evidence = sample::evidence(Bytes(size, 0x5A));
    CHECK(failed(evidence) == "quote.nonce");
  }
}

TEST_CASE("mistake: the claims are hashed by what their header says") {
  auto evidence = sample::evidence(kNonce);
  for (const std::uint32_t hash : {0U, 2U, 3U, 0xFFFFFFFFU}) {
    sample::put_u32(evidence.hcl_report, 0x4CC, hash);
    CHECK(failed(evidence) == "hcl.hash_type");
  }
}

TEST_CASE("mistake: of two keys or members of one name, one is picked") {
  const auto mine = sample::jwk(sample::attestation_key().public_part());
  const auto other = sample::jwk(sample::other_key().public_part());
  auto evidence = sample::evidence(kNonce);
  sample::claim_again(evidence, R"({"keys":[)" + other + "," + mine + "]}");
  CHECK(failed(evidence) == "json.ak_dup");
  sample::claim_again(evidence, R"({"keys":[)" + other + R"(],"keys":[)" + mine + "]}");
  CHECK(failed(evidence) == "json.ak");
  CHECK_FALSE(read_evidence(R"({"attestation_report":"AA","attestation_report":"AA"})"));
}

TEST_CASE("mistake: a name in a certificate writes lines of its own into the log") {
  auto leaf = sample::vcek_leaf();
  leaf.subject = "x\nthis node is attested: verified";
  leaf.set("2", sample::ia5_string("\x1B[1A\n"));
  auto evidence = sample::evidence(kNonce);
  evidence.chain.leaf = sample::milan().issue(leaf);
  const auto appraisal = verify_sample(evidence);
  CHECK(sample::failed(appraisal) == "snp.signing_key vcek.product");
  for (const auto& check : appraisal.checks()) {
    CHECK(std::ranges::all_of(check.detail, [](char byte) { return byte >= 0x20 && byte < 0x7F; }));
  }
}

TEST_CASE("mistake: any privilege level of the guest may ask") {
  for (const std::uint32_t vmpl : {1U, 2U, 3U, 0xFFFFFFFFU}) {
    auto evidence = sample::evidence(kNonce);
    sample::put_signed(evidence, 0x030, vmpl);
    CHECK(failed(evidence) == "snp.vmpl");
  }
}

TEST_CASE("mistake: version numbers of 128 and more are negative, or of two bytes") {
  REQUIRE(sample::kMilanTcb[7] >= 128);
  CHECK(failed(sample::evidence(kNonce)) == "");
  auto leaf = sample::vcek_leaf();
  CHECK(failed_with(leaf.set("3.8", {0x02, 0x01, sample::kMilanTcb[7]})) == "vcek.tcb");
}

TEST_CASE("mistake: TCBs are compared as one number") {
  // Microcode is the highest byte: a newer one must not make up for an older bootloader.
  auto evidence = sample::evidence(kNonce);
  sample::put_signed(evidence, 0x038, 3, 1);    // current bootloader below the committed
  sample::put_signed(evidence, 0x03F, 255, 1);  // current microcode
  CHECK(failed(evidence) == "snp.tcb_order");
  const auto policy = json::Document::parse(R"({"minTcb":{"Milan":{"bootloader":5}}})");
  CHECK(sample::failed(verify(sample::evidence(kNonce),
                              sample::expecting(kNonce, policy->root()))) == "policy.minTcb");
}

}  // namespace
}  // namespace cpods::evidence
