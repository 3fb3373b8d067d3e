#pragma once
// How `review` tells its outcomes: for people, as JSON lines, as manifests, as a diff, as answers.
// Writes to the stream it is given; one thread.

#include <cstddef>
#include <ostream>
#include <string_view>
#include <vector>

#include "commands/review_judge.h"

namespace cpods::commands {

// One line an object, with the refusal or the changes below it, and a closing count; `unreadable`
// is how many errors have been told beside them.
void print_summary(const std::vector<Outcome>& outcomes, std::size_t unreadable, bool colour,
                   std::ostream& out);

// One JSON object a line: object, allowed, reason, message, warnings, patch, policies and, for a
// workload, pods. `object` is the whole object with the patch applied.
void print_json(const std::vector<Outcome>& outcomes, std::ostream& out);

// The objects with their patches applied, as YAML documents: ready for kubectl or another review.
// What would be refused is left out.
void print_yaml(const std::vector<Outcome>& outcomes, std::ostream& out);

// A unified diff of each changed object's YAML; of a workload, of a Pod that it would make.
void print_diff(const std::vector<Outcome>& outcomes, std::ostream& out);

// The AdmissionReview answers, one a line.
void print_answers(const std::vector<Outcome>& outcomes, std::ostream& out);

}  // namespace cpods::commands
