#pragma once
// A TPM 2.0 quote: what TPM2_Quote signs and what that says about the platform. TCG TPM 2.0
// Library, part 2: TPMS_ATTEST, TPMS_QUOTE_INFO; big-endian. No TPM is needed to read one. Plain
// values; any thread.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "evidence/runtime_claims.h"

namespace cpods::evidence {

inline constexpr std::size_t kPcrs = 24;
// The SHA-256 bank, PCR 0 first.
using PcrBank = std::array<Sha256, kPcrs>;

struct Quote {
  Bytes nonce;  // extraData: the verifier's qualifyingData
  Bytes pcr_digest;
};

// `attest`: a TPMS_ATTEST, consumed exactly. Malformed unless it is a quote, made by a TPM, over
// all PCRs of the SHA-256 bank and nothing else.
[[nodiscard]] Proven<Quote> parse_quote(ByteView attest);

// SHA-256 over all values in order, which is what a quote's pcrDigest must be.
[[nodiscard]] Sha256 digest_of(const PcrBank& pcrs);

// RSASSA-PKCS1-v1_5 with SHA-256 over `attest`; Signature when it does not verify.
[[nodiscard]] Proven<void> verify_quote_signature(ByteView attest, ByteView signature,
                                                  const RsaKey& key);

}  // namespace cpods::evidence
