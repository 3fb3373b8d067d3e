#pragma once
// What one branch of a Pod's node constraints says about each node label key.
// Used by the placement prover; pure; any thread.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/node.h"

namespace cpods::pod {

// Everything known about the value of one label key on a matching node.
class KeyConstraint {
 public:
  // A nodeSelector entry: its value is the one allowed.
  void equal_to(json::Node value);
  // A matchExpressions entry; false where the scheduler cannot parse it.
  bool restrict_by(json::Node expression);

  // The values of which a matching node has one, where they are a finite set; else nullptr. Not all
  // of them need be admitted.
  [[nodiscard]] const std::set<std::string_view>* allowed() const {
    return allowed_ ? &*allowed_ : nullptr;
  }
  [[nodiscard]] bool admits(std::string_view value) const;
  // Some value, or absence, satisfies it.
  [[nodiscard]] bool satisfiable() const;
  // The entry or expression that by itself admits none of `values`; the last where it takes
  // several.
  [[nodiscard]] json::Node first_ruling_out(std::span<const std::string> values) const;

 private:
  void allow_only(const std::set<std::string_view>& values);
  bool restrict_range(std::string_view op, std::string_view bound_text);

  bool must_exist_ = false;
  bool must_not_exist_ = false;
  std::optional<std::set<std::string_view>> allowed_;  // nothing: any value
  std::set<std::string_view> excluded_;
  bool ranged_ = false;  // Gt or Lt: the value must be a base-10 integer within the bounds
  std::int64_t lowest_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t highest_ = std::numeric_limits<std::int64_t>::max();
  std::vector<json::Node> statements_;
};

// nodeSelector, or nodeSelector AND one nodeSelectorTerm.
class NodeConstraints {
 public:
  explicit NodeConstraints(json::Node node_selector);
  // `selected`, which must outlive this, and one term.
  NodeConstraints(const NodeConstraints& selected, json::Node term);

  // No node can satisfy it: contradictory, or a part that the scheduler cannot parse.
  [[nodiscard]] bool dead() const;
  [[nodiscard]] const KeyConstraint* find(std::string_view key) const;

 private:
  KeyConstraint& about(std::string_view key);
  void add_field(json::Node field);

  const NodeConstraints* selected_ = nullptr;
  std::map<std::string_view, KeyConstraint> keys_;  // said here; the rest is in selected_
  KeyConstraint node_name_;                         // matchFields metadata.name
  bool broken_ = false;
};

// Empty terms match nothing: neither matchExpressions nor matchFields.
[[nodiscard]] bool is_empty_term(json::Node term);

}  // namespace cpods::pod
