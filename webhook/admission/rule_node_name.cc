// Threat: whoever may create Pods may set spec.nodeName and so go past the scheduler. The kubelet
// of that node may read the Pod's Secrets from that moment on, before it looks at affinity at all
// (the Node authorizer's graph follows spec.nodeName).
// Fields: spec.nodeName, at creation only; afterwards the scheduler's binding has set it.

#include "admission/rules.h"

namespace cpods::admission {

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

}  // namespace cpods::admission
