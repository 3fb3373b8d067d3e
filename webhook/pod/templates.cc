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
    return Template{"spec.template", object["spec"]["template"]};
  }
  if (kind == "CronJob") {
    return Template{"spec.jobTemplate.spec.template",
                    object["spec"]["jobTemplate"]["spec"]["template"]};
  }
  if (kind == "PodTemplate") return Template{"template", object["template"]};
  return std::nullopt;
}

}  // namespace cpods::pod
