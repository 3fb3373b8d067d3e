#pragma once
// Kubernetes' own rules for label keys and values (apimachinery validation.IsQualifiedName and
// IsValidLabelValue), and which node labels a kubelet may set on its own node.
// Pure functions; any thread.

#include <optional>
#include <string>
#include <string_view>

namespace cpods::policy {

// What is wrong with it, as a sentence part: `has a name of 70 characters; at most 63 are allowed`.
[[nodiscard]] std::optional<std::string> flaw_of_label_key(std::string_view key);
[[nodiscard]] std::optional<std::string> flaw_of_label_value(std::string_view value);

// The NodeRestriction admission plugin lets a kubelet set this label on its own Node, so the label
// steers Pods but authenticates nothing.
[[nodiscard]] bool kubelet_may_set(std::string_view key);

}  // namespace cpods::policy
