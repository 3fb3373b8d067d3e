#include "admission/template_check.h"

#include <algorithm>

#include "admission/guard.h"
#include "admission/place.h"
#include "base/limits.h"
#include "json/writer.h"
#include "pod/templates.h"

namespace cpods::admission {
namespace {

// A Pod as the template's controller would create it; its name is the controller's to choose.
json::Document make_pod(std::string_view namespace_name, std::string_view name,
                        json::Node pod_template) {
  json::Writer out;
  out.object().field("apiVersion", "v1").field("kind", "Pod").key("metadata").object();
  out.field("generateName", std::string(name) + "-").field("namespace", namespace_name);
  for (const std::string_view part : {"labels", "annotations"}) {
    if (const auto value = pod_template["metadata"][part]) out.key(part).node(value);
  }
  out.end().key("spec").node(pod_template["spec"]).end();
  auto document = json::Document::parse(out.take());
  if (!document) throw json::Malformed(document.error().where, document.error().message);
  return std::move(*document);
}

json::Document patched(json::Node pod, const json::Patch& patch) {
  auto document = json::apply(pod, patch.text());
  if (!document) throw std::logic_error("own patch does not apply: " + document.error().text());
  return std::move(*document);
}

bool is_unchanged(const Request& request, json::Node pod_template) {
  const auto before = pod::find_template(request.kind, request.old_object);
  return request.operation == "UPDATE" && before && before->node &&
         before->node["spec"].equals(pod_template["spec"]) &&
         before->node["metadata"]["labels"].equals(pod_template["metadata"]["labels"]);
}

Findings refused_by(const Findings& findings, policy::Templates setting) {
  Findings out;
  std::ranges::copy_if(findings, std::back_inserter(out), [&](const auto& finding) {
    return finding.policy->action == policy::Action::Enforce &&
           finding.policy->templates == setting;
  });
  return out;
}

void warn(Verdict& verdict, std::string text) {
  if (verdict.warnings.size() < limits::kWarnings) verdict.warnings.push_back(std::move(text));
}

// Its controller makes one Pod for each node that the template allows, and binds it to that node:
// placing comes too late for those of ordinary nodes, which wait there for ever.
void warn_of_daemon_set(json::Node pod, const Request& request,
                        const std::vector<const policy::Policy*>& reaching, Verdict& verdict) {
  for (const auto& concern : read_subject(request.namespace_name, pod, reaching).concerns) {
    if (concern.wants_pod() && concern.policy->action == policy::Action::Enforce &&
        concern.policy->templates != policy::Templates::Ignore &&
        concern.placement.certainty == pod::Certainty::Possible) {
      const Finding finding{.brief = "its Pods off pool \"" + concern.policy->pool->name +
                                     "\" will stay Pending; constrain the template"};
      warn(verdict, warning("policy \"" + concern.policy->name + "\": ", finding));
    }
  }
}

}  // namespace

Rehearsal rehearse(std::string_view namespace_name, std::string_view name, json::Node pod_template,
                   const std::vector<const policy::Policy*>& reaching,
                   const policy::Snapshot& snapshot) {
  auto pod = make_pod(namespace_name, name, pod_template);
  const auto before = read_subject(namespace_name, pod.root(), reaching);
  auto place = place_pod(before, snapshot);
  auto placed = patched(pod.root(), place.patch);
  const auto after = read_subject(namespace_name, placed.root(), reaching);
  auto findings = find_all(after, Moment::Creation, snapshot);
  std::vector<std::string> policies;
  for (const auto& concern : after.concerns) policies.push_back(concern.policy->name);
  return {std::move(pod), std::move(placed), std::move(place), std::move(findings),
          std::move(policies)};
}

Verdict check_template(const Request& request, const std::vector<const policy::Policy*>& reaching,
                       const policy::Snapshot& snapshot) {
  const auto found = pod::find_template(request.kind, request.object);
  if (!found || !found->node || is_unchanged(request, found->node)) return {};
  const auto name = request.object["metadata"]["name"].text();
  const auto rehearsal = rehearse(request.namespace_name, name, found->node, reaching, snapshot);
  Verdict verdict;
  if (!rehearsal.policies.empty()) verdict.reason = Reason::Satisfied;
  const auto denied = refused_by(rehearsal.findings, policy::Templates::Deny);
  if (!denied.empty()) {
    const auto who =
        std::string(request.kind) + " " + who_is(request.namespace_name, request.object);
    verdict = refuse(denied.front().reason, tell(who + ": its Pods would be refused", denied));
  }
  verdict.policies = rehearsal.policies;
  for (const auto& finding : refused_by(rehearsal.findings, policy::Templates::Warn)) {
    warn(verdict,
         warning("policy \"" + finding.policy->name + "\" will refuse its Pods: ", finding));
  }
  for (const auto& finding : rehearsal.findings) {
    if (finding.policy->action == policy::Action::Warn &&
        finding.policy->templates != policy::Templates::Ignore) {
      warn(verdict, warning("policy \"" + finding.policy->name + "\": ", finding));
    }
  }
  if (request.kind == "DaemonSet") {
    warn_of_daemon_set(rehearsal.pod.root(), request, reaching, verdict);
  }
  return verdict;
}

}  // namespace cpods::admission
