#pragma once
// The validating door's work on one Pod: what is wrong with it, and what follows from that.
// Pure; any thread.

#include <algorithm>
#include <span>
#include <string_view>

#include "admission/rules.h"
#include "admission/subject.h"
#include "admission/verdict.h"

namespace cpods::admission {

enum class Moment : std::uint8_t { Creation, Update };

// All findings of all policies, of whatever action.
[[nodiscard]] Findings find_all(const Subject& subject, Moment moment,
                                const policy::Snapshot& snapshot);

// A refusal that tells these findings; where there are none, Satisfied or, where no policy concerns
// the object, NotConcerned.
[[nodiscard]] Verdict refuse_for(std::span<const Finding> findings, std::string_view who,
                                 bool concerned);

// Enforce refuses, Warn warns, Audit is written to the audit annotations; all are annotated.
[[nodiscard]] Verdict weigh(const Subject& subject, Findings findings);

// Those of which `holds` is true, moved to the front of the list.
template <typename Predicate>
[[nodiscard]] std::span<const Finding> gather(Findings& findings, Predicate holds) {
  const auto rest = std::ranges::stable_partition(findings, holds);
  return {findings.begin(), rest.begin()};
}

}  // namespace cpods::admission
