#pragma once
// What the attestation step of this version cannot verify yet, by the words of the policy language:
// the step says it of a node, and `check` says it of a pool before any Pod waits for it. A gap that
// is closed is deleted here, and both fall silent.
// Constants; any thread.

#include <string_view>

namespace cpods::commands {

struct AttestGap {
  std::string_view setting;  // a verifier
  std::string_view clause;
};

inline constexpr AttestGap kMaaGap{"maa", "this version cannot ask Microsoft Azure Attestation"};
inline constexpr AttestGap kKbsGap{"kbs", "this version cannot ask a key broker service"};

inline constexpr AttestGap kAttestGaps[] = {kMaaGap, kKbsGap};

}  // namespace cpods::commands
