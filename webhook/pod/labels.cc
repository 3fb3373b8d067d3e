#include "pod/labels.h"

#include <algorithm>

namespace cpods::pod {
namespace {

bool holds(const LabelRequirement& requirement, const Labels& labels) {
  const auto value = labels.find(requirement.key);
  const auto is_listed = [&] {
    return std::ranges::any_of(requirement.values, [&](const auto& v) { return v == *value; });
  };
  switch (requirement.op) {
    case Operator::In:
      return value && is_listed();
    case Operator::NotIn:
      return !value || !is_listed();
    case Operator::Exists:
      return value.has_value();
    case Operator::DoesNotExist:
      return !value;
  }
  return false;
}

}  // namespace

Labels::Labels(std::vector<std::pair<std::string, std::string>> entries)
    : entries_(std::move(entries)) {
  std::ranges::sort(entries_);
}

Labels Labels::read(json::Node metadata_labels) {
  std::vector<std::pair<std::string, std::string>> entries;
  entries.reserve(metadata_labels.size());
  for (const auto [key, value] : metadata_labels.members()) entries.emplace_back(key, value.text());
  return Labels(std::move(entries));
}

std::optional<std::string_view> Labels::find(std::string_view key) const {
  const auto found = std::ranges::lower_bound(
      entries_, key, {}, [](const auto& entry) { return std::string_view(entry.first); });
  if (found == entries_.end() || found->first != key) return std::nullopt;
  return found->second;
}

void Labels::set(std::string_view key, std::string_view value) {
  const auto found = std::ranges::lower_bound(
      entries_, key, {}, [](const auto& entry) { return std::string_view(entry.first); });
  if (found != entries_.end() && found->first == key) {
    found->second = value;
  } else {
    entries_.emplace(found, key, value);
  }
}

bool LabelSelector::matches(const Labels& labels) const {
  return std::ranges::all_of(requirements, [&](const auto& r) { return holds(r, labels); });
}

}  // namespace cpods::pod
