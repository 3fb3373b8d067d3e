#pragma once
// Everything that verifies a node, from the node and from whoever has its certificates.
// Blocks the calling thread.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "evidence/evidence_json.h"
#include "evidence/refusal.h"
#include "node/demand.h"

namespace cpods::commands {

struct Sources {
  std::string tcti;  // instead of the demanded device; empty: "device:<device>"
  std::string imds;  // http://HOST:PORT instead of Azure's; empty: Azure's
  std::string kds;   // http(s)://HOST:PORT instead of AMD's key service; empty: AMD's
  // A vTPM quotes in well under a second; what does not answer must not keep a Pod in Init for
  // ever.
  std::chrono::seconds patience{60};

  // For one of those who are asked one after the other: IMDS, AMD, the paravisor, a remote
  // verifier.
  [[nodiscard]] std::chrono::milliseconds part() const {
    return std::chrono::milliseconds(patience) / 4;
  }
};

// Azure: whether the report must carry the nonce as the quote does. A bare report always does.
enum class ReportAge : std::uint8_t { Any, Fresh };

// 32 random bytes: as many as Azure's vTPM surely takes, and far too many to guess.
[[nodiscard]] evidence::Proven<Bytes> fresh_nonce();

// Evidence that answers `nonce`, at most 48 bytes, with the certificate of the key that signed it.
[[nodiscard]] evidence::Proven<evidence::Evidence> gather(const node::Demand& demand,
                                                          const Sources& sources, ByteView nonce,
                                                          ReportAge age);

}  // namespace cpods::commands
