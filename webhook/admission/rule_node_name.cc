// Threat: whoever may create Pods may set spec.nodeName and so go past the scheduler. The kubelet
// of that node may read the Pod's Secrets from that moment on, before it looks at affinity at all
// (the Node authorizer's graph follows spec.nodeName). Once a Pod is bound nothing tells the
// scheduler's work from its author's, so a Pod that no policy concerned at its creation may sit on
// any node, whatever its affinity says; an ephemeral container or a label would bring a guarded
// secret or a policy to it later.
// Fields: at creation spec.nodeName; in an update of a bound Pod the guarded secrets and the
// policies that it has not had before.

#include "admission/rules.h"

namespace cpods::admission {
namespace {

std::string bound(std::string_view node) {
  return "this Pod is bound to node \"" + std::string(node) +
         "\" already, and nothing proves that the scheduler did it.";
}

}  // namespace

void check_node_name(const Concern& concern, const Judging& judging, Findings& findings) {
  const auto node = judging.subject.spec["nodeName"].text();
  if (node.empty()) return;
  const auto& pool = concern.policy->pool->name;
  findings.push_back({.reason = Reason::NodeName,
                      .policy = concern.policy,
                      .mentions = {{.kind = "spec.nodeName"}},
                      .before = "binds this Pod to node \"" + std::string(node) +
                                "\" past the scheduler, so nothing holds it on pool \"" + pool +
                                "\" (",
                      .after = ").",
                      .fix = "Remove spec.nodeName.",
                      .brief = "goes past the scheduler"});
}

void check_bound(const Concern& concern, const Judging& judging, Findings& findings) {
  const auto node = judging.subject.spec["nodeName"].text();
  // A Pod that may run elsewhere by its own constraints is told so by another rule.
  if (node.empty() || !concern.guaranteed()) return;
  const auto& pool = concern.policy->pool->name;
  if (concern.selects) {
    findings.push_back({.reason = Reason::NodeName,
                        .policy = concern.policy,
                        .after = " keeps this Pod on pool \"" + pool + "\", but " + bound(node),
                        .fix = "Create the Pod again.",
                        .brief = "is bound to a node already"});
  }
  Finding reads{.reason = Reason::NodeName,
                .policy = concern.policy,
                .before = "may only be used on pool \"" + pool + "\" (",
                .after = "), but " + bound(node),
                .fix = "Create another Pod that has it from the start.",
                .brief = "comes to a Pod that is bound already"};
  for (const auto& each : judging.subject.references) {
    if (is_guarded(*concern.policy, each)) reads.mention(mention_of(each), judging.mentions_kept);
  }
  if (!reads.mentions.empty()) findings.push_back(std::move(reads));
}

}  // namespace cpods::admission
