#include "configuration/backstop_places.h"

#include <string>

#include "configuration/cel.h"
#include "configuration/cel_paths.h"
#include "pod/names.h"

namespace cpods::configuration {
namespace {

std::string demands(const pod::Requirement& requirement) {
  const auto key = cel::quoted(requirement.key);
  const auto values = cel::list(requirement.values);
  return "(has(object.spec.nodeSelector) && " + key +
         " in object.spec.nodeSelector && object.spec.nodeSelector[" + key + "] in " + values +
         ") || (size(variables.terms) > 0 && variables.terms.all(t, "
         "((!has(t.matchExpressions) || size(t.matchExpressions) == 0) && "
         "(!has(t.matchFields) || size(t.matchFields) == 0)) || "
         "(has(t.matchExpressions) && t.matchExpressions.exists(e, e.key == " +
         key + " && e.operator == \"In\" && has(e.values) && e.values.all(v, v in " + values +
         ")))))";
}

std::string on_pool(const policy::Pool& pool) {
  std::vector<std::string> each;
  for (const auto& requirement : pool.requirements) each.push_back(demands(requirement));
  return cel::all_of(each);
}

std::string terms() {
  const std::string required =
      "object.spec.affinity.nodeAffinity." + std::string(names::kRequiredAffinity);
  return cel::has(required) + " ? " + required + ".nodeSelectorTerms : []";
}

std::string holds(const pod::LabelRequirement& requirement, const std::string& labels) {
  const auto key = cel::quoted(requirement.key);
  const auto is_there = "(has(" + labels + ") && " + key + " in " + labels + ")";
  const auto is_one =
      is_there + " && " + labels + "[" + key + "] in " + cel::list(requirement.values);
  switch (requirement.op) {
    case pod::Operator::In:
      return "(" + is_one + ")";
    case pod::Operator::NotIn:
      return "!(" + is_one + ")";
    case pod::Operator::Exists:
      return is_there;
    case pod::Operator::DoesNotExist:
      return "!" + is_there;
  }
  return "false";
}

std::string selects(const policy::Policy& policy, const std::string& object) {
  if (!policy.pod_selector) return "false";
  std::vector<std::string> each;
  for (const auto& requirement : policy.pod_selector->requirements) {
    each.push_back(holds(requirement, object + ".metadata.labels"));
  }
  return cel::all_of(each);
}

std::string is_mirror() {
  return cel::quoted(names::kNodesGroup) +
         " in request.userInfo.groups && has(object.metadata.annotations) && " +
         cel::quoted(names::kMirrorAnnotation) + " in object.metadata.annotations";
}

}  // namespace

std::vector<Variable> places_of(const policy::Policy& policy) {
  std::vector<Variable> out = {
      {"terms", terms()},
      {"on_pool", on_pool(*policy.pool)},
      {"selected_before", "oldObject != null && (" + selects(policy, "oldObject") + ")"}};
  if (policy.pod_selector) {
    out.push_back({"mirror", is_mirror()});
    out.push_back({"selects", selects(policy, "object")});
  }
  return out;
}

}  // namespace cpods::configuration
