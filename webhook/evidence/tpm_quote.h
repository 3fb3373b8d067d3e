#pragma once
// A TPM 2.0 quote: what TPM2_Quote signs and what that says about the platform. TCG TPM 2.0
// Library, part 2: TPMS_ATTEST, TPMS_QUOTE_INFO; big-endian. No TPM is needed to read one. Plain
// values; any thread.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "evidence/appraisal.h"

namespace cpods::evidence {

inline constexpr std::size_t kPcrs = 24;
// The SHA-256 bank, PCR 0 first.
using PcrBank = std::array<Sha256, kPcrs>;

struct Quote {
  Bytes nonce;  // extraData: the verifier's qualifyingData
  Bytes pcr_digest;
};

// `attest`: a TPMS_ATTEST. The checks quote.magic, quote.type, quote.parse (it has all its fields),
// quote.pcr_selection (all PCRs of the SHA-256 bank and nothing else) and quote.trailing; what the
// fields hold that could be read.
[[nodiscard]] Quote check_quote(ByteView attest, Appraisal& appraisal);

// SHA-256 over all values in order, which is what a quote's pcrDigest must be.
[[nodiscard]] Sha256 digest_of(const PcrBank& pcrs);

}  // namespace cpods::evidence
