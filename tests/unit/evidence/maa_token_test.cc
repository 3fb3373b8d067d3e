#include "evidence/maa_token.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_token.h"

namespace cpods::evidence {
namespace {

using sample::compact;
using sample::with;

constexpr const char* kIssuer = "https://shared.attest.example";
constexpr const char* kHeader = R"({"alg":"RS256","kid":"k1","typ":"JWT"})";

std::string user_data_hex() {
  return hex_encode(Bytes(32, 0x5A)) + std::string(64, '0');
}

std::string claims() {
  return R"({"exp":2000,"iat":1000,"iss":"https://shared.attest.example","nbf":1000,)"
         R"("x-ms-attestation-type":"sevsnpvm","x-ms-compliance-status":"azure-compliant-cvm",)"
         R"("x-ms-runtime":{"user-data":")" +
         user_data_hex() +
         R"(","vm-configuration":{"secure-boot":true}},"x-ms-sevsnpvm-is-debuggable":false})";
}

std::vector<IssuerKey> keys() {
  return {{"k0", sample::other_key().public_part()}, {"k1", sample::issuer_key().public_part()}};
}

Appraisal judged(const std::string& token, bool require_secure_boot = true,
                 std::int64_t now = 1500) {
  MaaExpectations expected{.issuer = kIssuer,
                           .user_data = Bytes(64),
                           .require_secure_boot = require_secure_boot,
                           .now = std::chrono::system_clock::from_time_t(now)};
  std::ranges::fill_n(expected.user_data.begin(), 32, std::uint8_t{0x5A});
  Appraisal appraisal;
  check_maa_token(token, keys(), expected, appraisal);
  return appraisal;
}

std::string signed_with(const std::string& from, const std::string& to) {
  return compact(kHeader, with(claims(), from, to), sample::issuer_key());
}

TEST_CASE("maa: a token about this attestation passes every check") {
  const auto appraisal = judged(compact(kHeader, claims(), sample::issuer_key()));
  CHECK(appraisal.verified());
  CHECK(sample::joined(sample::with(Status::Passed, appraisal)) ==
        "maa.jwt maa.alg maa.kid maa.signature maa.iss maa.exp maa.nbf maa.attestation_type "
        "maa.compliance_status maa.debug maa.user_data maa.secure_boot");
  const auto lax = judged(compact(kHeader, claims(), sample::issuer_key()), false);
  CHECK(sample::joined(sample::with(Status::Unpinned, lax)) == "maa.secure_boot");
}

TEST_CASE("maa: upper case in the user data is the same") {
  CHECK(judged(signed_with("5a5a5a", "5A5A5A")).verified());
}

TEST_CASE("maa: each claim that is wrong or absent fails its own check") {
  struct Row {
    std::string from;
    std::string to;
    std::string check;
    Doubt doubt;
    std::string sentence;
  };
  const std::vector<Row> rows = {
      {kIssuer, "https://shared.attest.example.evil", "maa.iss", Doubt::Signature,
       "the issuer of the token is \"https://shared.attest.example.evil\" instead of "
       "\"https://shared.attest.example\""},
      {R"("iss":)", R"("isz":)", "maa.iss", Doubt::Signature,
       "the issuer of the token is \"\" instead of \"https://shared.attest.example\""},
      {R"("exp":2000)", R"("exp":1400)", "maa.exp", Doubt::Freshness,
       "the token is no longer valid"},
      {R"("exp":2000)", R"("exp":-9223372036854775808)", "maa.exp", Doubt::Freshness,
       "the token is no longer valid"},
      {R"("exp":2000,)", "", "maa.exp", Doubt::Freshness,
       "the token says no time at which it ends"},
      {R"("exp":2000)", R"("exp":"2000")", "maa.exp", Doubt::Malformed,
       "a claim of the token: /exp must be a number, but is a string"},
      {R"("nbf":1000)", R"("nbf":1600)", "maa.nbf", Doubt::Freshness, "the token is not valid yet"},
      {R"("nbf":1000)", R"("nbf":9223372036854775807)", "maa.nbf", Doubt::Freshness,
       "the token is not valid yet"},
      {"sevsnpvm\"", "azurevm\"", "maa.attestation_type", Doubt::Policy,
       "the attestation type of the token is \"azurevm\" instead of \"sevsnpvm\""},
      {"azure-compliant-cvm", "azure-signed", "maa.compliance_status", Doubt::Policy,
       "the compliance status of the token is \"azure-signed\" instead of "
       "\"azure-compliant-cvm\""},
      {R"(debuggable":false)", R"(debuggable":true)", "maa.debug", Doubt::Policy,
       "the token does not say that the guest cannot be debugged"},
      {R"(debuggable":false)", R"(debuggable":null)", "maa.debug", Doubt::Policy,
       "the token does not say that the guest cannot be debugged"},
      {R"(debuggable":false)", R"(debuggable":"false")", "maa.debug", Doubt::Malformed,
       "a claim of the token: /x-ms-sevsnpvm-is-debuggable must be a boolean, but is a string"},
      {"5a5a", "5a5b", "maa.user_data", Doubt::Freshness,
       "the token is about a report that does not answer this attestation's nonce"},
      {"0000\"", "\"", "maa.user_data", Doubt::Freshness,
       "the token is about a report that does not answer this attestation's nonce"},
      {R"("x-ms-runtime":{)", R"("x-ms-runtime":{"keys":[]},"other":{)", "maa.user_data",
       Doubt::Freshness,
       "the token is about a report that does not answer this attestation's nonce"},
      {R"(secure-boot":true)", R"(secure-boot":false)", "maa.secure_boot", Doubt::Policy,
       "the token does not say that secure boot is on"},
  };
  for (const auto& [from, to, check, doubt, sentence] : rows) {
    CAPTURE(from);
    CAPTURE(to);
    const auto appraisal = judged(signed_with(from, to));
    CHECK_FALSE(appraisal.verified());
    const auto* failed = appraisal.find(check);
    REQUIRE(failed != nullptr);
    CHECK(failed->status == Status::Failed);
    CHECK(failed->doubt == doubt);
    CHECK(failed->detail == sentence);
  }
}

TEST_CASE("maa: a minute between two clocks is no reason") {
  CHECK(judged(signed_with(R"("exp":2000)", R"("exp":1440)")).verified());
  CHECK_FALSE(judged(signed_with(R"("exp":2000)", R"("exp":1439)")).verified());
  CHECK(judged(signed_with(R"("nbf":1000)", R"("nbf":1560)")).verified());
  CHECK_FALSE(judged(signed_with(R"("nbf":1000)", R"("nbf":1561)")).verified());
}

TEST_CASE("maa: a token that the issuer did not sign is believed in nothing") {
  const auto genuine = compact(kHeader, claims(), sample::issuer_key());
  const auto header = [](const std::string& text) {
    return compact(text, claims(), sample::issuer_key());
  };
  const auto unsigned_text = base64url_encode(as_bytes(R"({"alg":"none","kid":"k1"})")) + "." +
                             base64url_encode(as_bytes(claims())) + ".";
  struct Row {
    std::string token;
    std::string failed;
  };
  const std::vector<Row> rows = {
      {compact(kHeader, claims(), sample::other_key()), "maa.signature"},
      {compact(R"({"alg":"RS256","kid":"k0"})", claims(), sample::issuer_key()), "maa.signature"},
      {genuine.substr(0, genuine.rfind('.') + 1), "maa.signature"},
      {header(R"({"alg":"HS256","kid":"k1"})"), "maa.alg"},
      {header(R"({"alg":"none","kid":"k1"})"), "maa.alg"},
      {header(R"({"alg":"rs256","kid":"k1"})"), "maa.alg"},
      {header(R"({"kid":"k1"})"), "maa.alg"},
      {unsigned_text, "maa.alg"},
      {header(R"({"alg":"RS256","kid":"k2"})"), "maa.kid"},
      {header(R"({"alg":"RS256"})"), "maa.kid"},
      {"no.token", "maa.jwt"},
  };
  for (const auto& [token, failed] : rows) {
    CAPTURE(token);
    const auto appraisal = judged(token);
    CHECK_FALSE(appraisal.verified());
    CHECK(sample::joined(sample::with(Status::Failed, appraisal)) == failed);
  }
}

}  // namespace
}  // namespace cpods::evidence
