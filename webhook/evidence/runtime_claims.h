#pragma once
// The runtime claims of an HCL report: the attestation key of the vTPM and the VM's configuration,
// vouched for by the hardware report that carries this text's SHA-256. Plain value; any thread.

#include "base/bytes.h"
#include "evidence/refusal.h"

namespace cpods::evidence {

// An RSA public key, big-endian.
struct RsaKey {
  Bytes modulus;   // 256 bytes: the vTPM's attestation key is RSA-2048
  Bytes exponent;  // 1 to 4 bytes
};

struct RuntimeClaims {
  RsaKey attestation_key;    // the one named HCLAkPub
  bool secure_boot = false;  // vm-configuration.secure-boot; absent counts as off
};

// Malformed where the text is not strict JSON (a duplicate key would let
// two readers see two keys) or does not hold exactly one such key.
[[nodiscard]] Proven<RuntimeClaims> parse_runtime_claims(ByteView text);

}  // namespace cpods::evidence
