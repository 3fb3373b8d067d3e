// The scheduler's reading of node selectors (component-helpers
// scheduling/corev1/nodeaffinity/nodeaffinity.go and apimachinery pkg/labels/selector.go), turned
// from "does this node match" into "what must be true of every node that matches".
//
// A requirement the scheduler cannot parse makes its whole term match nothing, so it is dead here
// too. An operator or a field that this version does not know proves nothing and excludes nothing:
// the API server refuses it, and if it ever learns one, a Pod that uses it is simply not
// guaranteed.
//
// Sizes are a stranger's to choose: sets are ordered, and a term's branch holds only the keys that
// the term itself speaks of, so that the proof costs about as much as reading the Pod.

#include "pod/node_constraints.h"

#include <algorithm>
#include <charconv>

namespace cpods::pod {
namespace {

// strconv.ParseInt(text, 10, 64), which accepts one sign and leading zeros.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::set<std::string_view> texts(json::Node list) {
  std::set<std::string_view> out;
  for (const json::Node each : list.elements()) out.insert(each.text());
  return out;
}

}  // namespace

void KeyConstraint::equal_to(json::Node value) {
  allow_only({value.text()});
  statements_.push_back(value);
}

bool KeyConstraint::restrict_by(json::Node expression) {
  const auto op = expression["operator"].text();
  const auto values = texts(expression["values"]);
  statements_.push_back(expression);
  if (op == "In") {
    allow_only(values);
    return !values.empty();
  }
  if (op == "NotIn") {
    excluded_.insert(values.begin(), values.end());
    return !values.empty();
  }
  if (op == "Exists" || op == "DoesNotExist") {
    (op == "Exists" ? must_exist_ : must_not_exist_) = true;
    return values.empty();
  }
  if (op != "Gt" && op != "Lt") return true;
  return expression["values"].size() == 1 && restrict_range(op, *values.begin());
}

void KeyConstraint::allow_only(const std::set<std::string_view>& values) {
  must_exist_ = true;
  if (allowed_) {
    std::erase_if(*allowed_, [&](auto value) { return !values.contains(value); });
  } else {
    allowed_ = values;
  }
}

// Both bounds are strict. A bound at the end of the range leaves no value at all.
bool KeyConstraint::restrict_range(std::string_view op, std::string_view bound_text) {
  using Limits = std::numeric_limits<std::int64_t>;
  must_exist_ = ranged_ = true;
  const auto bound = parse_integer(bound_text);
  if (!bound || *bound == (op == "Gt" ? Limits::max() : Limits::min())) return false;
  if (op == "Gt") lowest_ = std::max(lowest_, *bound + 1);
  if (op == "Lt") highest_ = std::min(highest_, *bound - 1);
  return true;
}

bool KeyConstraint::admits(std::string_view value) const {
  if (must_not_exist_ || excluded_.contains(value)) return false;
  if (allowed_ && !allowed_->contains(value)) return false;
  if (!ranged_) return true;
  const auto number = parse_integer(value);
  return number && *number >= lowest_ && *number <= highest_;
}

bool KeyConstraint::satisfiable() const {
  if (must_not_exist_) return !must_exist_;
  if (allowed_) return std::ranges::any_of(*allowed_, [&](auto value) { return admits(value); });
  // Excluding values never empties a range: 5, 05 and 005 are different values of one number.
  return lowest_ <= highest_;
}

json::Node KeyConstraint::first_ruling_out(std::span<const std::string> values) const {
  for (const auto statement : statements_) {
    KeyConstraint alone;
    if (statement.kind() == json::Kind::Object) {
      alone.restrict_by(statement);
    } else {
      alone.equal_to(statement);
    }
    if (std::ranges::none_of(values, [&](const auto& each) { return alone.admits(each); })) {
      return statement;
    }
  }
  return statements_.back();
}

NodeConstraints::NodeConstraints(json::Node node_selector) {
  for (const auto [key, value] : node_selector.members()) keys_[key].equal_to(value);
}

NodeConstraints::NodeConstraints(const NodeConstraints& selected, json::Node term)
    : selected_(&selected), broken_(is_empty_term(term)) {
  for (const json::Node expression : term["matchExpressions"].elements()) {
    if (!about(expression["key"].text()).restrict_by(expression)) broken_ = true;
  }
  for (const json::Node field : term["matchFields"].elements()) add_field(field);
}

void NodeConstraints::add_field(json::Node field) {
  if (field["key"].text() != "metadata.name") return;
  const auto op = field["operator"].text();
  const bool known = op == "In" || op == "NotIn";
  if (!known || field["values"].size() != 1 || !node_name_.restrict_by(field)) broken_ = true;
}

bool NodeConstraints::dead() const {
  return broken_ || !node_name_.satisfiable() ||
         !std::ranges::all_of(keys_, [](const auto& each) { return each.second.satisfiable(); });
}

const KeyConstraint* NodeConstraints::find(std::string_view key) const {
  if (const auto found = keys_.find(key); found != keys_.end()) return &found->second;
  return selected_ == nullptr ? nullptr : selected_->find(key);
}

KeyConstraint& NodeConstraints::about(std::string_view key) {
  const auto [entry, added] = keys_.try_emplace(key);
  if (added && selected_ != nullptr) {
    if (const auto* before = selected_->find(key)) entry->second = *before;
  }
  return entry->second;
}

bool is_empty_term(json::Node term) {
  return term["matchExpressions"].size() == 0 && term["matchFields"].size() == 0;
}

}  // namespace cpods::pod
