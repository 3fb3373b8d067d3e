#pragma once
// Everything that verifies a node, from the node and from whoever has its certificates.
// Blocks the calling thread.

#include <algorithm>
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

  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();

  // What is left of the patience. Several are asked one after the other: each may take a share of
  // what those before it have left, so that the last one is still asked, and told as the one that
  // did not answer.
  [[nodiscard]] std::chrono::milliseconds left() const {
    using std::chrono::milliseconds;
    const auto passed = std::chrono::steady_clock::now() - begun;
    return std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(patience - passed));
  }
  [[nodiscard]] std::chrono::milliseconds part() const { return left() / 2; }
  // The paravisor's, whom the Pods of a node ask one after the other.
  [[nodiscard]] std::chrono::milliseconds renewal_part() const { return left() * 3 / 4; }
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
