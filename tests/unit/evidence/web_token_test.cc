#include "evidence/web_token.h"

#include <doctest/doctest.h>

#include "evidence/amd_roots.h"

#include "unit/evidence/sample_token.h"

namespace cpods::evidence {
namespace {

std::string encoded(const std::string& text) {
  return base64url_encode(as_bytes(text));
}

TEST_CASE("web_token: header, claims and signature are read as they came") {
  const auto text = sample::compact(R"({"alg":"RS256","kid":"k1","jku":"https://evil"})",
                                    R"({"iss":"me"})", sample::issuer_key());
  const auto token = read_web_token(text);
  REQUIRE(token);
  CHECK(token->algorithm == "RS256");
  CHECK(token->key_id == "k1");
  CHECK(token->claims.root()["iss"].text() == "me");
  CHECK(is_signed_by(sample::issuer_key().public_part(), as_bytes(token->signed_part),
                     token->signature));
}

TEST_CASE("web_token: what is no token is refused with its own sentence") {
  const auto header = encoded(R"({"alg":"RS256"})");
  const auto claims = encoded("{}");
  struct Row {
    std::string text;
    std::string why;
  };
  const std::vector<Row> rows = {
      {"", "it does not have three parts"},
      {header + "." + claims, "it does not have three parts"},
      {header + "." + claims + ".AA.AA", "it does not have three parts"},
      {header + "=." + claims + ".AA", "its header is not base64url"},
      {"+A." + claims + ".AA", "its header is not base64url"},
      {encoded("{\"alg\":") + "." + claims + ".AA", "its header is no JSON: offset 7: "},
      {encoded("[]") + "." + claims + ".AA", "its header is no object"},
      {encoded(R"({"alg":"none","alg":"RS256"})") + "." + claims + ".AA",
       "its header is no JSON: "},
      {encoded(R"({"alg":1})") + "." + claims + ".AA", "its header: /alg "},
      {encoded(R"({"alg":"RS256","crit":["exp"]})") + "." + claims + ".AA",
       "its header asks for extensions that are not known"},
      {encoded(R"({"alg":"RS256","crit":null})") + "." + claims + ".AA",
       "its header asks for extensions that are not known"},
      {header + "." + encoded("7") + ".AA", "its payload is no object"},
      {header + "..AA", "its payload is no JSON: "},
      {header + "." + claims + ".A", "its signature is not base64url"},
      {std::string(65537, 'A'), "it is too long"},
  };
  for (const auto& [text, why] : rows) {
    CAPTURE(why);
    const auto token = read_web_token(text);
    REQUIRE_FALSE(token);
    CHECK(token.error().doubt == Doubt::Malformed);
    CHECK(token.error().sentence.starts_with("this is no JSON Web Token: " + why));
  }
}

TEST_CASE("web_token: a JWK Set gives its RSA keys, by number or by certificate") {
  const auto key = sample::issuer_key().public_part();
  const auto certificate = std::string(amd_roots().front().ark.der);
  const auto keys = read_issuer_keys(
      R"({"keys":[{"kty":"EC","kid":"e","crv":"P-256"},{"kty":"RSA"},)" +
      sample::jwk(key, "by number") + R"(,{"kty":"RSA","kid":"by certificate","x5c":[")" +
      certificate + R"("]}]})");
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK(keys->at(0).id == "by number");
  CHECK(keys->at(0).key.modulus == key.modulus);
  CHECK(keys->at(0).key.exponent == key.exponent);
  CHECK(keys->at(1).id == "by certificate");
  CHECK(keys->at(1).key.exponent == Bytes{1, 0, 1});
}

TEST_CASE("web_token: a JWK Set without a usable key is refused with its place") {
  const RsaKey small{Bytes(128, 0xFF), {1, 0, 1}};
  const RsaKey large{Bytes(513, 0xFF), {1, 0, 1}};
  const RsaKey leading_zero{Bytes(256, 0), {1, 0, 1}};
  const RsaKey wide_exponent{Bytes(256, 0xFF), {1, 0, 0, 0, 1}};
  const auto set = [](const std::string& keys) { return R"({"keys":[)" + keys + "]}"; };
  constexpr const char* kNone = "it has no RSA key of 2048 to 4096 bits";
  struct Row {
    std::string text;
    std::string why;
  };
  std::string many = R"({"kty":"EC"})";
  for (int i = 0; i < 64; ++i) many += R"(,{"kty":"EC"})";
  const std::vector<Row> rows = {
      {"", "offset 0: "},
      {"[]", "the document must be an object"},
      {"{}", kNone},
      {set(R"({"kty":"EC"})"), kNone},
      {set(many), "/keys has too many keys"},
      {set(sample::jwk(small)), kNone},
      {set(sample::jwk(large)), kNone},
      {set(sample::jwk(leading_zero)), kNone},
      {set(sample::jwk(wide_exponent)), kNone},
      {set(R"({"kty":"RSA"})"), kNone},
      {set(R"({"kty":"RSA","x5c":[]})"), kNone},
      {set(R"({"kty":"RSA","x5c":["AAAA"]})"), kNone},
      {set(R"({"kty":"RSA","x5c":"AAAA"})"), kNone},
      {set(R"({"kty":"RSA","n":5})"), kNone},
      {std::string(262145, ' '), "it is too long"},
  };
  for (const auto& [text, why] : rows) {
    CAPTURE(why);
    const auto keys = read_issuer_keys(text);
    REQUIRE_FALSE(keys);
    CHECK(keys.error().sentence.starts_with("this is no JWK Set: " + why));
  }
}

}  // namespace
}  // namespace cpods::evidence
