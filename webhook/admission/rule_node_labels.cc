// Threat: the kubelet of an ordinary node labels its own Node like one of the pool, receives
// confidential Pods, and reads their Secrets (KEP-279 describes it). NodeRestriction keeps kubelets
// from node-restriction.kubernetes.io/ alone; most pools rest on other keys.
// Fields: metadata.labels of Nodes on a pool's keys, in updates of nodes and nodes/status by the
// group system:nodes. At its registration a kubelet brings labels of its own, as those of AKS do,
// and that cannot be refused: a stolen node that registers anew is stopped by keys that
// NodeRestriction protects, or by attestation.

#include <algorithm>

#include "admission/rules.h"
#include "pod/names.h"

namespace cpods::admission {
namespace {

bool same_label(const Request& request, std::string_view key) {
  const auto after = request.object["metadata"]["labels"][key];
  const auto before = request.old_object["metadata"]["labels"][key];
  return after.present() == before.present() && after.text() == before.text();
}

}  // namespace

bool is_kubelets_update_of_a_node(const Request& request) {
  return request.operation == "UPDATE" && request.resource.group.empty() &&
         request.resource.name == "nodes" &&
         std::ranges::find(request.groups, names::kNodesGroup) != request.groups.end();
}

Verdict check_node_labels(const Request& request, const policy::Snapshot& snapshot) {
  for (const auto& pool : snapshot.pools()) {
    for (const auto& requirement : pool->requirements) {
      if (same_label(request, requirement.key)) continue;
      return refuse(Reason::NodeLabels,
                    "node " + std::string(request.name) + ": \"" + std::string(request.username) +
                        "\" changes the label " + requirement.key +
                        ", which says whether the node is in pool \"" + pool->name +
                        "\", and a kubelet must not say so of itself. Let an administrator label "
                        "the node.");
    }
  }
  return {};
}

}  // namespace cpods::admission
