#pragma once
// The validating door's work on one Pod: what is wrong with it, and what follows from that.
// Pure; any thread.

#include <optional>

#include "admission/rules.h"
#include "admission/subject.h"
#include "admission/verdict.h"

namespace cpods::admission {

enum class Moment : std::uint8_t { Creation, Update };

// All findings of all policies, of whatever action.
[[nodiscard]] Findings find_all(const Subject& subject, Moment moment,
                                const policy::Snapshot& snapshot);

// What `after` has and `before` has not: an update is held to what it makes worse, so that a policy
// that arrives later never holds up a running Pod's labels, finalizers or status.
[[nodiscard]] Findings made_worse(Findings after, const Findings& before);

// Enforce refuses, Warn warns, Audit is written to the audit annotations; all are annotated.
[[nodiscard]] Verdict weigh(const Subject& subject, const Findings& findings);

}  // namespace cpods::admission
