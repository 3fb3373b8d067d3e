#pragma once
// The rules of the guard, one file each: rule_<name>.cc opens with the threat and the fields it
// looks at. A rule adds findings and decides nothing else; admission/guard.cc weighs them.
// Pure; any thread.

#include <string>

#include "admission/finding.h"
#include "admission/subject.h"

namespace cpods::admission {

void check_two_pools(const Subject& subject, Findings& findings);
void check_node_name(const Subject& subject, Findings& findings);
void check_secrets(const Subject& subject, const policy::Snapshot& snapshot, Findings& findings);
void check_placement(const Subject& subject, const policy::Snapshot& snapshot, Findings& findings);
void check_step(const Subject& subject, Findings& findings);

// Shared words of the placement sentences.
// "this Pod may run elsewhere: …" or "this Pod can never run there: …"
[[nodiscard]] std::string explain(const pod::Placement& placement);
// What to write instead; offers the namespace label of a policy that would place the Pod.
[[nodiscard]] std::string advise(const Concern& concern, const Subject& subject,
                                 const policy::Snapshot& snapshot);

}  // namespace cpods::admission
