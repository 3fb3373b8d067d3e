#pragma once
// Evidence made from nothing but the specifications, by keys that the test owns; and the writing of
// integers into it, which the tests use to spoil one field at a time. One thread.

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "evidence/rsa_key.h"
#include "evidence/verifier.h"
#include "unit/evidence/sample_chain.h"

namespace cpods::evidence::sample {

inline void put_little(Bytes& bytes, std::size_t offset, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    bytes.at(offset + i) = static_cast<std::uint8_t>(value >> (8 * i));
  }
}
inline void put_u32(Bytes& bytes, std::size_t offset, std::uint32_t value) {
  put_little(bytes, offset, value, 4);
}

inline void append_big(Bytes& bytes, std::uint64_t value, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline void append_sized(Bytes& bytes, ByteView content) {
  append_big(bytes, content.size(), 2);
  bytes.insert(bytes.end(), content.begin(), content.end());
}

// An RSA-2048 key, made once a test program and name.
class Key {
 public:
  Key() : key_(EVP_RSA_gen(2048), EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("no RSA key");
  }
  [[nodiscard]] RsaKey public_part() const {
    return {number(OSSL_PKEY_PARAM_RSA_N), number(OSSL_PKEY_PARAM_RSA_E)};
  }
  [[nodiscard]] Bytes sign(ByteView message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    Bytes signature(256);
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) !=
            1) {
      throw std::runtime_error("no RSA signature");
    }
    return signature;
  }

 private:
  [[nodiscard]] Bytes number(const char* name) const {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key_.get(), name, &value) != 1) throw std::runtime_error(name);
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value)));
    BN_bn2bin(value, bytes.data());
    BN_free(value);
    return bytes;
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

inline const Key& attestation_key() {
  static const Key key;
  return key;
}
inline const Key& other_key() {
  static const Key key;
  return key;
}

inline std::string jwk(const RsaKey& key, const std::string& kid = "HCLAkPub") {
  return R"({"kid":")" + kid + R"(","key_ops":["sign"],"kty":"RSA","e":")" +
         base64url_encode(key.exponent) + R"(","n":")" + base64url_encode(key.modulus) + R"("})";
}
inline std::string claims(const RsaKey& key) {
  return R"({"keys":[)" + jwk(key) + R"(],"vm-configuration":{"secure-boot":true}})";
}

// Version 3 from a Milan, the guest policy of Azure's VMs, VMPL 0, binding `runtime_claims`; signed
// by chip().
inline Bytes snp_report(std::string_view runtime_claims) {
  Bytes report(kSnpReportBytes);
  put_u32(report, 0x000, 3);
  put_u32(report, 0x004, 10);
  put_little(report, 0x008, 0x3001F, 8);
  put_u32(report, 0x034, 1);
  for (const std::size_t tcb : {0x038U, 0x180U, 0x1E0U, 0x1F0U}) {
    std::ranges::copy(kMilanTcb, report.begin() + static_cast<std::ptrdiff_t>(tcb));
  }
  std::ranges::copy(sha256(as_bytes(runtime_claims)), report.begin() + 0x050);
  std::fill_n(report.begin() + 0x090, 48, std::uint8_t{0xAB});
  report[0x188] = 0x19;
  report[0x189] = 0x01;
  std::ranges::copy(hwid(64), report.begin() + 0x1A0);
  chip_key().sign(report);
  return report;
}

inline Bytes hcl_report(std::string_view runtime_claims, const Bytes& snp,
                        std::size_t total = 2600) {
  Bytes report(0x4D4);
  const auto size = static_cast<std::uint32_t>(runtime_claims.size());
  put_u32(report, 0x000, 0x414C4348);
  put_u32(report, 0x004, 2);
  put_u32(report, 0x008, 32 + 1184 + 20 + size);
  put_u32(report, 0x00C, 2);
  std::ranges::copy(snp, report.begin() + 0x020);
  put_u32(report, 0x4C0, 20 + size);
  put_u32(report, 0x4C4, 1);
  put_u32(report, 0x4C8, 2);
  put_u32(report, 0x4CC, 1);
  put_u32(report, 0x4D0, size);
  const auto text = as_bytes(runtime_claims);
  report.insert(report.end(), text.begin(), text.end());
  report.resize(std::max(total, report.size()));
  return report;
}

// A TPMS_ATTEST over all PCRs of the SHA-256 bank.
inline Bytes quote(ByteView nonce, ByteView pcr_digest, std::uint32_t mask = 0xFFFFFF) {
  Bytes attest;
  append_big(attest, 0xFF544347, 4);
  append_big(attest, 0x8018, 2);
  append_sized(attest, Bytes(34, 0x0B));
  append_sized(attest, nonce);
  attest.resize(attest.size() + 17 + 8);
  append_big(attest, 1, 4);
  append_big(attest, 0x000B, 2);
  append_big(attest, 3, 1);
  append_big(attest, mask, 3);
  append_sized(attest, pcr_digest);
  return attest;
}

inline PcrBank pcrs() {
  PcrBank bank{};
  for (std::size_t i = 0; i < bank.size(); ++i) bank[i].fill(static_cast<std::uint8_t>(i));
  return bank;
}

inline VtpmEvidence evidence(ByteView nonce) {
  const auto text = claims(attestation_key().public_part());
  VtpmEvidence made;
  made.hcl_report = hcl_report(text, snp_report(text));
  made.pcrs = pcrs();
  made.quote = quote(nonce, digest_of(made.pcrs));
  made.signature = attestation_key().sign(made.quote);
  made.chain.leaf = vcek();
  return made;
}

// The same from a bare guest, which puts the nonce into report_data itself.
inline SnpEvidence bare_evidence(ByteView nonce) {
  SnpEvidence made{.report = snp_report(""), .chain = {}};
  std::fill_n(made.report.begin() + 0x050, 64, std::uint8_t{0});
  std::ranges::copy(nonce, made.report.begin() + 0x050);
  chip_key().sign(made.report);
  made.chain.leaf = vcek();
  return made;
}

inline constexpr std::size_t kSnpInHcl = 0x20;

// Writes a field of the SNP report inside Azure's evidence, and has the chip sign what came of it.
inline void put_signed(VtpmEvidence& evidence, std::size_t offset, std::uint64_t value,
                       std::size_t size = 4) {
  put_little(evidence.hcl_report, kSnpInHcl + offset, value, size);
  chip_key().sign(std::span(evidence.hcl_report).subspan(kSnpInHcl, kSnpReportBytes));
}
inline void put_signed(SnpEvidence& evidence, std::size_t offset, std::uint64_t value,
                       std::size_t size = 4) {
  put_little(evidence.report, offset, value, size);
  chip_key().sign(evidence.report);
}

// Quotes something else with the vTPM's own key.
inline void quote_again(VtpmEvidence& evidence, Bytes attest) {
  evidence.quote = std::move(attest);
  evidence.signature = attestation_key().sign(evidence.quote);
}

// Other runtime claims, bound by the SNP report.
inline void claim_again(VtpmEvidence& evidence, std::string_view runtime_claims) {
  evidence.hcl_report = hcl_report(runtime_claims, snp_report(runtime_claims));
}

inline Expectations expecting(std::optional<Bytes> nonce, json::Node policy = {}) {
  return {.nonce = std::move(nonce), .policy = policy, .now = now(), .roots = roots()};
}

// The names of the checks that ended so, in the order they were made.
inline std::vector<std::string> with(Status status, const Appraisal& appraisal) {
  std::vector<std::string> names;
  for (const auto& check : appraisal.checks()) {
    if (check.status == status) names.push_back(check.name);
  }
  return names;
}
inline std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}
inline std::string failed(const Appraisal& appraisal) {
  return joined(with(Status::Failed, appraisal));
}
inline std::string skipped(const Appraisal& appraisal) {
  return joined(with(Status::Skipped, appraisal));
}

}  // namespace cpods::evidence::sample
