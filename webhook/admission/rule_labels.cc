// Threat: whoever may update a Pod, or its status, may take away the label by which a policy
// selects it. Nothing would hold the Pod to the policy any more: the next update could swap the
// image of its attestation step. A Pod's labels add protection; they never remove it.
// Fields: metadata.labels, in updates of pods and pods/status. A Pod that does not keep a policy
// of its own is another Pod.

#include <algorithm>

#include "admission/rules.h"

namespace cpods::admission {

void check_labels(const Subject& subject, const Subject& stored, Findings& findings) {
  for (const auto& before : stored.concerns) {
    const auto now = std::ranges::find(subject.concerns, before.policy, &Concern::policy);
    const bool still = now != subject.concerns.end() && now->selects;
    if (!before.selects || still) continue;
    findings.push_back({.reason = Reason::LeavesPolicy,
                        .policy = before.policy,
                        .after = " keeps this Pod on pool \"" + before.policy->pool->name +
                                 "\" by labels that this update takes away.",
                        .fix = "Leave the labels as they are, or create another Pod without them.",
                        .brief = "its labels are taken away"});
  }
}

}  // namespace cpods::admission
