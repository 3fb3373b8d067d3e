#pragma once
// When the API server asks, or evaluates, at all: matchConditions that webhook configurations and
// admission policies share.
// Plain values; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "json/writer.h"

namespace cpods::configuration {

struct Condition {
  std::string name;
  std::string expression;  // CEL
};

// A Pod on its way out, a finalizer removed: never held up.
[[nodiscard]] Condition not_being_deleted();
[[nodiscard]] Condition spec_or_labels_change();
// A PodTemplate has a template where other workloads have a spec.
[[nodiscard]] Condition spec_or_template_changes();
[[nodiscard]] Condition labels_change();
// Of any label, where they are too many for one expression.
[[nodiscard]] Condition labels_of_policies_change(const std::vector<std::string>& keys);
[[nodiscard]] Condition no_trusted_scheduler(const std::vector<std::string>& users);
[[nodiscard]] Condition no_trusted_group(const std::vector<std::string>& groups);
[[nodiscard]] Condition by_a_kubelet();

// True where one of these labels of `object` differs in `oldObject`.
[[nodiscard]] std::string some_label_changes(const std::vector<std::string>& keys);

// "matchConditions" with its list, where there are any.
void write_conditions(json::Writer& out, const std::vector<Condition>& conditions);

}  // namespace cpods::configuration
