#include "policy/snapshot.h"

#include <algorithm>

namespace cpods::policy {
namespace {

bool reaches_by_name(const Policy& policy, std::string_view name) {
  return policy.namespaces.empty() || any_matches(policy.namespaces, name);
}

bool reaches(const Policy& policy, std::string_view name, const pod::Labels& labels) {
  return reaches_by_name(policy, name) &&
         (!policy.namespace_selector || policy.namespace_selector->matches(labels));
}

// Every pattern begins with something to look up.
bool is_found_by_name(const Policy& policy) {
  return !policy.namespaces.empty() &&
         std::ranges::all_of(policy.namespaces, [](const NamePattern& pattern) {
           return pattern.is_literal() || !pattern.prefix().empty();
         });
}

// A requirement that holds only where the label is there: In before Exists, which is wider.
const pod::LabelRequirement* found_by_label(const Policy& policy) {
  if (!policy.namespace_selector) return nullptr;
  const auto& all = policy.namespace_selector->requirements;
  for (const auto op : {pod::Operator::In, pod::Operator::Exists}) {
    const auto found = std::ranges::find(all, op, &pod::LabelRequirement::op);
    if (found != all.end()) return &*found;
  }
  return nullptr;
}

template <typename Map>
void append(const Map& map, std::string_view key, std::vector<std::uint32_t>& out) {
  const auto found = map.find(key);
  if (found != map.end()) out.insert(out.end(), found->second.begin(), found->second.end());
}

}  // namespace

Snapshot::Snapshot(std::vector<std::unique_ptr<Pool>> pools,
                   std::vector<std::unique_ptr<Policy>> policies, std::string digest)
    : pools_(std::move(pools)), policies_(std::move(policies)), digest_(std::move(digest)) {
  std::ranges::sort(policies_, {}, [](const auto& policy) { return policy->name; });
  for (std::uint32_t id = 0; id < policies_.size(); ++id) index(id);
  std::ranges::sort(prefix_lengths_);
  const auto repeated = std::ranges::unique(prefix_lengths_);
  prefix_lengths_.erase(repeated.begin(), repeated.end());
}

void Snapshot::index(std::uint32_t id) {
  const auto& policy = *policies_[id];
  if (is_found_by_name(policy)) {
    index_names(policy, id);
    return;
  }
  if (policy.namespace_selector) selecting_.push_back(id);
  if (const auto* requirement = found_by_label(policy)) {
    auto& label = by_label_[requirement->key];
    if (requirement->op == pod::Operator::Exists) label.any_value.push_back(id);
    for (const auto& value : requirement->values) label.by_value[value].push_back(id);
  } else {
    everywhere_.push_back(id);
  }
}

void Snapshot::index_names(const Policy& policy, std::uint32_t id) {
  for (const auto& pattern : policy.namespaces) {
    if (pattern.is_literal()) {
      by_name_[pattern.text()].push_back(id);
    } else {
      by_prefix_[std::string(pattern.prefix())].push_back(id);
      prefix_lengths_.push_back(pattern.prefix().size());
    }
  }
}

void Snapshot::add_named(std::string_view name, Ids& out) const {
  append(by_name_, name, out);
  for (const auto length : prefix_lengths_) {
    if (length > name.size()) break;
    append(by_prefix_, name.substr(0, length), out);
  }
}

Snapshot::Ids Snapshot::candidates(std::string_view name, const pod::Labels& labels) const {
  auto out = everywhere_;
  add_named(name, out);
  for (const auto& [key, value] : labels.entries()) {
    const auto found = by_label_.find(key);
    if (found == by_label_.end()) continue;
    const auto& any = found->second.any_value;
    out.insert(out.end(), any.begin(), any.end());
    append(found->second.by_value, value, out);
  }
  // One policy may stand under several names; ids are in the order of policy names.
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

std::vector<const Policy*> Snapshot::reaching(std::string_view name,
                                              const pod::Labels& labels) const {
  std::vector<const Policy*> out;
  for (const auto id : candidates(name, labels)) {
    if (reaches(*policies_[id], name, labels)) out.push_back(policies_[id].get());
  }
  return out;
}

bool Snapshot::needs_labels_of(std::string_view name) const {
  const auto needs = [&](const auto id) {
    return policies_[id]->namespace_selector && reaches_by_name(*policies_[id], name);
  };
  Ids named;
  add_named(name, named);
  return std::ranges::any_of(named, needs) || std::ranges::any_of(selecting_, needs);
}

}  // namespace cpods::policy
