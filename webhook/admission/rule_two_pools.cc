// Threat: two policies that ask for different pools would each be satisfied by half a Pod: the
// affinities contradict each other, or the second attestation step replaces the first.
// Fields: none of the Pod's own; the policies that select it.

#include "admission/rules.h"

namespace cpods::admission {

void check_two_pools(const Subject& subject, Findings& findings) {
  const Concern* first = nullptr;
  for (const auto& concern : subject.concerns) {
    if (concern.policy->action != policy::Action::Enforce || !concern.wants_pod()) continue;
    if (first == nullptr) {
      first = &concern;
    } else if (concern.policy->pool != first->policy->pool) {
      const auto pools =
          "\"" + first->policy->pool->name + "\" and \"" + concern.policy->pool->name + "\"";
      findings.push_back({.reason = Reason::TwoPools,
                          .policy = concern.policy,
                          .before = "policies \"" + first->policy->name + "\" and \"" +
                                    concern.policy->name +
                                    "\" require different pools for this Pod, " + pools + ".",
                          .fix = "Make the policies agree, or let only one of them select it.",
                          .brief = "different pools are required, " + pools});
      return;
    }
  }
}

}  // namespace cpods::admission
