#include "admission/place.h"

#include <algorithm>

#include "admission/guard.h"
#include "base/limits.h"

namespace cpods::admission {
namespace {

bool is_ruled_out(const Concern& concern) {
  return concern.policy->action == policy::Action::Enforce && concern.wants_pod() &&
         (concern.placement.certainty == pod::Certainty::Impossible ||
          concern.placement.unread > 0);
}

// What no patch can mend.
Findings find_contradictions(const Subject& subject, const policy::Snapshot& snapshot) {
  Findings findings;
  check_two_pools(subject, findings);
  if (!findings.empty()) return findings;
  const Judging judging{subject, snapshot, limits::kFindingsTold};
  for (const auto rule : {check_secrets, check_placement}) {
    for (const auto& concern : subject.concerns) {
      if (is_ruled_out(concern)) rule(concern, judging, findings);
    }
  }
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
