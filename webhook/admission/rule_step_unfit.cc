// Threat: none; this keeps the product from breaking what it protects. The API server refuses a Pod
// whose step does not fit it with a sentence about a container that nobody wrote: a Linux container
// in a Pod for Windows, or one that asks for more than the Pod as a whole may have.
// Fields: spec.os.name, securityContext.windowsOptions.hostProcess of the Pod and its containers,
// spec.resources (KEP-2837, pod-level resources). A LimitRange is not seen here.

#include "admission/rules.h"
#include "pod/containers.h"
#include "pod/names.h"
#include "policy/quantity.h"

namespace cpods::admission {
namespace {

bool is_host_process(json::Node has_security_context) {
  return has_security_context["securityContext"]["windowsOptions"]["hostProcess"].flag();
}

bool is_for_windows(json::Node spec) {
  bool is_windows = spec["os"]["name"].text() == "windows" || is_host_process(spec);
  pod::for_each_container(
      spec, [&](json::Node container) { is_windows = is_windows || is_host_process(container); });
  return is_windows;
}

// Requests that are absent are those of the limits.
json::Node pod_level(json::Node resources, std::string_view part, std::string_view name) {
  const auto given = resources[part][name];
  return given ? given : resources["limits"][name];
}

std::string unquoted(json::Node quantity) {
  return quantity.kind() == json::Kind::String ? std::string(quantity.text())
                                               : json::to_text(quantity);
}

}  // namespace

void check_step_unfit(const Concern& concern, const Judging& judging, Findings& findings) {
  const auto& pool = *concern.policy->pool;
  if (!concern.wants_pod() || !pool.step) return;
  const std::string adds = " adds the attestation step of pool \"" + pool.name + "\", ";
  const auto spec = judging.subject.spec;
  if (is_for_windows(spec)) {
    findings.push_back({.reason = Reason::StepUnfit,
                        .policy = concern.policy,
                        .after = adds + "which is a Linux container, and this Pod is for Windows.",
                        .fix = "Run it where the policy does not reach.",
                        .brief = "a Pod for Windows cannot have the step"});
  }
  constexpr double kRounding = 1 + 1e-12;
  const auto own = pool.step->container()["resources"];
  for (const std::string_view part : {"requests", "limits"}) {
    for (const std::string_view name : {"cpu", "memory"}) {
      const auto given = pod_level(spec["resources"], part, name);
      const auto needed = own[part][name];
      if (!given || policy::amount_of(needed) <= policy::amount_of(given) * kRounding) continue;
      findings.push_back(
          {.reason = Reason::StepUnfit,
           .policy = concern.policy,
           .after = adds + "whose " + std::string(name) + " of " + unquoted(needed) +
                    " is more than the " + unquoted(given) + " in spec.resources of the Pod.",
           .fix = "Give the Pod at least " + unquoted(needed) +
                  ", or name less in attestation.resources of the pool.",
           .brief = "the step asks for more " + std::string(name) + " than the Pod may have"});
      return;
    }
  }
}

}  // namespace cpods::admission
