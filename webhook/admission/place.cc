#include "admission/place.h"

#include <algorithm>

#include "admission/guard.h"

namespace cpods::admission {
namespace {

bool is_ruled_out(const Concern& concern) {
  return concern.policy->action == policy::Action::Enforce && concern.wants_pod() &&
         concern.placement.certainty == pod::Certainty::Impossible;
}

// What no patch can mend.
Findings find_contradictions(const Subject& subject, const policy::Snapshot& snapshot) {
  Findings findings;
  check_two_pools(subject, findings);
  if (!findings.empty()) return findings;
  Subject ruled_out = subject;
  std::erase_if(ruled_out.concerns, [](const auto& concern) { return !is_ruled_out(concern); });
  check_secrets(ruled_out, snapshot, findings);
  check_placement(ruled_out, snapshot, findings);
  return findings;
}

const policy::Pool* wanted_pool(const Subject& subject) {
  const auto found = std::ranges::find_if(subject.concerns, [](const auto& concern) {
    return concern.policy->action == policy::Action::Enforce && concern.wants_pod();
  });
  return found == subject.concerns.end() ? nullptr : found->policy->pool;
}

}  // namespace

Verdict place_pod(const Subject& subject, const policy::Snapshot& snapshot) {
  auto verdict =
      refuse_for(find_contradictions(subject, snapshot), subject.who, !subject.concerns.empty());
  const auto* pool = wanted_pool(subject);
  if (!verdict.allowed || pool == nullptr) return verdict;
  constexpr std::string_view kSpec = "/spec";
  pod::place(subject.spec, kSpec, pool->requirements, verdict.patch);
  pod::tolerate(subject.spec, kSpec, pod::missing_tolerations(subject.spec, pool->tolerations),
                verdict.patch);
  if (pool->step) pool->step->inject(subject.spec, kSpec, verdict.patch);
  if (!verdict.patch.empty()) verdict.reason = Reason::Placed;
  return verdict;
}

}  // namespace cpods::admission
