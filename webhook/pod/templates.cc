#include "pod/templates.h"

#include <algorithm>
#include <array>

namespace cpods::pod {
namespace {

constexpr std::array<std::string_view, 6> kPlain = {
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"};

}  // namespace

std::optional<Template> find_template(std::string_view kind, json::Node object) {
  if (std::ranges::find(kPlain, kind) != kPlain.end()) {
    const auto spec = object["spec"];
    return Template{"spec.template", spec["template"],
                    kind == "StatefulSet" ? spec["volumeClaimTemplates"] : json::Node()};
  }
  if (kind == "CronJob") {
    return Template{
        "spec.jobTemplate.spec.template", object["spec"]["jobTemplate"]["spec"]["template"], {}};
  }
  if (kind == "PodTemplate") return Template{"template", object["template"], {}};
  return std::nullopt;
}

}  // namespace cpods::pod
