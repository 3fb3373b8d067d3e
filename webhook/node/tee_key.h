#pragma once
// A key that lives for one attestation: its public half goes into what the evidence vouches for,
// and what a key broker service releases is encrypted to it (RFC 7516, RSA-OAEP-256 with A256GCM).
// Owns the key; one thread.

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "evidence/refusal.h"

namespace cpods::node {

class TeeKey {
 public:
  // RSA, 2048 bits.
  [[nodiscard]] static evidence::Proven<TeeKey> generate();

  // {"alg":"RSA-OAEP-256","e":…,"kty":"RSA","n":…}: members in order, as canonical JSON has them.
  [[nodiscard]] std::string jwk() const;
  // The content of a JWE in its flattened JSON form (RFC 7516 §7.2.2). Malformed where it is none,
  // NotVerifiable for another algorithm, Signature where it does not open.
  [[nodiscard]] evidence::Proven<Bytes> open(std::string_view jwe) const;

  TeeKey(TeeKey&&) noexcept;
  TeeKey& operator=(TeeKey&&) noexcept;
  ~TeeKey();

 private:
  struct Secret;
  explicit TeeKey(std::unique_ptr<Secret> secret);

  std::unique_ptr<Secret> secret_;
};

}  // namespace cpods::node
