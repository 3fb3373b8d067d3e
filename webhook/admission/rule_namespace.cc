// Threat: whoever may label a namespace takes it out of a policy, or gives it the label by which
// AKS' admissions enforcer makes webhooks leave it out, and then does with the guarded Pods that
// run there what no rule here sees any more: another label, another image, an ephemeral container.
// New Pods of the namespace are nobody's to guard then; that is what leaving means, and it is for
// whoever may label namespaces to say, once nothing guarded runs there. Fields: metadata.labels of
// Namespaces in updates, by policies' namespaceSelectors; the Pods that run there, which the API
// server lists. The webhook configuration leaves out the groups that are trusted to do this at any
// time.

#include <algorithm>

#include "admission/namespace_exit.h"
#include "admission/rules.h"
#include "admission/subject.h"
#include "base/limits.h"
#include "base/text.h"
#include "pod/names.h"

namespace cpods::admission {
namespace {

bool is_exempt(const pod::Labels& labels, const names::ExemptingLabel& label) {
  const auto value = labels.find(label.key);
  return value && (label.value.empty() || *value == label.value);
}

std::string exempting_label(const pod::Labels& before, const pod::Labels& after) {
  for (const auto& label : names::kExemptingLabels) {
    if (is_exempt(after, label) && !is_exempt(before, label)) return std::string(label.key);
  }
  return {};
}

bool has_ended(json::Node pod) {
  const auto phase = pod["status"]["phase"].text();
  return phase == "Succeeded" || phase == "Failed";
}

std::string quoted_policy(const policy::Policy& policy) {
  return "policy \"" + policy.name + "\"";
}

std::string how_it_leaves(const NamespaceExit& exit) {
  auto out_of = " takes it out of " + quoted_policy(*exit.left.front());
  if (exit.left.size() > 1) out_of += " and " + std::to_string(exit.left.size() - 1) + " more";
  if (exit.exempting.empty()) return "this update" + out_of;
  return "the label " + exit.exempting + ", by which AKS makes webhooks leave a namespace out," +
         out_of;
}

}  // namespace

std::optional<NamespaceExit> NamespaceExit::of(const Request& request,
                                               const policy::Snapshot& snapshot) {
  if (!is_namespace_update(request) || names::is_never_asked(request.name)) return std::nullopt;
  NamespaceExit exit{.name = std::string(request.name),
                     .labels = pod::Labels::read(request.old_object["metadata"]["labels"])};
  const auto after = pod::Labels::read(request.object["metadata"]["labels"]);
  exit.exempting = exempting_label(exit.labels, after);
  std::vector<const policy::Policy*> stay;
  if (exit.exempting.empty()) stay = snapshot.reaching(exit.name, after);
  for (const auto* policy : snapshot.reaching(exit.name, exit.labels)) {
    const bool enforces = policy->action == policy::Action::Enforce;
    if (enforces && std::ranges::find(stay, policy) == stay.end()) exit.left.push_back(policy);
  }
  return exit.left.empty() ? std::nullopt : std::optional(std::move(exit));
}

const policy::Policy* NamespaceExit::keeps(json::Node pod) const {
  try {
    if (has_ended(pod)) return nullptr;
    const auto subject = read_subject({name, labels, left}, pod);
    return subject.concerns.empty() ? nullptr : subject.concerns.front().policy;
  } catch (const json::Malformed&) {
    return left.front();
  }
}

Verdict check_namespace(const NamespaceExit& exit, const Cluster& cluster) {
  const auto kept = cluster.kept_pod(exit.name);
  if (kept && kept->empty()) return {};
  const auto begin = "namespace " + exit.name + ": " + how_it_leaves(exit);
  if (!kept) {
    return refuse(Reason::NamespaceUnknown,
                  begin +
                      ", and its Pods could not all be listed just now, so it cannot be told "
                      "whether one of them is still kept on a pool. Try again in a moment, or let "
                      "a member of a trusted group change the label.");
  }
  // Of several, which one concerns it is not told here.
  const auto concerned = exit.left.size() > 1 ? ", one of which concerns" : ", which concerns";
  return refuse(Reason::LeavesPolicy,
                begin + concerned + " the Pod \"" + one_line(*kept, limits::kNameBytes) +
                    "\". Delete such Pods first, or let a member of a trusted group change the "
                    "label (--trusted-group, or matchConditions of the webhook configuration " +
                    std::string(names::kValidatingConfiguration) + ").");
}

}  // namespace cpods::admission
