#pragma once
// Exit codes of confidential-pods-attest: what `kubectl get pod -o jsonpath` shows when the step
// keeps a Pod from starting. Each stands for one kind of doubt and never changes its number.

#include <cstdint>
#include <string>

#include "evidence/appraisal.h"
#include "evidence/refusal.h"

namespace cpods::commands {

enum class AttestExit : std::uint8_t {
  Attested = 0,
  Usage = 2,
  NotATee = 10,
  Transport = 11,
  Malformed = 12,
  Signature = 13,
  Policy = 14,
  Freshness = 15,
  RemoteRefused = 16,
  NotVerifiable = 17,
};

[[nodiscard]] AttestExit exit_of(evidence::Doubt doubt);

// Attested where it is verified.
[[nodiscard]] AttestExit exit_of(const evidence::Appraisal& appraisal);

// The table of codes for --help.
[[nodiscard]] std::string exit_code_help();

}  // namespace cpods::commands
