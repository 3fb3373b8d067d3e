#pragma once
// RSA public keys as JSON Web Keys carry them, and the one signature scheme that is accepted of
// them: RSASSA-PKCS1-v1_5 with SHA-256, which quotes of a vTPM and tokens of a verifier use.
// Plain values; any thread.

#include <openssl/types.h>

#include "base/bytes.h"

namespace cpods::evidence {

// Big-endian, without leading zeros.
struct RsaKey {
  Bytes modulus;
  Bytes exponent;  // 1 to 4 bytes
};

// Of an RSA key of OpenSSL's; empty numbers where it is none.
[[nodiscard]] RsaKey public_part(const EVP_PKEY* key);

// False, too, where `key` is none.
[[nodiscard]] bool is_signed_by(const RsaKey& key, ByteView message, ByteView signature);

}  // namespace cpods::evidence
