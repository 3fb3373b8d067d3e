#include "evidence/maa_token.h"

#include <algorithm>

#include "evidence/token_claims.h"

namespace cpods::evidence {
namespace {

// Before any claim counts: signed by the instance that was asked, in the one way there is.
void check_signature(const WebToken& token, const std::vector<IssuerKey>& keys,
                     Appraisal& appraisal) {
  const bool is_known =
      appraisal.require(token.algorithm == "RS256", "maa.alg", Doubt::Signature,
                        "the token is signed by " + brief(token.algorithm) + " instead of RS256");
  const auto key = std::ranges::find(keys, token.key_id, &IssuerKey::id);
  const bool is_published = appraisal.require(
      !token.key_id.empty() && key != keys.end(), "maa.kid", Doubt::Signature,
      "the token is signed by a key that its issuer does not publish: " + brief(token.key_id));
  if (!is_known || !is_published) {
    appraisal.skip("maa.signature", "there is no key to verify it with");
    return;
  }
  appraisal.require(is_signed_by(key->key, as_bytes(token.signed_part), token.signature),
                    "maa.signature", Doubt::Signature,
                    "the token is not signed by the key that it names");
}

Complaint differs(json::Node claim, std::string_view wanted, const std::string& name) {
  if (claim.text() == wanted) return {};
  return name + " of the token is \"" + brief(claim.text()) + "\" instead of \"" +
         std::string(wanted) + "\"";
}

Complaint user_data(json::Node claims, ByteView wanted) {
  const auto seen = hex_decode(claims["x-ms-runtime"]["user-data"].text());
  if (seen && std::ranges::equal(*seen, wanted)) return {};
  return "the token is about a report that does not answer this attestation's nonce";
}

// Absent is not false: only what says that it is closed is closed.
Complaint debuggable(json::Node claims) {
  const auto claim = claims["x-ms-sevsnpvm-is-debuggable"];
  if (claim && !claim.flag()) return {};
  return "the token does not say that the guest cannot be debugged";
}

void check_secure_boot(json::Node claims, bool is_required, Appraisal& appraisal) {
  const auto claim = claims["x-ms-runtime"]["vm-configuration"]["secure-boot"];
  if (!is_required) {
    appraisal.unpinned("maa.secure_boot", "requireSecureBoot is not set");
    return;
  }
  check_claim(
      "maa.secure_boot", Doubt::Policy,
      [&]() -> Complaint {
        if (claim.flag()) return {};
        return "the token does not say that secure boot is on";
      },
      appraisal);
}

void check_claims(json::Node claims, const MaaExpectations& expected, Appraisal& appraisal) {
  check_claim(
      "maa.iss", Doubt::Signature,
      [&] { return differs(claims["iss"], expected.issuer, "the issuer"); }, appraisal);
  check_token_times("maa", claims, expected.now, appraisal);
  check_claim(
      "maa.attestation_type", Doubt::Policy,
      [&] { return differs(claims["x-ms-attestation-type"], "sevsnpvm", "the attestation type"); },
      appraisal);
  check_claim(
      "maa.compliance_status", Doubt::Policy,
      [&] {
        return differs(claims["x-ms-compliance-status"], "azure-compliant-cvm",
                       "the compliance status");
      },
      appraisal);
  check_claim("maa.debug", Doubt::Policy, [&] { return debuggable(claims); }, appraisal);
  check_claim(
      "maa.user_data", Doubt::Freshness, [&] { return user_data(claims, expected.user_data); },
      appraisal);
  check_secure_boot(claims, expected.require_secure_boot, appraisal);
}

}  // namespace

void check_maa_token(std::string_view token, const std::vector<IssuerKey>& keys,
                     const MaaExpectations& expected, Appraisal& appraisal) {
  const auto read = read_web_token(token);
  if (!read) {
    appraisal.fail("maa.jwt", Doubt::Malformed, read.error().sentence);
    return;
  }
  appraisal.pass("maa.jwt");
  check_signature(*read, keys, appraisal);
  check_claims(read->claims.root(), expected, appraisal);
}

}  // namespace cpods::evidence
