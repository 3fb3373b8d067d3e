#include "evidence/runtime_claims.h"

#include <string>

#include "json/document.h"

namespace cpods::evidence {
namespace {

constexpr std::size_t kModulusBytes = 256;
constexpr std::size_t kExponentBytes = 4;

std::unexpected<Refusal> malformed(const std::string& what) {
  return refuse(Doubt::Malformed, "the runtime claims of the HCL report cannot be used: " + what);
}

Proven<RsaKey> rsa_key(json::Node jwk) {
  if (jwk["kty"].text() != "RSA") return malformed("HCLAkPub is not an RSA key");
  auto modulus = base64url_decode(jwk["n"].text());
  auto exponent = base64url_decode(jwk["e"].text());
  if (!modulus || modulus->size() != kModulusBytes || modulus->front() < 0x80) {
    return malformed("HCLAkPub is not an RSA key of 2048 bits");
  }
  if (!exponent || exponent->empty() || exponent->size() > kExponentBytes) {
    return malformed("the exponent of HCLAkPub is not 1 to 4 bytes of base64url");
  }
  return RsaKey{*std::move(modulus), *std::move(exponent)};
}

Proven<RsaKey> find_key(json::Node claims) {
  json::Node found;
  for (const json::Node key : claims["keys"].elements()) {
    if (key["kid"].text() != "HCLAkPub") continue;
    if (found) return malformed("two keys are named HCLAkPub");
    found = key;
  }
  if (!found) return malformed("no key is named HCLAkPub");
  return rsa_key(found);
}

}  // namespace

Proven<RuntimeClaims> parse_runtime_claims(ByteView text) {
  const auto claims = json::Document::parse(std::string(as_text(text)));
  if (!claims) return malformed(claims.error().text());
  try {
    auto key = find_key(claims->root());
    if (!key) return std::unexpected(key.error());
    return RuntimeClaims{*std::move(key), claims->root()["vm-configuration"]["secure-boot"].flag()};
  } catch (const json::Malformed& wrong) {
    return malformed(wrong.where() + ": " + wrong.what());
  }
}

}  // namespace cpods::evidence
