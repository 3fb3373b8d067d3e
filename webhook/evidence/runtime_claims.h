#pragma once
// The runtime claims of an HCL report: the attestation key of the vTPM and the VM's configuration,
// vouched for by the hardware report that carries this text's SHA-256. Plain value; any thread.

#include <optional>

#include "base/bytes.h"
#include "evidence/appraisal.h"

namespace cpods::evidence {

// An RSA public key, big-endian.
struct RsaKey {
  Bytes modulus;   // 256 bytes: the vTPM's attestation key is RSA-2048
  Bytes exponent;  // 1 to 4 bytes
};

struct RuntimeClaims {
  RsaKey attestation_key;    // the one named HCLAkPub
  bool secure_boot = false;  // vm-configuration.secure-boot; absent counts as off
  Bytes user_data;           // what the guest put into the vTPM's user data; often absent
};

// The checks json.ak (a text of strict JSON with a usable HCLAkPub; a duplicate key would let two
// readers see two keys) and json.ak_dup. Nothing where there is no one key.
[[nodiscard]] std::optional<RuntimeClaims> check_runtime_claims(ByteView text,
                                                                Appraisal& appraisal);

}  // namespace cpods::evidence
