#include "admission/guard.h"

#include <array>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "base/limits.h"

namespace cpods::admission {
namespace {

using Rule = void (*)(const Concern& concern, const Judging& judging, Findings& findings);
constexpr std::array<Rule, 7> kAtCreation = {
    check_pod_security, check_step_unfit, check_node_name, check_scheduler_name,
    check_secrets,      check_placement,  check_step};
constexpr std::array<Rule, 4> kInUpdates = {check_bound, check_secrets, check_placement,
                                            check_step};

// What is told of one finding, in whichever way: the rest is only counted.
constexpr std::size_t kMentionsKept = std::max(limits::kWarnings, limits::kFindingsTold);

Findings ask(Rule rule, const policy::Policy* policy, const Judging& judging) {
  Findings findings;
  const auto concern = std::ranges::find(judging.subject.concerns, policy, &Concern::policy);
  if (concern != judging.subject.concerns.end()) rule(*concern, judging, findings);
  return findings;
}

}  // namespace

std::vector<Complaint> complaints_of(const Findings& findings) {
  std::set<std::pair<Reason, const policy::Policy*>> told;
  std::vector<Complaint> complaints;
  for (const auto& finding : findings) {
    if (!told.emplace(finding.reason, finding.policy).second) continue;
    complaints.push_back({finding.reason, finding.policy->action, finding.policy->name});
  }
  return complaints;
}

Findings find_all(const Subject& subject, const policy::Snapshot& snapshot) {
  const Judging judging{subject, snapshot, kMentionsKept};
  Findings findings;
  check_two_pools(subject, findings);
  for (const auto rule : kAtCreation) {
    for (const auto& concern : subject.concerns) rule(concern, judging, findings);
  }
  return findings;
}

Findings find_worse(const Subject& subject, const Subject& stored,
                    const policy::Snapshot& snapshot) {
  constexpr auto kAll = std::numeric_limits<std::size_t>::max();
  Findings after;
  Findings before;
  check_two_pools(subject, after);
  check_two_pools(stored, before);
  auto findings = made_worse(std::move(after), before);
  check_labels(subject, stored, findings);
  const Judging now{subject, snapshot, kAll, true};
  const Judging then{stored, snapshot, kAll, true};
  for (const auto rule : kInUpdates) {
    for (const auto& concern : subject.concerns) {
      after = ask(rule, concern.policy, now);
      if (after.empty()) continue;
      for (auto& worse : made_worse(std::move(after), ask(rule, concern.policy, then))) {
        worse.count_beyond(kMentionsKept);
        findings.push_back(std::move(worse));
      }
    }
  }
  return findings;
}

Findings find_unreadable(const std::vector<const policy::Policy*>& policies,
                         const json::Malformed& malformed) {
  const auto where = malformed.where().empty() ? "the object" : malformed.where();
  const auto what = where + " " + malformed.what();
  Findings findings;
  for (const auto* policy : policies) {
    findings.push_back({.reason = Reason::Malformed,
                        .policy = policy,
                        .before = what + ".",
                        .fix = "Correct that field.",
                        .brief = what});
  }
  return findings;
}

Verdict refuse_for(std::span<const Finding> findings, std::string_view who, bool concerned) {
  if (!findings.empty()) return refuse(findings.front().reason, tell(who, findings));
  Verdict verdict;
  if (concerned) verdict.reason = Reason::Satisfied;
  return verdict;
}

Verdict weigh(std::string_view who, bool concerned, Findings findings) {
  auto complaints = complaints_of(findings);
  auto verdict = refuse_for(gather(findings, of_action(policy::Action::Enforce)), who, concerned);
  warn(verdict, gather(findings, of_action(policy::Action::Warn)));
  verdict.complaints = std::move(complaints);
  return verdict;
}

}  // namespace cpods::admission
