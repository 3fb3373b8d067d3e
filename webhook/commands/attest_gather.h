#pragma once
// Everything that verifies a node, from the node and from whoever has its certificates.
// Blocks the calling thread.

#include <chrono>
#include <string>

#include "base/bytes.h"
#include "evidence/evidence_json.h"
#include "evidence/refusal.h"
#include "node/demand.h"

namespace cpods::commands {

struct Sources {
  std::string tcti;  // instead of the demanded device; empty: "device:<device>"
  std::string imds;  // http://HOST:PORT instead of Azure's; empty: Azure's
  std::chrono::seconds patience{60};
};

// 32 random bytes: as many as Azure's vTPM surely takes, and far too many to guess.
[[nodiscard]] evidence::Proven<Bytes> fresh_nonce();

// Evidence that answers `nonce`, at most 32 bytes, with the certificate of the key that signed it.
[[nodiscard]] evidence::Proven<evidence::Evidence> gather(const node::Demand& demand,
                                                          const Sources& sources, ByteView nonce);

}  // namespace cpods::commands
