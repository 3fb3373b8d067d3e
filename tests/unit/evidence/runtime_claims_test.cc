#include "evidence/runtime_claims.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

TEST_CASE("claims: the key named HCLAkPub is found among others") {
  const auto mine = sample::attestation_key().public_part();
  const auto other = sample::other_key().public_part();
  const std::string text = R"({"keys":[)" + sample::jwk(other, "HCLEkPub") + "," +
                           sample::jwk(mine) + R"(],"user-data":"00fF"})";
  Appraisal appraisal;
  const auto claims = check_runtime_claims(as_bytes(text), appraisal);
  REQUIRE(claims);
  CHECK(appraisal.verified());
  CHECK(sample::joined(sample::with(Status::Passed, appraisal)) == "json.ak_dup json.ak");
  CHECK(claims->attestation_key.modulus == mine.modulus);
  CHECK(claims->attestation_key.exponent == mine.exponent);
  CHECK_FALSE(claims->secure_boot);
  CHECK(claims->user_data == Bytes{0x00, 0xFF});
}

TEST_CASE("claims: secure boot is what the configuration says") {
  Appraisal appraisal;
  const auto claims = check_runtime_claims(
      as_bytes(sample::claims(sample::attestation_key().public_part())), appraisal);
  REQUIRE(claims);
  CHECK(claims->secure_boot);
}

TEST_CASE("claims: anything but exactly one usable key is refused with its own sentence") {
  const auto mine = sample::attestation_key().public_part();
  const auto key = sample::jwk(mine);
  const RsaKey small{Bytes(128, 0xFF), {1, 0, 1}};
  const RsaKey leading_zero{Bytes(256, 0x7F), {1, 0, 1}};
  const RsaKey wide_exponent{mine.modulus, {1, 0, 0, 0, 1}};
  struct Row {
    std::string text;
    std::string sentence;
  };
  const Row rows[] = {
      {R"({"keys":[]})", "no key is named HCLAkPub"},
      {"{}", "no key is named HCLAkPub"},
      {R"({"keys":[{"kid":"HCLAkPub","kty":"EC"}]})", "HCLAkPub is not an RSA key"},
      {R"({"keys":[{"kid":"HCLAkPub","kty":"RSA","n":"A","e":"AQAB"}]})",
       "HCLAkPub is not an RSA key of 2048 bits"},
      {R"({"keys":[)" + sample::jwk(small) + "]}", "HCLAkPub is not an RSA key of 2048 bits"},
      {R"({"keys":[)" + sample::jwk(leading_zero) + "]}",
       "HCLAkPub is not an RSA key of 2048 bits"},
      {R"({"keys":[)" + sample::jwk(wide_exponent) + "]}",
       "the exponent of HCLAkPub is not 1 to 4 bytes of base64url"},
      {R"({"keys":[)" + key + R"(],"user-data":"0"})", "user-data is not hexadecimal"},
      {R"({"keys":7})", "/keys must be an array, but is a number"},
      {"[]", "the document must be an object, but is an array"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Appraisal appraisal;
    CHECK_FALSE(check_runtime_claims(as_bytes(row.text), appraisal));
    CHECK(sample::failed(appraisal) == "json.ak");
    CHECK(appraisal.decisive()->doubt == Doubt::Malformed);
    CHECK(appraisal.decisive()->detail ==
          "the runtime claims of the HCL report cannot be used: " + row.sentence);
  }
}

TEST_CASE("claims: two attestation keys are none, whichever stands first") {
  const auto mine = sample::jwk(sample::attestation_key().public_part());
  const auto other = sample::jwk(sample::other_key().public_part());
  for (const auto& keys : {mine + "," + other, other + "," + mine, mine + "," + mine}) {
    Appraisal appraisal;
    CHECK_FALSE(check_runtime_claims(as_bytes(R"({"keys":[)" + keys + "]}"), appraisal));
    CHECK(sample::failed(appraisal) == "json.ak_dup");
  }
}

TEST_CASE("claims: text that two readers could read differently is refused") {
  const auto key = sample::jwk(sample::attestation_key().public_part());
  const std::string deep = std::string(10000, '[') + std::string(10000, ']');
  const std::string texts[] = {R"({"keys":[)" + key + R"(],"keys":[]})",
                               R"({"keys":[)" + key + "]} {}",
                               R"({"keys":{"kid":"HCLAkPub"}})",
                               R"({"keys":[7]})",
                               "\xFF",
                               "",
                               R"({"keys":[)" + key + R"(],"deep":)" + deep + "}"};
  for (const auto& text : texts) {
    CAPTURE(text.substr(0, 80));
    Appraisal appraisal;
    CHECK_FALSE(check_runtime_claims(as_bytes(text), appraisal));
    CHECK(sample::failed(appraisal) == "json.ak");
  }
}

}  // namespace
}  // namespace cpods::evidence
