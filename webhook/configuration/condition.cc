#include "configuration/condition.h"

#include <utility>

#include "configuration/cel.h"
#include "pod/names.h"

namespace cpods::configuration {
namespace {

constexpr std::string_view kLabelsChange =
    "has(object.metadata.labels) != has(oldObject.metadata.labels) || "
    "(has(object.metadata.labels) && object.metadata.labels != oldObject.metadata.labels)";

// A label that is set to nothing is another thing than one that is not there.
std::string label_or_nothing(std::string_view object) {
  const auto labels = std::string(object) + ".metadata.labels";
  return "(has(" + labels + ") && each in " + labels + " ? \"=\" + " + labels + "[each] : \"\")";
}

}  // namespace

Condition not_being_deleted() {
  return {"not-being-deleted", "!has(object.metadata.deletionTimestamp)"};
}

Condition spec_or_labels_change() {
  return {"spec-or-labels-change",
          "request.operation != \"UPDATE\" || object.spec != oldObject.spec || " +
              std::string(kLabelsChange)};
}

Condition spec_or_template_changes() {
  return {"spec-or-template-changes",
          "request.operation != \"UPDATE\" || "
          "(has(object.spec) && (!has(oldObject.spec) || object.spec != oldObject.spec)) || "
          "(has(object.template) && "
          "(!has(oldObject.template) || object.template != oldObject.template))"};
}

Condition labels_change() {
  return {"labels-change", std::string(kLabelsChange)};
}

std::string some_label_changes(const std::vector<std::string>& keys) {
  return cel::list(keys) + ".exists(each, " + label_or_nothing("object") +
         " != " + label_or_nothing("oldObject") + ")";
}

Condition labels_of_policies_change(const std::vector<std::string>& keys) {
  auto expression = some_label_changes(keys);
  if (expression.size() > cel::kExpressionBytes) return labels_change();
  return {"labels-of-policies-change", std::move(expression)};
}

Condition no_trusted_scheduler(const std::vector<std::string>& users) {
  return {"no-trusted-scheduler", "!(request.userInfo.username in " + cel::list(users) + ")"};
}

Condition no_trusted_group(const std::vector<std::string>& groups) {
  return {"no-trusted-group",
          "!request.userInfo.groups.exists(each, each in " + cel::list(groups) + ")"};
}

Condition by_a_kubelet() {
  return {"by-a-kubelet", cel::quoted(names::kNodesGroup) + " in request.userInfo.groups"};
}

void write_conditions(json::Writer& out, const std::vector<Condition>& conditions) {
  if (conditions.empty()) return;
  out.key("matchConditions").array();
  for (const auto& [name, expression] : conditions) {
    out.object().field("name", name).field("expression", expression).end();
  }
  out.end();
}

}  // namespace cpods::configuration
