// Threat: none to the secret, because a scheduler that is not trusted may bind no Pod
// (rule_binding.cc). But a Pod that asks for one waits for ever, and says so nowhere; and a trusted
// second scheduler may be one that is not meant for this pool.
// Fields: spec.schedulerName at creation, which is immutable then.

#include <algorithm>

#include "admission/rules.h"
#include "pod/names.h"

namespace cpods::admission {
namespace {

std::string listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : " or ") + text;
  return out;
}

}  // namespace

void check_scheduler_name(const Concern& concern, const Judging& judging, Findings& findings) {
  const auto& pool = *concern.policy->pool;
  const auto& allowed = pool.scheduler_names;
  const auto given = judging.subject.spec["schedulerName"].text();
  // The API server fills it in; a manifest may leave it out.
  const auto name = given.empty() ? names::kDefaultScheduler : given;
  if (allowed.empty() || std::ranges::find(allowed, name) != allowed.end()) return;
  findings.push_back({.reason = Reason::SchedulerName,
                      .policy = concern.policy,
                      .mentions = {{.kind = "spec.schedulerName"}},
                      .before = "asks the scheduler \"" + std::string(name) +
                                "\" to place this Pod, which is none of pool \"" + pool.name +
                                "\" (",
                      .after = ").",
                      .fix = "Ask for " + listed(allowed) + ".",
                      .brief = "asks a scheduler that is none of the pool's"});
}

}  // namespace cpods::admission
