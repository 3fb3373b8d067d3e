#include "evidence/appraisal.h"

#include <algorithm>
#include <utility>

namespace cpods::evidence {

std::string_view name_of(Status status) {
  switch (status) {
    case Status::Passed:
      return "passed";
    case Status::Failed:
      return "failed";
    case Status::Unpinned:
      return "unpinned";
    case Status::Skipped:
      return "skipped";
  }
  return "skipped";
}

void Appraisal::add(std::string_view name, Status status, std::string detail, Doubt doubt) {
  checks_.push_back({std::string(name), status, printable(std::move(detail)), doubt});
}

void Appraisal::pass(std::string_view name, std::string detail) {
  add(name, Status::Passed, std::move(detail), Doubt::Malformed);
}

void Appraisal::fail(std::string_view name, Doubt doubt, std::string detail) {
  add(name, Status::Failed, std::move(detail), doubt);
}

void Appraisal::unpinned(std::string_view name, std::string detail) {
  add(name, Status::Unpinned, std::move(detail), Doubt::Malformed);
}

void Appraisal::skip(std::string_view name, std::string detail) {
  add(name, Status::Skipped, std::move(detail), Doubt::Malformed);
}

bool Appraisal::require(bool holds, std::string_view name, Doubt doubt, std::string detail) {
  if (holds) {
    pass(name);
  } else {
    fail(name, doubt, std::move(detail));
  }
  return holds;
}

bool Appraisal::verified() const {
  return !checks_.empty() && std::ranges::none_of(checks_, [](const Check& check) {
    return check.status == Status::Failed || check.status == Status::Skipped;
  });
}

const Check* Appraisal::decisive() const {
  const Check* gravest = nullptr;
  for (const auto& check : checks_) {
    if (check.status != Status::Failed) continue;
    if (gravest == nullptr || check.doubt < gravest->doubt) gravest = &check;
  }
  return gravest;
}

const Check* Appraisal::find(std::string_view name) const {
  const auto found = std::ranges::find(checks_, name, &Check::name);
  return found == checks_.end() ? nullptr : &*found;
}

}  // namespace cpods::evidence
