#pragma once
// The runtime claims of an HCL report: the attestation key of the vTPM, vouched for by the hardware
// report that carries this text's SHA-256. Plain value; any thread.

#include "base/bytes.h"
#include "evidence/refusal.h"

namespace cpods::evidence {

// An RSA public key, big-endian.
struct RsaKey {
  Bytes modulus;   // 256 bytes: the vTPM's attestation key is RSA-2048
  Bytes exponent;  // 1 to 4 bytes
};

// The key named HCLAkPub. Malformed where the text is not strict JSON (a duplicate key would let
// two readers see two keys) or does not hold exactly one such key.
[[nodiscard]] Proven<RsaKey> attestation_key(ByteView runtime_claims);

}  // namespace cpods::evidence
