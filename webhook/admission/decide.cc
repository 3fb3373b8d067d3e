#include "admission/decide.h"

#include <algorithm>

#include "admission/guard.h"
#include "admission/place.h"
#include "admission/template_check.h"
#include "pod/names.h"
#include "pod/templates.h"

namespace cpods::admission {
namespace {

bool is_pod(const Request& request) {
  return request.kind == "Pod" && is_whole_pod(request.resource);
}

// pods/binding, or the legacy bindings.
// A mirror Pod is a kubelet's report of a Pod that already runs. Anyone else who sets the
// annotation gets no exemption, nor does a kubelet that asks for a guarded secret with it: static
// Pods may refer to none, so that would be a stolen node's way to read one.
bool is_mirror(const Request& request) {
  return request.object["metadata"]["annotations"][names::kMirrorAnnotation].present() &&
         std::ranges::find(request.groups, names::kNodesGroup) != request.groups.end();
}

bool reads_guarded(const Subject& subject) {
  return std::ranges::any_of(subject.concerns,
                             [](const auto& concern) { return concern.reads_guarded; });
}

// The mutating door only gives back what an update of a Pod has lost.
bool is_restored(Door door, const Request& request) {
  return door == Door::Place && request.operation == "UPDATE" && is_pod(request);
}

// Nothing that is judged has changed: status, finalizers and annotations are never held up.
bool is_unchanged(const Request& request) {
  if (request.operation != "UPDATE") return false;
  try {
    const auto before = request.old_object;
    const auto after = request.object;
    return before["spec"] && before["spec"].equals(after["spec"]) &&
           before["metadata"]["labels"].equals(after["metadata"]["labels"]);
  } catch (const json::Malformed&) {
    return false;  // whoever judges it will say so
  }
}

// Whichever policies reach the Pod today, it was placed by those of its creation. What cannot be
// read is the guard's to refuse.
Verdict restore(const Request& request, const policy::Snapshot& snapshot) {
  Verdict verdict;
  try {
    if (!request.resource.subresource.empty() || is_mirror(request)) return {};
    const auto spec = request.object["spec"];
    if (spec.kind() != json::Kind::Object) return {};
    verdict.patch = restore_pod(request.old_object["spec"], spec, snapshot);
    if (!verdict.patch.empty()) verdict.reason = Reason::Restored;
    return verdict;
  } catch (const json::Malformed&) {
    return {};
  }
}

Subject read_stored(const Request& request, const Namespace& home) {
  try {
    return read_subject(home, request.old_object);
  } catch (const json::Malformed& malformed) {
    throw json::Malformed("/oldObject" + malformed.where(), malformed.what());
  }
}

Verdict guard(const Request& request, const Subject& subject, const Namespace& home,
              const policy::Snapshot& snapshot) {
  const bool concerned = !subject.concerns.empty();
  if (request.operation == "CREATE") {
    return weigh(subject.who, concerned, find_all(subject, snapshot));
  }
  const auto stored = read_stored(request, home);
  return weigh(subject.who, concerned, find_worse(subject, stored, snapshot));
}

Verdict judge_pod(Door door, const Request& request, const Namespace& home,
                  const policy::Snapshot& snapshot) {
  const auto subject = read_subject(home, request.object);
  if (is_mirror(request) && (door == Door::Place || !reads_guarded(subject))) return {};
  auto verdict =
      door == Door::Place ? place_pod(subject, snapshot) : guard(request, subject, home, snapshot);
  for (const auto& concern : subject.concerns) verdict.policies.push_back(concern.policy->name);
  return verdict;
}

// A Pod that cannot be read is a finding of each policy that reaches its namespace.
Verdict decide_about_pod(Door door, const Request& request, const Namespace& home,
                         const policy::Snapshot& snapshot) {
  try {
    return judge_pod(door, request, home, snapshot);
  } catch (const json::Malformed& malformed) {
    auto findings = find_unreadable(home.reaching, malformed);
    const auto who = who_asks(request);
    if (door == Door::Guard) return weigh(who, true, std::move(findings));
    return refuse_for(gather(findings, of_action(policy::Action::Enforce)), who, false);
  }
}

Verdict decide_about_binding(const Request& request, const Namespace& home) {
  Findings findings;
  check_binding(request, home.reaching, findings);
  return weigh(who_asks(request), true, std::move(findings));
}

Verdict decide_unguarded(Door door, const Request& request, const policy::Snapshot& snapshot,
                         const Cluster& cluster) {
  if (door == Door::Guard && is_kubelets_update_of_a_node(request)) {
    return check_node_labels(request, snapshot);
  }
  if (door == Door::Guard && is_policy_set(request)) return check_policies(request);
  if (door == Door::Guard) {
    if (const auto exit = NamespaceExit::of(request, snapshot)) {
      return check_namespace(*exit, cluster);
    }
  }
  if (is_restored(door, request)) return restore(request, snapshot);
  if (!is_judged(door, request)) return {};
  const auto labels = cluster.namespace_labels(request.namespace_name);
  if (!labels && snapshot.needs_labels_of(request.namespace_name)) {
    const auto name = std::string(request.namespace_name);
    return refuse(Reason::NamespaceUnknown,
                  who_asks(request) + ": the labels of namespace \"" + name +
                      "\" are not known here, so it cannot be told which policies apply. Try "
                      "again in a moment.");
  }
  static const pod::Labels kNone;
  const Namespace home{request.namespace_name, labels ? *labels : kNone,
                       snapshot.reaching(request.namespace_name, labels ? *labels : kNone)};
  if (home.reaching.empty()) return {};
  if (is_pod(request)) return decide_about_pod(door, request, home, snapshot);
  if (door == Door::Place) return place_template(request, home, snapshot);
  if (is_binding(request)) return decide_about_binding(request, home);
  return check_template(request, home, snapshot);
}

}  // namespace

bool is_workload(const Request& request) {
  const auto group = request.resource.group;
  return (group.empty() || group == "apps" || group == "batch") &&
         request.resource.subresource.empty() && pod::find_template(request.kind, {}).has_value();
}

bool is_looked_at(const Request& request) {
  return is_pod(request) || is_binding(request) || is_workload(request);
}

bool is_judged(Door door, const Request& request) {
  const bool changes = request.operation == "CREATE" || request.operation == "UPDATE";
  return changes && is_looked_at(request) && !is_restored(door, request) && !is_unchanged(request);
}

Verdict decide(Door door, const Request& request, const policy::Snapshot& snapshot,
               const Cluster& cluster) {
  try {
    return decide_unguarded(door, request, snapshot, cluster);
  } catch (const std::exception& error) {
    return refuse_internally(who_asks(request) + ": ", error.what());
  }
}

}  // namespace cpods::admission
