#pragma once
// ValidatingAdmissionPolicies that hold the core of the policies with no webhook at all: no guarded
// secret and no selected Pod without the pool's labels among its own demands, no spec.nodeName, no
// binding by others than trusted schedulers, no kubelet that labels its node into a pool.
//
// The API server evaluates them itself, so no outage and no deleted webhook configuration opens
// them. They say less than the webhook, and where they say the same they are stricter: a demand
// counts where it stands as such, and is not proven from several. What they cannot say stands in
// docs/threat-model.md.
// Pure; any thread.

#include <expected>
#include <string>
#include <vector>

#include "policy/loader.h"
#include "policy/snapshot.h"

namespace cpods::configuration {

// As JSON; or, of each policy of which an object would not be taken, where it stands and why.
using Objects = std::expected<std::vector<std::string>, std::vector<policy::Diagnostic>>;

// Policies of action Enforce alone. Each ValidatingAdmissionPolicy is followed by its binding.
// `schedulers`: user names that may bind Pods.
[[nodiscard]] Objects backstop(const policy::Snapshot& snapshot,
                               const std::vector<std::string>& schedulers);

}  // namespace cpods::configuration
