#include "policy/model.h"

#include <algorithm>
#include <ranges>

namespace cpods::policy {

NamePattern::NamePattern(std::string pattern) : pattern_(std::move(pattern)) {
  for (const auto piece : std::views::split(pattern_, '*')) {
    pieces_.emplace_back(piece.begin(), piece.end());
  }
}

// The first and the last piece stand at the ends; for those between, the first place that fits is
// as good as any later one.
bool NamePattern::matches(std::string_view name) const {
  if (is_literal()) return pattern_ == name;
  const auto& last = pieces_.back();
  if (!name.starts_with(pieces_.front())) return false;
  name.remove_prefix(pieces_.front().size());
  if (!name.ends_with(last)) return false;
  name.remove_suffix(last.size());
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const auto at = name.find(pieces_[i]);
    if (at == std::string_view::npos) return false;
    name.remove_prefix(at + pieces_[i].size());
  }
  return true;
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
