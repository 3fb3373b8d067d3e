#include <algorithm>

#include "policy/decode.h"
#include "policy/label_rules.h"

namespace cpods::policy {
namespace {

// A pool's requirement and the value that names its key.
struct Placed {
  pod::Requirement requirement;
  json::Node at;
};

// The schema lets only In through, so a label selector's shape is all that is left.
std::vector<Placed> placed_requirements(json::Node nodes) {
  std::vector<Placed> out;
  for (const auto [key, value] : nodes["matchLabels"].members()) {
    out.push_back({{std::string(key), {std::string(value.text())}}, value});
  }
  for (const json::Node expression : nodes["matchExpressions"].elements()) {
    Placed placed{{std::string(expression["key"].text()), {}}, expression["key"]};
    for (const json::Node value : expression["values"].elements()) {
      placed.requirement.values.emplace_back(value.text());
    }
    out.push_back(std::move(placed));
  }
  return out;
}

void warn_of_kubelet_labels(const std::vector<Placed>& placed, json::Node nodes, Report& report) {
  const auto forgeable = [](const Placed& each) { return kubelet_may_set(each.requirement.key); };
  if (placed.empty() || !std::ranges::all_of(placed, forgeable)) return;
  report.warning(nodes,
                 "a kubelet may set all of these labels on its own node, so they steer Pods but "
                 "prove nothing; add one below node-restriction.kubernetes.io/ that an "
                 "administrator sets");
}

std::vector<pod::Requirement> decode_nodes(json::Node nodes, Report& report) {
  (void)decode_selector(nodes, report);  // for its checks of keys and values
  const auto placed = placed_requirements(nodes);
  if (placed.empty()) {
    report.error(nodes,
                 "names no label, so every node would be in the pool; add matchLabels or "
                 "matchExpressions");
  }
  std::vector<pod::Requirement> out;
  for (const auto& each : placed) {
    const auto& key = each.requirement.key;
    if (std::ranges::find(out, key, &pod::Requirement::key) != out.end()) {
      report.error(each.at, "the label \"" + key + "\" is required already; write all of its " +
                                "values into one expression");
    }
    out.push_back(each.requirement);
  }
  warn_of_kubelet_labels(placed, nodes, report);
  return out;
}

pod::Toleration decode_toleration(json::Node given, Report& report) {
  pod::Toleration out;
  out.key = given["key"].text();
  if (given["operator"]) out.op = given["operator"].text();
  out.value = given["value"].text();
  out.effect = given["effect"].text();
  if (out.key.empty() && out.op != "Exists") {
    report.error(given, "a toleration without a key needs operator: Exists");
  }
  if (!out.key.empty()) check_label_key(given["key"], out.key, report);
  if (out.op == "Exists" && !out.value.empty()) {
    report.error(given["value"], "a toleration with operator: Exists takes no value");
  }
  check_label_value(given["value"], report);
  return out;
}

}  // namespace

std::unique_ptr<Pool> decode_pool(json::Node document, const LoadOptions& options, Report& report) {
  const json::Node spec = document["spec"];
  check_metadata(document["metadata"], report);
  auto pool = std::make_unique<Pool>();
  pool->name = document["metadata"]["name"].text();
  pool->position = report.position(document);
  pool->requirements = decode_nodes(spec["nodes"], report);
  for (const json::Node each : spec["tolerations"].elements()) {
    pool->tolerations.push_back(decode_toleration(each, report));
  }
  for (const json::Node each : spec["schedulerNames"].elements()) {
    pool->scheduler_names.emplace_back(each.text());
  }
  if (spec["attestation"]) {
    pool->step = pod::Step::render(decode_attestation(spec["attestation"], options, report));
  }
  return pool;
}

}  // namespace cpods::policy
