#pragma once
// Which Pods a policy keeps on its pool, and which of them say so, as CEL: variables of its
// ValidatingAdmissionPolicy.
//
//   terms                       the required node affinity terms
//   on_pool                     nodeSelector or every term demands each label of the pool
//   selects, selected_before    by podSelector, now and as stored
//   mirror                      a kubelet's report of a Pod that already runs
//
// A demand counts where it stands as such: what only follows from several expressions does not.
// Pure; any thread.

#include <vector>

#include "configuration/admission_policy.h"
#include "policy/model.h"

namespace cpods::configuration {

// `selects` and `mirror` only where the policy selects Pods.
[[nodiscard]] std::vector<Variable> places_of(const policy::Policy& policy);

}  // namespace cpods::configuration
