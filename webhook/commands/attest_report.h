#pragma once
// An appraisal as people and as programs read it.
// Pure; any thread.

#include <ostream>
#include <string>

#include "evidence/appraisal.h"

namespace cpods::commands {

// One line a check, and a last one that says what they come to.
void print_checks(const evidence::Appraisal& appraisal, std::ostream& out);

// {"verified":…,"checks":[{"name":…,"status":…,"detail":…}]}
[[nodiscard]] std::string to_json(const evidence::Appraisal& appraisal);

// "verified; unpinned: policy.measurements, …", or why it is not.
[[nodiscard]] std::string sentence_of(const evidence::Appraisal& appraisal);

}  // namespace cpods::commands
