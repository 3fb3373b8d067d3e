#pragma once
// The rules of the guard, one file each: rule_<name>.cc opens with the threat and the fields it
// looks at. A rule adds findings and decides nothing else; admission/guard.cc weighs them. One that
// judges a Pod for each policy is asked about one policy at a time, so that what it has to remember
// about a Pod of thousands of places never adds up over the policies.
// Pure; any thread.

#include <string>

#include "admission/cluster.h"
#include "admission/finding.h"
#include "admission/namespace_exit.h"
#include "admission/subject.h"

namespace cpods::admission {

// What is judged, and how many mentions a finding keeps; the rest is counted.
struct Judging {
  const Subject& subject;
  const policy::Snapshot& snapshot;
  std::size_t mentions_kept;
  bool is_update = false;  // most of a Pod's spec cannot be changed any more
};

void check_labels(const Subject& subject, const Subject& stored, Findings& findings);
void check_binding(const Request& request, const std::vector<const policy::Policy*>& reaching,
                   Findings& findings);
void check_two_pools(const Subject& subject, Findings& findings);
void check_node_name(const Concern& concern, const Judging& judging, Findings& findings);
void check_bound(const Concern& concern, const Judging& judging, Findings& findings);
void check_secrets(const Concern& concern, const Judging& judging, Findings& findings);
void check_placement(const Concern& concern, const Judging& judging, Findings& findings);
void check_pod_security(const Concern& concern, const Judging& judging, Findings& findings);
void check_scheduler_name(const Concern& concern, const Judging& judging, Findings& findings);
void check_step_unfit(const Concern& concern, const Judging& judging, Findings& findings);
void check_step(const Concern& concern, const Judging& judging, Findings& findings);

// The reference as findings tell it, and by what an update may make it another one.
[[nodiscard]] Mention mention_of(const pod::SecretReference& reference);

// These are about no Pod, and refuse by themselves.
// A Namespace that leaves policies.
[[nodiscard]] Verdict check_namespace(const NamespaceExit& exit, const Cluster& cluster);
// A ConfigMap of policies.
[[nodiscard]] bool is_policy_set(const Request& request);
[[nodiscard]] Verdict check_policies(const Request& request);
// A kubelet's change of a Node.
[[nodiscard]] bool is_kubelets_update_of_a_node(const Request& request);
[[nodiscard]] Verdict check_node_labels(const Request& request, const policy::Snapshot& snapshot);

// Shared words of the placement sentences.
// "this Pod may run elsewhere: …" or "this Pod can never run there: …"
[[nodiscard]] std::string explain(const pod::Placement& placement);
// What to write instead, or to create again after an update; at creation it offers the namespace
// label of a policy that would place the Pod.
[[nodiscard]] std::string advise(const Concern& concern, const Judging& judging);

}  // namespace cpods::admission
