#pragma once
// A second, naive reading of node constraints to compare the placement prover with: it evaluates
// the scheduler's rules (component-helpers nodeaffinity.go, apimachinery labels) node by node over
// a complete small world, and knows nothing of proofs.
//
// The world is that of one Pod and one pool. Its nodes carry, for each key that either speaks of,
// nothing or any of: the values they list, a fresh text that stands for all others, and fresh
// spellings of the integers at and beside each bound, one in every range that bounds can single
// out.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/node.h"
#include "pod/placement.h"

namespace cpods::naive {

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

using Label = std::optional<std::string>;

struct Expression {
  std::string key;
  std::string op;
  std::vector<std::string> values;

  [[nodiscard]] bool is_range() const { return op == "Gt" || op == "Lt"; }
  // The scheduler cannot parse it; its term matches nothing.
  [[nodiscard]] bool broken() const {
    if (op == "In" || op == "NotIn") return values.empty();
    if (op == "Exists" || op == "DoesNotExist") return !values.empty();
    return is_range() && (values.size() != 1 || !integer_of(values[0]));
  }
  [[nodiscard]] bool holds(const Label& label) const {
    const bool listed = label && std::ranges::find(values, *label) != values.end();
    if (op == "In") return listed;
    if (op == "NotIn") return !listed;
    if (op == "Exists") return label.has_value();
    if (op == "DoesNotExist") return !label;
    if (!is_range()) return true;  // refused by the API server: nothing is concluded from it
    const auto number = label ? integer_of(*label) : std::nullopt;
    if (!number) return false;
    return op == "Gt" ? *number > *integer_of(values[0]) : *number < *integer_of(values[0]);
  }
};

struct Term {
  std::vector<Expression> expressions;
  std::vector<Expression> fields;

  [[nodiscard]] bool matches_nothing() const {
    const auto broken = [](const Expression& each) { return each.broken(); };
    const auto broken_field = [](const Expression& each) {
      return each.key == "metadata.name" &&
             ((each.op != "In" && each.op != "NotIn") || each.values.size() != 1);
    };
    return (expressions.empty() && fields.empty()) || std::ranges::any_of(expressions, broken) ||
           std::ranges::any_of(fields, broken_field);
  }
};

struct Constraints {
  std::vector<std::pair<std::string, std::string>> selector;
  std::optional<std::vector<Term>> terms;  // nothing: no required affinity
};

inline Expression read_expression(json::Node node) {
  Expression out{std::string(node["key"].text()), std::string(node["operator"].text()), {}};
  for (const json::Node value : node["values"].elements()) out.values.emplace_back(value.text());
  return out;
}

inline Term read_term(json::Node node) {
  Term out;
  for (const json::Node each : node["matchExpressions"].elements()) {
    out.expressions.push_back(read_expression(each));
  }
  for (const json::Node each : node["matchFields"].elements()) {
    // There is no other field: the API server refuses it, and nothing is concluded from it.
    const bool known = each["key"].text() == "metadata.name";
    out.fields.push_back(known ? read_expression(each) : Expression());
  }
  return out;
}

inline Constraints read_constraints(json::Node spec) {
  Constraints out;
  for (const auto [key, value] : spec["nodeSelector"].members()) {
    out.selector.emplace_back(key, value.text());
  }
  const auto required =
      spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
  if (!required) return out;
  out.terms.emplace();
  for (const json::Node term : required["nodeSelectorTerms"].elements()) {
    out.terms->push_back(read_term(term));
  }
  return out;
}

// All that nodes can be told apart by: the labels each key may have, and the names.
class World {
 public:
  struct Key {
    std::string name;
    std::vector<Label> labels;
  };
  struct Node {
    std::vector<const Label*> labels;  // in the order of keys
    const Label* name = nullptr;
  };

  World(const Constraints& pod, std::span<const pod::Requirement> pool) {
    for (const auto& [key, value] : pod.selector) mention(key, value);
    for (const auto& requirement : pool) {
      for (const auto& value : requirement.values) mention(requirement.key, value);
    }
    if (!pod.terms) return;
    for (const auto& term : *pod.terms) {
      for (const auto& each : term.expressions) mention(each);
      for (const auto& each : term.fields) {
        if (each.key != "metadata.name") continue;
        for (const auto& value : each.values) add(names_, value);
      }
    }
  }

  [[nodiscard]] double size() const {
    auto size = static_cast<double>(names_.size());
    for (const auto& key : keys_) size *= static_cast<double>(key.labels.size());
    return size;
  }
  template <typename Visitor>
  void for_each_node(const Visitor& visit) const {
    Node node;
    for (const auto& name : names_) {
      node.name = &name;
      complete(node, visit);
    }
  }
  [[nodiscard]] const Label& label_of(const Node& node, std::string_view key) const {
    const auto found = std::ranges::find(keys_, key, &Key::name);
    return *node.labels[static_cast<std::size_t>(found - keys_.begin())];
  }

 private:
  static void add(std::vector<Label>& labels, const std::string& value) {
    if (std::ranges::find(labels, Label(value)) == labels.end()) labels.emplace_back(value);
  }
  Key& about(std::string_view key) {
    const auto found = std::ranges::find(keys_, key, &Key::name);
    if (found != keys_.end()) return *found;
    return keys_.emplace_back(std::string(key), std::vector<Label>{std::nullopt, "a fresh text"});
  }
  void mention(std::string_view key, const std::string& value) { add(about(key).labels, value); }
  void mention(const Expression& expression) {
    auto& labels = about(expression.key).labels;
    for (const auto& value : expression.values) add(labels, value);
    if (expression.is_range() && !expression.broken()) {
      add_around(labels, *integer_of(expression.values[0]));
    }
  }
  static void add_around(std::vector<Label>& labels, std::int64_t bound) {
    using Limits = std::numeric_limits<std::int64_t>;
    add(labels, spelled_afresh(bound));
    if (bound > Limits::min()) add(labels, spelled_afresh(bound - 1));
    if (bound < Limits::max()) add(labels, spelled_afresh(bound + 1));
  }
  // With more zeros than anybody writes.
  static std::string spelled_afresh(std::int64_t number) {
    auto digits = std::to_string(number);
    return digits.insert(number < 0 ? 1 : 0, 30, '0');
  }
  template <typename Visitor>
  void complete(Node& node, const Visitor& visit) const {
    if (node.labels.size() == keys_.size()) {
      visit(std::as_const(node));
      return;
    }
    for (const auto& label : keys_[node.labels.size()].labels) {
      node.labels.push_back(&label);
      complete(node, visit);
      node.labels.pop_back();
    }
  }

  std::vector<Key> keys_;
  std::vector<Label> names_ = {"a fresh name"};
};

inline bool matches(const Term& term, const World& world, const World::Node& node) {
  const auto on_label = [&](const auto& each) {
    return each.holds(world.label_of(node, each.key));
  };
  const auto on_name = [&](const auto& each) {
    return each.key != "metadata.name" || each.holds(*node.name);
  };
  return !term.matches_nothing() && std::ranges::all_of(term.expressions, on_label) &&
         std::ranges::all_of(term.fields, on_name);
}

inline bool matches(const Constraints& pod, const World& world, const World::Node& node) {
  const auto selected = [&](const auto& entry) {
    return world.label_of(node, entry.first) == entry.second;
  };
  if (!std::ranges::all_of(pod.selector, selected)) return false;
  return !pod.terms || std::ranges::any_of(*pod.terms, [&](const Term& term) {
    return matches(term, world, node);
  });
}

inline bool is_on(std::span<const pod::Requirement> pool, const World& world,
                  const World::Node& node) {
  return std::ranges::all_of(pool, [&](const auto& requirement) {
    const auto& label = world.label_of(node, requirement.key);
    return std::ranges::any_of(requirement.values, [&](const auto& each) { return label == each; });
  });
}

inline pod::Certainty certainty_of(const Constraints& pod, std::span<const pod::Requirement> pool,
                                   const World& world) {
  bool on = false;
  bool off = false;
  world.for_each_node([&](const World::Node& node) {
    const bool here = is_on(pool, world, node);
    if (!(here ? on : off) && matches(pod, world, node)) (here ? on : off) = true;
  });
  if (!on) return pod::Certainty::Impossible;
  return off ? pod::Certainty::Possible : pod::Certainty::Guaranteed;
}

}  // namespace cpods::naive
