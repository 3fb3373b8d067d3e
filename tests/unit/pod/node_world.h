#pragma once
// A second, naive reading of node constraints to compare the placement prover with: it evaluates
// the scheduler's rules (component-helpers nodeaffinity.go, apimachinery labels) node by node over
// a complete small world, and knows nothing of proofs.
//
// The world's nodes carry, for each key, nothing or any value of kValues. Generated Pods only use
// the values before kFresh; those after it stand for the infinitely many that a Pod never names,
// spelled so that there is one of every integer that a range can single out.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "json/node.h"
#include "pod/placement.h"

namespace cpods::world {

inline constexpr std::array<std::string_view, 2> kKeys = {"agentpool", "type"};
inline constexpr std::array<std::string_view, 22> kValues = {
    "a", "b", "c", "", "3", "4", "5", "05", "+4", "9223372036854775807",
    // fresh:
    "fresh", "-0009", "0000", "0002", "0003", "0004", "0005", "0006", "0007", "0099",
    "09223372036854775806", "09223372036854775807"};
inline constexpr std::size_t kFresh = 10;
inline constexpr std::array<std::string_view, 3> kNames = {"node1", "node2", "fresh"};

struct WorldNode {
  std::array<std::optional<std::size_t>, kKeys.size()> labels;  // indices into kValues
  std::size_t name = 0;
};

// Go's strconv.ParseInt(text, 10, 64).
inline std::optional<std::int64_t> integer_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::uint64_t magnitude = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || magnitude > (UINT64_MAX - 9) / 10) return std::nullopt;
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(c - '0');
  }
  constexpr auto kMax = static_cast<std::uint64_t>(INT64_MAX);
  if (magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

// One requirement as the scheduler parses it; `broken` makes its term match nothing.
struct Expression {
  std::size_t key = 0;
  std::string_view op;
  std::array<bool, kValues.size()> listed{};
  std::int64_t bound = 0;
  bool broken = false;
};

struct Term {
  std::vector<Expression> expressions;
  std::vector<std::pair<bool, std::size_t>> names;  // In (or NotIn) one of kNames
  bool matches_nothing = false;
};

struct PodConstraints {
  std::vector<std::pair<std::size_t, std::size_t>> selector;  // key, value
  std::optional<std::vector<Term>> terms;                     // nothing: no required affinity
};

template <std::size_t N>
std::size_t index_in(const std::array<std::string_view, N>& list, std::string_view text) {
  std::size_t index = 0;
  while (list[index] != text) ++index;
  return index;
}

inline Expression read_expression(json::Node node) {
  Expression out;
  out.key = index_in(kKeys, node["key"].text());
  out.op = node["operator"].text();
  const auto values = node["values"];
  if (out.op == "Gt" || out.op == "Lt") {
    const auto bound = values.size() == 1 ? integer_of(values.at(0).text()) : std::nullopt;
    out.broken = !bound;
    out.bound = bound.value_or(0);
    return out;
  }
  for (const json::Node value : values.elements())
    out.listed[index_in(kValues, value.text())] = true;
  const bool wants_values = out.op == "In" || out.op == "NotIn";
  out.broken = wants_values == (values.size() == 0);
  return out;
}

inline Term read_term(json::Node node) {
  Term out;
  for (const json::Node each : node["matchExpressions"].elements()) {
    out.expressions.push_back(read_expression(each));
    if (out.expressions.back().broken) out.matches_nothing = true;
  }
  for (const json::Node each : node["matchFields"].elements()) {
    const auto op = each["operator"].text();
    if ((op != "In" && op != "NotIn") || each["values"].size() != 1) {
      out.matches_nothing = true;
    } else {
      out.names.emplace_back(op == "In", index_in(kNames, each["values"].at(0).text()));
    }
  }
  if (node["matchExpressions"].size() + node["matchFields"].size() == 0) out.matches_nothing = true;
  return out;
}

inline PodConstraints read_constraints(json::Node spec) {
  PodConstraints out;
  for (const auto [key, value] : spec["nodeSelector"].members()) {
    out.selector.emplace_back(index_in(kKeys, key), index_in(kValues, value.text()));
  }
  const auto required =
      spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
  if (!required) return out;
  out.terms.emplace();
  for (const json::Node each : required["nodeSelectorTerms"].elements()) {
    out.terms->push_back(read_term(each));
  }
  return out;
}

inline bool holds(const Expression& expression, const WorldNode& node) {
  const auto& label = node.labels[expression.key];
  if (expression.op == "In") return label && expression.listed[*label];
  if (expression.op == "NotIn") return !label || !expression.listed[*label];
  if (expression.op == "Exists") return label.has_value();
  if (expression.op == "DoesNotExist") return !label;
  static const auto kNumbers = [] {
    std::array<std::optional<std::int64_t>, kValues.size()> numbers;
    for (std::size_t i = 0; i < kValues.size(); ++i) numbers[i] = integer_of(kValues[i]);
    return numbers;
  }();
  if (!label || !kNumbers[*label]) return false;
  return expression.op == "Gt" ? *kNumbers[*label] > expression.bound
                               : *kNumbers[*label] < expression.bound;
}

inline bool matches(const Term& term, const WorldNode& node) {
  if (term.matches_nothing) return false;
  for (const auto& expression : term.expressions) {
    if (!holds(expression, node)) return false;
  }
  for (const auto& [in, name] : term.names) {
    if (in != (node.name == name)) return false;
  }
  return true;
}

inline bool matches(const PodConstraints& pod, const WorldNode& node) {
  for (const auto& [key, value] : pod.selector) {
    if (node.labels[key] != value) return false;
  }
  if (!pod.terms) return true;
  for (const auto& term : *pod.terms) {
    if (matches(term, node)) return true;
  }
  return false;
}

inline bool satisfies(const std::vector<pod::Requirement>& pool, const WorldNode& node) {
  for (const auto& requirement : pool) {
    const auto& label = node.labels[index_in(kKeys, requirement.key)];
    bool allowed = false;
    for (const auto& value : requirement.values) allowed |= label && kValues[*label] == value;
    if (!allowed) return false;
  }
  return true;
}

inline bool asks_for_names(const PodConstraints& pod) {
  if (!pod.terms) return false;
  for (const auto& term : *pod.terms) {
    if (!term.names.empty()) return true;
  }
  return false;
}

// Name by name, each with every combination of labels.
inline std::vector<WorldNode> all_nodes() {
  std::vector<WorldNode> nodes;
  for (std::size_t name = 0; name < kNames.size(); ++name) {
    for (std::size_t first = 0; first <= kValues.size(); ++first) {
      for (std::size_t second = 0; second <= kValues.size(); ++second) {
        WorldNode node;
        node.name = name;
        if (first > 0) node.labels[0] = first - 1;
        if (second > 0) node.labels[1] = second - 1;
        nodes.push_back(node);
      }
    }
  }
  return nodes;
}

}  // namespace cpods::world
