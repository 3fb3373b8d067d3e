#include "configuration/scope.h"

#include <algorithm>
#include <utility>

#include "configuration/cel.h"
#include "json/writer.h"
#include "pod/names.h"

namespace cpods::configuration {
namespace {

bool is_any(const std::string& pattern) {
  return pattern.find_first_not_of('*') == std::string::npos;
}

bool is_literal(const std::string& pattern) {
  return !pattern.contains('*');
}

template <typename List>
void sort_once(List& list) {
  std::ranges::sort(list);
  const auto repeated = std::ranges::unique(list);
  list.erase(repeated.begin(), repeated.end());
}

// A star of `narrow` is only ever matched by one of `wide`, so what it stands for is, too.
bool covers_pattern(const std::string& wide, const std::string& narrow) {
  return policy::NamePattern(wide).matches(narrow);
}

void write_expression(json::Writer& out, std::string_view key, std::string_view op,
                      const std::vector<std::string>& values) {
  out.object().field("key", key).field("operator", op);
  if (!values.empty()) {
    out.key("values").array();
    for (const auto& value : values) out.text(value);
    out.end();
  }
  out.end();
}

}  // namespace

std::string_view name_of(pod::Operator op) {
  switch (op) {
    case pod::Operator::In:
      return "In";
    case pod::Operator::NotIn:
      return "NotIn";
    case pod::Operator::Exists:
      return "Exists";
    case pod::Operator::DoesNotExist:
      return "DoesNotExist";
  }
  return "";
}

Scope Scope::of(const policy::Policy& policy) {
  Scope scope;
  for (const auto& pattern : policy.namespaces) scope.names.push_back(pattern.text());
  if (std::ranges::any_of(scope.names, is_any)) scope.names.clear();
  sort_once(scope.names);
  if (policy.namespace_selector) scope.labels = policy.namespace_selector->requirements;
  for (auto& requirement : scope.labels) sort_once(requirement.values);
  sort_once(scope.labels);
  return scope;
}

bool Scope::covers(const Scope& other) const {
  const bool by_labels = std::ranges::all_of(labels, [&](const auto& each) {
    return std::ranges::find(other.labels, each) != other.labels.end();
  });
  if (!by_labels || names.empty()) return by_labels;
  return !other.names.empty() && std::ranges::all_of(other.names, [&](const auto& narrow) {
    return std::ranges::any_of(names,
                               [&](const auto& wide) { return covers_pattern(wide, narrow); });
  });
}

std::string Scope::namespace_selector() const {
  json::Writer out;
  out.object().key("matchExpressions").array();
  for (const auto& each : labels) write_expression(out, each.key, name_of(each.op), each.values);
  if (!names.empty() && std::ranges::all_of(names, is_literal)) {
    write_expression(out, names::kNamespaceNameLabel, "In", names);
  }
  write_expression(out, names::kNamespaceNameLabel, "NotIn",
                   {names::kNeverAsked.begin(), names::kNeverAsked.end()});
  return out.end().end().take();
}

std::optional<std::string> Scope::condition() const {
  if (std::ranges::all_of(names, is_literal)) return std::nullopt;
  return cel::matches_any("request.namespace", {names.begin(), names.end()});
}

std::vector<Condition> conditions_in(const Scope& scope, std::vector<Condition> conditions) {
  if (auto by_name = scope.condition()) {
    conditions.insert(conditions.begin(), {"in-scope", std::move(*by_name)});
  }
  return conditions;
}

std::string Scope::key() const {
  return namespace_selector() + condition().value_or("");
}

}  // namespace cpods::configuration
