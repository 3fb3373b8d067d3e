#pragma once
// Which Pods read what a policy guards, as CEL: variables of its ValidatingAdmissionPolicy.
//
//   reads_by_itself             a reference of its containers, init containers or volumes is
//   guarded reads_guarded               some reference is reads_anew                  one of an
//   ephemeral container that is new is
//
// The paths are those of pod/secret_references.h. A source that is unknown there counts only where
// an expression can name it: what fills or binds a claim template.
// Pure; any thread.

#include <vector>

#include "configuration/admission_policy.h"
#include "policy/model.h"

namespace cpods::configuration {

// Behind the lists of patterns that they speak of.
[[nodiscard]] std::vector<Variable> reads_of(const policy::SecretGuard& guard);

}  // namespace cpods::configuration
