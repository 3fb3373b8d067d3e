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
  for (const auto& concern : subject.concerns) {
    if (concern.policy->action == policy::Action::Enforce) {
      check_pod_security(concern, judging, findings);
      check_step_unfit(concern, judging, findings);
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

constexpr std::string_view kSpec = "/spec";

// What keeps a Pod on the pool, into a spec at this path.
void constrain(json::Node spec, std::string_view path, const policy::Pool& pool,
               json::Patch& patch) {
  pod::place(spec, path, pool.requirements, patch);
  pod::tolerate(spec, path, pod::missing_tolerations(spec, pool.tolerations), patch);
}

}  // namespace

Verdict place_spec(const Subject& subject, json::Node spec, std::string_view path,
                   const policy::Snapshot& snapshot) {
  Verdict verdict;
  const auto* pool = wanted_pool(subject);
  if (pool == nullptr || !find_contradictions(subject, snapshot).empty()) return verdict;
  constrain(spec, path, *pool, verdict.patch);
  if (!verdict.patch.empty()) verdict.reason = Reason::Placed;
  return verdict;
}

Verdict place_pod(const Subject& subject, const policy::Snapshot& snapshot) {
  auto verdict =
      refuse_for(find_contradictions(subject, snapshot), subject.who, !subject.concerns.empty());
  const auto* pool = wanted_pool(subject);
  if (!verdict.allowed || pool == nullptr) return verdict;
  constrain(subject.spec, kSpec, *pool, verdict.patch);
  if (pool->step) pool->step->inject(subject.spec, kSpec, verdict.patch);
  if (!verdict.patch.empty()) verdict.reason = Reason::Placed;
  return verdict;
}

}  // namespace cpods::admission
