#include "admission/guard.h"

#include <set>
#include <string>
#include <utility>

namespace cpods::admission {
namespace {

// SecretOffPool(db),NotGuaranteed(all)
std::string listed(const Findings& findings) {
  std::set<std::pair<Reason, const policy::Policy*>> told;
  std::string out;
  for (const auto& finding : findings) {
    if (!told.emplace(finding.reason, finding.policy).second) continue;
    out.append(out.empty() ? "" : ",").append(name_of(finding.reason));
    out += "(" + finding.policy->name + ")";
  }
  return out;
}

auto of_action(policy::Action action) {
  return [action](const Finding& finding) { return finding.policy->action == action; };
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

Verdict refuse_for(std::span<const Finding> findings, std::string_view who, bool concerned) {
  if (!findings.empty()) return refuse(findings.front().reason, tell(who, findings));
  Verdict verdict;
  if (concerned) verdict.reason = Reason::Satisfied;
  return verdict;
}

Verdict weigh(const Subject& subject, Findings findings) {
  const auto annotation = listed(findings);
  auto verdict = refuse_for(gather(findings, of_action(policy::Action::Enforce)), subject.who,
                            !subject.concerns.empty());
  warn(verdict, gather(findings, of_action(policy::Action::Warn)));
  if (!annotation.empty()) verdict.audit_annotations.emplace_back("findings", annotation);
  return verdict;
}

}  // namespace cpods::admission
