#pragma once
// Which namespaces a policy reaches, in the words of a webhook configuration: labels and names as a
// namespaceSelector, globs as a CEL condition on the request's namespace.
// Plain values; any thread.

#include <optional>
#include <string>
#include <vector>

#include "configuration/condition.h"
#include "pod/labels.h"
#include "policy/model.h"

namespace cpods::configuration {

struct Scope {
  std::vector<std::string> names;             // patterns, one of them matches; none: any name
  std::vector<pod::LabelRequirement> labels;  // all of them hold

  // Two policies that reach the same by the same words have equal scopes.
  [[nodiscard]] static Scope of(const policy::Policy& policy);

  // Every namespace of `other` is one of this, as far as the words show it.
  [[nodiscard]] bool covers(const Scope& other) const;
  // A metav1.LabelSelector as JSON, without the namespaces that nobody is ever asked about.
  [[nodiscard]] std::string namespace_selector() const;
  // What the selector cannot say; nothing where it says all.
  [[nodiscard]] std::optional<std::string> condition() const;
  // A text that differs between scopes that differ.
  [[nodiscard]] std::string key() const;
};

// `conditions` behind the one that the scope itself needs, if any.
[[nodiscard]] std::vector<Condition> conditions_in(const Scope& scope,
                                                   std::vector<Condition> conditions);

[[nodiscard]] std::string_view name_of(pod::Operator op);

}  // namespace cpods::configuration
