#pragma once
// JSON Web Tokens in their compact form (RFC 7515 §7.1, RFC 7519) and the keys that issuers publish
// for them (RFC 7517). What is read is a stranger's word until its signature holds under a key of
// the issuer that was asked: nothing in the token says which keys those are. One scheme is known,
// RS256, so that no token chooses another. Plain values; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "evidence/rsa_key.h"
#include "json/document.h"

namespace cpods::evidence {

struct WebToken {
  std::string algorithm;         // alg
  std::string key_id;            // kid; may be empty
  json::Document claims;         // an object
  std::string_view signed_part;  // of the text that was read
  Bytes signature;
};

// Malformed where it is no token, or where its header asks for what must be understood (crit).
// `text` must outlive the result.
[[nodiscard]] Proven<WebToken> read_web_token(std::string_view text);

struct IssuerKey {
  std::string id;  // kid
  RsaKey key;
};

// The RSA keys of 2048 to 4096 bits of a JWK Set, by n and e or by the certificate in x5c; others
// are passed over, whatever is wrong with them (RFC 7517 §5). Malformed where there is none.
[[nodiscard]] Proven<std::vector<IssuerKey>> read_issuer_keys(std::string text);

}  // namespace cpods::evidence
