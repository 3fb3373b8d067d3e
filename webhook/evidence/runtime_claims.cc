#include "evidence/runtime_claims.h"

#include <expected>
#include <string>
#include <vector>

#include "evidence/place.h"
#include "json/document.h"

namespace cpods::evidence {
namespace {

constexpr std::size_t kModulusBytes = 256;
constexpr std::size_t kExponentBytes = 4;
constexpr std::size_t kUserDataBytes = 64;

// Or why it is none.
using MaybeKey = std::expected<RsaKey, std::string>;

MaybeKey rsa_key(json::Node jwk) {
  if (jwk["kty"].text() != "RSA") return std::unexpected("HCLAkPub is not an RSA key");
  auto modulus = base64url_decode(jwk["n"].text());
  auto exponent = base64url_decode(jwk["e"].text());
  if (!modulus || modulus->size() != kModulusBytes || modulus->front() < 0x80) {
    return std::unexpected("HCLAkPub is not an RSA key of 2048 bits");
  }
  if (!exponent || exponent->empty() || exponent->size() > kExponentBytes) {
    return std::unexpected("the exponent of HCLAkPub is not 1 to 4 bytes of base64url");
  }
  return RsaKey{*std::move(modulus), *std::move(exponent)};
}

std::vector<json::Node> attestation_keys(json::Node claims) {
  std::vector<json::Node> found;
  for (const json::Node key : claims["keys"].elements()) {
    if (key["kid"].text() == "HCLAkPub") found.push_back(key);
  }
  return found;
}

std::optional<RuntimeClaims> fail(Appraisal& appraisal, const std::string& why) {
  appraisal.fail("json.ak", Doubt::Malformed,
                 "the runtime claims of the HCL report cannot be used: " + why);
  return std::nullopt;
}

std::optional<RuntimeClaims> read_claims(json::Node claims, Appraisal& appraisal) {
  const auto keys = attestation_keys(claims);
  if (keys.empty()) return fail(appraisal, "no key is named HCLAkPub");
  const bool is_one = appraisal.require(keys.size() == 1, "json.ak_dup", Doubt::Malformed,
                                        "the runtime claims name two keys HCLAkPub");
  auto key = rsa_key(keys.front());
  if (!key) return fail(appraisal, key.error());
  const auto user_data = hex_decode(claims["user-data"].text());
  if (!user_data) return fail(appraisal, "user-data is not hexadecimal");
  appraisal.pass("json.ak");
  if (!is_one) return std::nullopt;
  return RuntimeClaims{*std::move(key), claims["vm-configuration"]["secure-boot"].flag(),
                       *user_data};
}

}  // namespace

Bytes user_data_for(ByteView nonce) {
  Bytes user_data(nonce.begin(), nonce.end());
  user_data.resize(kUserDataBytes);
  return user_data;
}

std::optional<RuntimeClaims> check_runtime_claims(ByteView text, Appraisal& appraisal) {
  const auto claims = json::Document::parse(std::string(as_text(text)));
  if (!claims) return fail(appraisal, claims.error().text());
  try {
    return read_claims(claims->root(), appraisal);
  } catch (const json::Malformed& wrong) {
    return fail(appraisal, sentence_of(wrong));
  }
}

}  // namespace cpods::evidence
