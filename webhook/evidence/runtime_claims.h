#pragma once
// The runtime claims of an HCL report: the attestation key of the vTPM and the VM's configuration,
// vouched for by the hardware report that carries this text's SHA-256. Plain value; any thread.

#include <optional>

#include "base/bytes.h"
#include "evidence/appraisal.h"
#include "evidence/rsa_key.h"

namespace cpods::evidence {

struct RuntimeClaims {
  RsaKey attestation_key;    // the one named HCLAkPub, RSA-2048
  bool secure_boot = false;  // vm-configuration.secure-boot; absent counts as off
  Bytes user_data;           // what the guest put into the vTPM's user data; often absent
};

// What a guest puts there for its claims to answer `nonce`: 64 bytes, the nonce and zeros behind
// it.
[[nodiscard]] Bytes user_data_for(ByteView nonce);

// The checks json.ak (a text of strict JSON with a usable HCLAkPub; a duplicate key would let two
// readers see two keys) and json.ak_dup. Nothing where there is no one key.
[[nodiscard]] std::optional<RuntimeClaims> check_runtime_claims(ByteView text,
                                                                Appraisal& appraisal);

}  // namespace cpods::evidence
