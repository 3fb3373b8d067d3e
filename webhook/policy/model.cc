#include "policy/model.h"

#include <algorithm>

namespace cpods::policy {

NamePattern::NamePattern(std::string pattern)
    : pattern_(std::move(pattern)), literal_(pattern_.find('*') == std::string::npos) {}

std::string_view NamePattern::prefix() const {
  return std::string_view(pattern_).substr(0, pattern_.find('*'));
}

// Greedy: on a mismatch the last `*` takes one character more. At most pattern × name steps.
bool NamePattern::matches(std::string_view name) const {
  if (literal_) return pattern_ == name;
  std::size_t at = 0;
  std::size_t in_name = 0;
  std::size_t star = std::string::npos;
  std::size_t taken = 0;
  while (in_name < name.size()) {
    if (at < pattern_.size() && pattern_[at] == '*') {
      star = at++;
      taken = in_name;
    } else if (at < pattern_.size() && pattern_[at] == name[in_name]) {
      ++at;
      ++in_name;
    } else if (star != std::string::npos) {
      at = star + 1;
      in_name = ++taken;
    } else {
      return false;
    }
  }
  return pattern_.find_first_not_of('*', at) == std::string::npos;
}

bool any_matches(const std::vector<NamePattern>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return pattern.matches(name); });
}

std::string_view name_of(Action action) {
  switch (action) {
    case Action::Enforce:
      return "Enforce";
    case Action::Warn:
      return "Warn";
    case Action::Audit:
      return "Audit";
  }
  return "Enforce";
}

}  // namespace cpods::policy
