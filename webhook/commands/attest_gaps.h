#pragma once
// What the attestation step of this version cannot verify, by the words of the policy language: the
// step says it of a node, and `check` says it of a pool before any Pod waits for it. A gap that is
// closed is deleted here, and both fall silent.
// Constants; any thread.

#include <string_view>

namespace cpods::commands {

struct AttestGap {
  std::string_view evidence;
  std::string_view verifier;
  std::string_view clause;
};

inline constexpr AttestGap kAttestGaps[] = {
    {"sev-snp", "maa",
     "this version asks Microsoft Azure Attestation about the evidence azure-vtpm alone"},
};

// The clause; empty where there is no gap.
[[nodiscard]] constexpr std::string_view gap_of(std::string_view evidence,
                                                std::string_view verifier) {
  for (const auto& gap : kAttestGaps) {
    if (gap.evidence == evidence && gap.verifier == verifier) return gap.clause;
  }
  return {};
}

}  // namespace cpods::commands
