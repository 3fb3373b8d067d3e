#include <algorithm>

#include "pod/names.h"
#include "policy/decode.h"
#include "policy/label_rules.h"
#include "policy/quantity.h"

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

// The API server refuses such a path, and then every Pod of the pool.
void check_host_path(json::Node path, Report& report) {
  const auto text = std::string(path.text()) + "/";
  if (text.find("/../") != text.npos) report.error(path, "must not contain ..");
}

// No vTPM is reached through the folder of configfs-tsm.
void check_tsm(json::Node attestation, Report& report) {
  const auto path = attestation["device"]["hostPath"];
  if (path.text() != names::kTsmFolder || attestation["evidence"].text() == "sev-snp") return;
  report.error(path, std::string(path.text()) + " gives reports of bare SEV-SNP guests alone; " +
                         "write evidence: sev-snp, or the path of the vTPM");
}

// What is below holds the step to the API server's validation (pkg/apis/core/validation), which
// would refuse every Pod of the pool: core/v1 IsNativeResource and IsExtendedResourceName.
void check_device_resource(json::Node resource, Report& report) {
  const auto name = std::string(resource.text());
  if (name.empty()) return;
  if (name.find("kubernetes.io/") != name.npos || name.starts_with("requests.")) {
    report.error(resource, "\"" + name + "\" is not an extended resource, because names with " +
                               "kubernetes.io/ or requests. are Kubernetes' own; write the " +
                               "resource that the device plugin advertises");
  } else if (const auto flaw = flaw_of_label_key("requests." + name)) {
    report.error(resource, "the API server refuses this resource: with \"requests.\" before it, " +
                               std::string("as quotas write it, it ") + *flaw);
  }
}

void check_resources(json::Node resources, Report& report) {
  constexpr double kRounding = 1 + 1e-12;
  for (const auto [name, request] : resources["requests"].members()) {
    const auto limit = resources["limits"][name];
    if (limit && amount_of(request) > amount_of(limit) * kRounding) {
      report.error(request, "the request of " + std::string(name) + " is above its limit, and " +
                                "the API server would refuse every Pod with this step");
    }
  }
}

// A vTPM's key, PCRs and secure boot are claims of the guest; its firmware, which AMD signs for, is
// what makes them more than that.
void warn_of_bare_claims(json::Node attestation, Report& report) {
  const auto local = attestation["verifier"]["local"];
  if (attestation["evidence"].text() != "azure-vtpm") return;
  if (local["idKeyDigests"] || local["measurements"]) return;
  for (const auto* name : {"pcrs", "requireSecureBoot"}) {
    const auto claim = local[name];
    if (!claim || (claim.kind() == json::Kind::Boolean && !claim.flag())) continue;
    report.warning(claim, std::string(name) +
                              " proves nothing yet, because any SEV-SNP guest can make up its "
                              "PCRs and its secure boot; pin idKeyDigests or measurements too");
  }
}

pod::StepSettings decode_attestation(json::Node given, const LoadOptions& options, Report& report) {
  pod::StepSettings settings;
  settings.image = given["image"] ? std::string(given["image"].text()) : options.step_image;
  if (settings.image.empty()) {
    report.error(given,
                 "names no image, and the program was started without --step-image; add "
                 "image: with the image of confidential-pods");
  }
  settings.evidence = given["evidence"].text();
  settings.device_host_path = given["device"]["hostPath"].text();
  settings.device_resource = given["device"]["resource"].text();
  check_host_path(given["device"]["hostPath"], report);
  check_tsm(given, report);
  check_device_resource(given["device"]["resource"], report);
  check_resources(given["resources"], report);
  warn_of_bare_claims(given, report);
  settings.verifier = json::to_text(given["verifier"]);
  if (given["resources"]) settings.resources = json::to_text(given["resources"]);
  return settings;
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
