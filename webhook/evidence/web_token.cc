#include "evidence/web_token.h"

#include <openssl/x509.h>

#include <algorithm>
#include <optional>

#include "evidence/place.h"
#include "evidence/x509.h"

namespace cpods::evidence {
namespace {

// A token of Microsoft's has 5 KiB, a JWK Set with certificates 20.
constexpr std::size_t kTokenBytes = std::size_t{64} * 1024;
constexpr std::size_t kKeySetBytes = std::size_t{256} * 1024;
constexpr std::size_t kKeys = 64;

std::unexpected<Refusal> no_token(const std::string& why) {
  return refuse(Doubt::Malformed, "this is no JSON Web Token: " + why);
}

std::unexpected<Refusal> no_keys(const std::string& why) {
  return refuse(Doubt::Malformed, "this is no JWK Set: " + why);
}

Proven<json::Document> read_part(std::string_view encoded, const std::string& name) {
  const auto bytes = base64url_decode(encoded);
  if (!bytes) return no_token("its " + name + " is not base64url");
  auto document = json::Document::parse(std::string(as_text(*bytes)));
  if (!document) return no_token("its " + name + " is no JSON: " + document.error().text());
  if (document->root().kind() != json::Kind::Object) {
    return no_token("its " + name + " is no object");
  }
  return *std::move(document);
}

bool has_usable_size(const RsaKey& key) {
  return key.modulus.size() >= 256 && key.modulus.size() <= 512 && key.modulus.front() != 0 &&
         !key.exponent.empty() && key.exponent.size() <= 4;
}

RsaKey key_of(json::Node jwk) {
  if (jwk["n"]) {
    return {base64url_decode(jwk["n"].text()).value_or(Bytes{}),
            base64url_decode(jwk["e"].text()).value_or(Bytes{})};
  }
  if (jwk["x5c"].size() == 0) return {};
  const auto der = base64_decode(jwk["x5c"].at(0).text());
  const auto certificate = der ? parse_certificate(*der) : nullptr;
  return certificate ? public_part(X509_get0_pubkey(certificate.get())) : RsaKey{};
}

// One that cannot be used, for whatever reason, is none.
std::optional<IssuerKey> usable_key(json::Node jwk) {
  try {
    if (jwk["kty"].text() != "RSA") return std::nullopt;
    auto key = key_of(jwk);
    if (!has_usable_size(key)) return std::nullopt;
    return IssuerKey{std::string(jwk["kid"].text()), std::move(key)};
  } catch (const json::Malformed&) {
    return std::nullopt;
  }
}

std::vector<IssuerKey> issuer_keys(json::Node list) {
  if (list.size() > kKeys) throw json::Malformed(list.pointer(), "has too many keys");
  std::vector<IssuerKey> keys;
  for (const auto jwk : list.elements()) {
    if (auto key = usable_key(jwk)) keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace

Proven<WebToken> read_web_token(std::string_view text) {
  if (text.size() > kTokenBytes) return no_token("it is too long");
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return no_token("it does not have three parts");
  }
  const auto header = read_part(text.substr(0, first), "header");
  if (!header) return std::unexpected(header.error());
  auto claims = read_part(text.substr(first + 1, second - first - 1), "payload");
  if (!claims) return std::unexpected(claims.error());
  auto signature = base64url_decode(text.substr(second + 1));
  if (!signature) return no_token("its signature is not base64url");
  try {
    const auto fields = header->root();
    if (fields["crit"].kind() != json::Kind::Missing) {
      return no_token("its header asks for extensions that are not known");
    }
    return WebToken{std::string(fields["alg"].text()), std::string(fields["kid"].text()),
                    *std::move(claims), text.substr(0, second), *std::move(signature)};
  } catch (const json::Malformed& wrong) {
    return no_token("its header: " + sentence_of(wrong));
  }
}

Proven<std::vector<IssuerKey>> read_issuer_keys(std::string text) {
  if (text.size() > kKeySetBytes) return no_keys("it is too long");
  const auto document = json::Document::parse(std::move(text));
  if (!document) return no_keys(document.error().text());
  try {
    auto keys = issuer_keys(document->root()["keys"]);
    if (keys.empty()) return no_keys("it has no RSA key of 2048 to 4096 bits");
    return keys;
  } catch (const json::Malformed& wrong) {
    return no_keys(sentence_of(wrong));
  }
}

}  // namespace cpods::evidence
