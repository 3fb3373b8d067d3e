#include "admission/guard.h"

#include <algorithm>
#include <unordered_set>

#include "base/limits.h"

namespace cpods::admission {
namespace {

Findings of_action(const Findings& findings, policy::Action action) {
  Findings out;
  std::ranges::copy_if(findings, std::back_inserter(out),
                       [&](const auto& finding) { return finding.policy->action == action; });
  return out;
}

std::string listed(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings) {
    const auto each = std::string(name_of(finding.reason)) + "(" + finding.policy->name + ")";
    if (out.find(each) == std::string::npos) out += (out.empty() ? "" : ",") + each;
  }
  return out;
}

}  // namespace

Findings find_all(const Subject& subject, Moment moment, const policy::Snapshot& snapshot) {
  Findings findings;
  if (moment == Moment::Creation) check_node_name(subject, findings);
  check_two_pools(subject, findings);
  check_secrets(subject, snapshot, findings);
  check_placement(subject, snapshot, findings);
  check_step(subject, findings);
  return findings;
}

Findings made_worse(Findings after, const Findings& before) {
  std::unordered_set<std::string> known;
  for (const auto& finding : before) known.insert(finding.identity());
  std::erase_if(after, [&](const auto& finding) { return known.contains(finding.identity()); });
  return after;
}

Verdict weigh(const Subject& subject, const Findings& findings) {
  Verdict verdict;
  if (!subject.concerns.empty()) verdict.reason = Reason::Satisfied;
  const auto refusals = of_action(findings, policy::Action::Enforce);
  if (!refusals.empty()) {
    verdict = refuse(refusals.front().reason, tell(subject.who, refusals));
  }
  for (const auto& finding : of_action(findings, policy::Action::Warn)) {
    if (verdict.warnings.size() == limits::kWarnings) break;
    verdict.warnings.push_back(warning("policy \"" + finding.policy->name + "\": ", finding));
  }
  if (!findings.empty()) verdict.audit_annotations.emplace_back("findings", listed(findings));
  return verdict;
}

}  // namespace cpods::admission
