#include "evidence/rsa_key.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

TEST_CASE("rsa_key: a signature holds for this key and these bytes only") {
  const Bytes message(161, 0x5A);
  const Bytes signature = sample::attestation_key().sign(message);
  const auto key = sample::attestation_key().public_part();
  CHECK(is_signed_by(key, message, signature));

  Bytes other_message = message;
  other_message.back() ^= 1;
  Bytes other_signature = signature;
  other_signature.front() ^= 1;
  const Bytes half(signature.begin(), signature.begin() + 128);
  CHECK_FALSE(is_signed_by(key, other_message, signature));
  CHECK_FALSE(is_signed_by(key, message, other_signature));
  CHECK_FALSE(is_signed_by(key, message, half));
  CHECK_FALSE(is_signed_by(key, message, {}));
  CHECK_FALSE(is_signed_by(sample::other_key().public_part(), message, signature));
  CHECK_FALSE(is_signed_by(RsaKey{}, message, signature));
}

}  // namespace
}  // namespace cpods::evidence
