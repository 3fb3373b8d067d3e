#include "admission/template_check.h"

#include <algorithm>

#include "admission/guard.h"
#include "admission/place.h"
#include "json/writer.h"
#include "pod/templates.h"

namespace cpods::admission {
namespace {

// Names are a stranger's, and there may be thousands.
std::vector<std::string_view> claimed_volumes(json::Node claims) {
  std::vector<std::string_view> names;
  for (const json::Node claim : claims.elements())
    names.push_back(claim["metadata"]["name"].text());
  std::ranges::sort(names);
  return names;
}

// The StatefulSet controller's updateStorage(): each Pod mounts a claim of its own for each claim
// template, in place of a volume of the same name.
void write_volumes(json::Writer& out, json::Node volumes, json::Node claims,
                   std::string_view name) {
  const auto claimed = claimed_volumes(claims);
  out.array();
  for (const auto volume : claimed) {
    const auto claim_name = std::string(volume) + "-" + std::string(name) + "-0";
    out.object().field("name", volume).key("persistentVolumeClaim").object();
    out.field("claimName", claim_name).end().end();
  }
  for (const json::Node each : volumes.elements()) {
    if (!std::ranges::binary_search(claimed, each["name"].text())) out.node(each);
  }
  out.end();
}

void write_spec(json::Writer& out, const pod::Template& found, std::string_view name) {
  const auto spec = found.node["spec"];
  if (found.claims.size() == 0 || spec.kind() != json::Kind::Object) {
    out.node(spec);
    return;
  }
  out.object();
  for (const auto [key, value] : spec.members()) {
    if (key != "volumes") out.key(key).node(value);
  }
  write_volumes(out.key("volumes"), spec["volumes"], found.claims, name);
  out.end();
}

// A Pod as the template's controller would create it; its name is the controller's to choose.
json::Document make_pod(std::string_view namespace_name, std::string_view name,
                        const pod::Template& found) {
  json::Writer out;
  out.object().field("apiVersion", "v1").field("kind", "Pod").key("metadata").object();
  out.field("generateName", std::string(name) + "-").field("namespace", namespace_name);
  for (const std::string_view part : {"labels", "annotations"}) {
    if (const auto value = found.node["metadata"][part]) out.key(part).node(value);
  }
  write_spec(out.end().key("spec"), found, name);
  out.end();
  auto document = json::Document::parse(out.take());
  if (!document) throw json::Malformed(document.error().where, document.error().message);
  return std::move(*document);
}

json::Document patched(json::Node pod, const json::Patch& patch) {
  auto document = json::apply(pod, patch.text());
  if (!document) throw std::logic_error("own patch does not apply: " + document.error().text());
  return std::move(*document);
}

bool is_unchanged(const Request& request, const pod::Template& found) {
  const auto before = pod::find_template(request.kind, request.old_object);
  return request.operation == "UPDATE" && before && before->node &&
         before->node["spec"].equals(found.node["spec"]) && before->claims.equals(found.claims) &&
         before->node["metadata"]["labels"].equals(found.node["metadata"]["labels"]);
}

auto enforced(policy::Templates setting) {
  return [setting](const Finding& finding) {
    return finding.policy->action == policy::Action::Enforce &&
           finding.policy->templates == setting;
  };
}

// Its controller makes one Pod for each node that the template allows, and binds it to that node:
// placing comes too late for those of ordinary nodes, which wait there for ever.
Findings find_left_pending(json::Node pod, const Namespace& home) {
  Findings findings;
  for (const auto& concern : read_subject(home, pod).concerns) {
    if (concern.wants_pod() && concern.policy->action == policy::Action::Enforce &&
        concern.policy->templates != policy::Templates::Ignore &&
        concern.placement.certainty == pod::Certainty::Possible && concern.placement.unread == 0) {
      findings.push_back({.policy = concern.policy,
                          .brief = "its Pods off pool \"" + concern.policy->pool->name +
                                   "\" will stay Pending; constrain the template"});
    }
  }
  return findings;
}

Verdict weigh_template(const Request& request, Findings& findings, bool concerned) {
  const auto who =
      std::string(request.kind) + " " + who_asks(request) + ": its Pods would be refused";
  std::erase_if(findings, [](const Finding& finding) {
    return finding.policy->templates == policy::Templates::Ignore;
  });
  auto complaints = complaints_of(findings);
  auto verdict = refuse_for(gather(findings, enforced(policy::Templates::Deny)), who, concerned);
  warn(verdict, gather(findings, enforced(policy::Templates::Warn)), " will refuse its Pods");
  warn(verdict, gather(findings, of_action(policy::Action::Warn)));
  verdict.complaints = std::move(complaints);
  return verdict;
}

Verdict judge_template(const Request& request, const Namespace& home,
                       const policy::Snapshot& snapshot) {
  const auto found = pod::find_template(request.kind, request.object);
  if (!found || !found->node || is_unchanged(request, *found)) return {};
  const auto name = request.object["metadata"]["name"].text();
  auto rehearsal = rehearse(home, name, *found, snapshot);
  auto verdict = weigh_template(request, rehearsal.findings, !rehearsal.policies.empty());
  if (request.kind == "DaemonSet") {
    warn(verdict, find_left_pending(rehearsal.pod.root(), home));
  }
  verdict.policies = std::move(rehearsal.policies);
  return verdict;
}

}  // namespace

Rehearsal rehearse(const Namespace& home, std::string_view name, const pod::Template& found,
                   const policy::Snapshot& snapshot) {
  auto pod = make_pod(home.name, name, found);
  try {
    auto place = place_pod(read_subject(home, pod.root()), snapshot);
    auto placed = patched(pod.root(), place.patch);
    const auto after = read_subject(home, placed.root());
    auto findings = find_all(after, snapshot);
    std::vector<std::string> policies;
    for (const auto& concern : after.concerns) policies.push_back(concern.policy->name);
    return {std::move(pod), std::move(placed), std::move(place), std::move(findings),
            std::move(policies)};
  } catch (const json::Malformed& malformed) {
    throw json::Malformed(found.node.pointer() + malformed.where(), malformed.what());
  }
}

// Only a DaemonSet's: its controller makes a Pod for each node that the template allows, so that
// the Pods themselves are placed too late.
Verdict place_template(const Request& request, const Namespace& home,
                       const policy::Snapshot& snapshot) {
  if (request.kind != "DaemonSet") return {};
  try {
    const auto found = pod::find_template(request.kind, request.object);
    if (!found || !found->node || is_unchanged(request, *found)) return {};
    const auto name = request.object["metadata"]["name"].text();
    const auto pod = make_pod(home.name, name, *found);
    return place_spec(read_subject(home, pod.root()), found->node["spec"], "/spec/template/spec",
                      snapshot);
  } catch (const json::Malformed&) {
    return {};  // the guard tells, as the policies' `templates` say
  }
}

Verdict check_template(const Request& request, const Namespace& home,
                       const policy::Snapshot& snapshot) {
  try {
    return judge_template(request, home, snapshot);
  } catch (const json::Malformed& malformed) {
    auto findings = find_unreadable(home.reaching, malformed);
    auto verdict = weigh_template(request, findings, true);
    for (const auto* policy : home.reaching) verdict.policies.push_back(policy->name);
    return verdict;
  }
}

}  // namespace cpods::admission
