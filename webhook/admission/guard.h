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

// All findings of all policies about a Pod that is created, of whatever action.
[[nodiscard]] Findings find_all(const Subject& subject, const policy::Snapshot& snapshot);

// Of an update those that `stored` has not: see made_worse.
[[nodiscard]] Findings find_worse(const Subject& subject, const Subject& stored,
                                  const policy::Snapshot& snapshot);

// What each policy says of an object that cannot be read, and of which it can tell nothing.
[[nodiscard]] Findings find_unreadable(const std::vector<const policy::Policy*>& policies,
                                       const json::Malformed& malformed);

// A refusal that tells these findings; where there are none, Satisfied or, where no policy concerns
// the object, NotConcerned.
[[nodiscard]] Verdict refuse_for(std::span<const Finding> findings, std::string_view who,
                                 bool concerned);

// Each reason of each policy once, of whatever action.
[[nodiscard]] std::vector<Complaint> complaints_of(const Findings& findings);

// Enforce refuses, Warn warns; what each policy found, Audit's among it, is in the complaints.
[[nodiscard]] Verdict weigh(std::string_view who, bool concerned, Findings findings);

[[nodiscard]] inline auto of_action(policy::Action action) {
  return [action](const Finding& finding) { return finding.policy->action == action; };
}

// Those of which `holds` is true, moved to the front of the list.
template <typename Predicate>
[[nodiscard]] std::span<const Finding> gather(Findings& findings, Predicate holds) {
  const auto rest = std::ranges::stable_partition(findings, holds);
  return {findings.begin(), rest.begin()};
}

}  // namespace cpods::admission
