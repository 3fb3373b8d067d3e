#pragma once
// Objects that carry the template of a Pod: the eight built-in kinds.
// Pure; any thread.

#include <optional>
#include <string_view>

#include "json/node.h"

namespace cpods::pod {

struct Template {
  std::string_view path;  // spec.template, spec.jobTemplate.spec.template or template
  json::Node node;        // PodTemplateSpec: metadata and spec
  json::Node claims;      // of a StatefulSet: volumeClaimTemplates, a claim of each for each Pod
};

// Nothing where `kind` is not one of Deployment, StatefulSet, DaemonSet, ReplicaSet,
// ReplicationController, Job, CronJob, PodTemplate.
[[nodiscard]] std::optional<Template> find_template(std::string_view kind, json::Node object);

}  // namespace cpods::pod
