// Pods that are nearly right: seeds of its own and, where the recorded data is there, Pods as a
// real API server sent them, changed a few times. Whatever comes out, the promises of both doors
// hold.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fuzz/mutation.h"
#include "fuzz/scene.h"
#include "pod/secret_references.h"
#include "secret_paths.h"

namespace {

using namespace cpods;
using admission::Door;
using admission::Reason;

constexpr std::string_view kSeeds[] = {
    R"({"metadata":{"name":"web","labels":{"a":"b"}},"spec":{"containers":[{"name":"app","image":"i","env":[{"name":"A","value":"v"},{"name":"B","valueFrom":{"secretKeyRef":{"name":"db-main","key":"k"}}}],"envFrom":[{"secretRef":{"name":"db-other"}}]}]}})",
    R"({"metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"app"}],"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]}]},{"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}],"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}]}}},"nodeSelector":{"disk":"ssd"}}})",
    R"({"metadata":{"name":"web"},"spec":{"nodeName":"","tolerations":[{"operator":"Exists"}],"volumes":[{"name":"a","secret":{"secretName":"db-main"}},{"name":"b","projected":{"sources":[{"secret":{"name":"db-x"}},{"configMap":{"name":"c"}}]}},{"name":"c","csi":{"driver":"d","nodePublishSecretRef":{"name":"x"},"volumeAttributes":{"secretProviderClass":"p"}}},{"name":"d","persistentVolumeClaim":{"claimName":"data"}}],"imagePullSecrets":[{"name":"pull"}],"initContainers":[{"name":"confidential-pods-attest","image":"thief"},{"name":"second"}],"ephemeralContainers":[{"name":"debugger"}]}})",
};

std::vector<json::Document> recorded_pods() {
  const char* given = std::getenv("CONFIDENTIAL_PODS_SHARED");
  const auto folder = given != nullptr
                          ? std::filesystem::path(given)
                          : std::filesystem::path(CPODS_SOURCE_DIR).parent_path() / "shared";
  std::ifstream file(folder / "k8s/admission-reviews.jsonl");
  std::vector<json::Document> pods;
  for (std::string line; std::getline(file, line);) {
    auto review = json::Document::parse(line);
    fuzz::must(review.has_value(), "recorded reviews are JSON");
    const auto request = review->root()["review"]["request"];
    if (request["kind"]["kind"].text() != "Pod") continue;
    // Half of such a Pod are managedFields, which no rule looks at.
    auto pod = json::Document::copy_of(request["object"]);
    auto lean = json::apply(pod.root(), R"([{"op":"remove","path":"/metadata/managedFields"}])");
    pods.push_back(lean ? std::move(*lean) : std::move(pod));
  }
  return pods;
}

const std::vector<json::Document>& seeds() {
  static const auto kAll = [] {
    auto all = recorded_pods();
    std::fprintf(stderr, "%zu recorded Pods as seeds\n", all.size());
    for (const auto seed : kSeeds) all.push_back(*json::Document::parse(std::string(seed)));
    return all;
  }();
  return kAll;
}

json::Document applied(json::Node target, const std::string& patch) {
  auto after = json::apply(target, patch);
  fuzz::must(after.has_value(), "the patch applies", patch);
  return std::move(*after);
}

json::Document mutated(json::Document document, fuzz::Choices& choices) {
  for (auto changes = choices.below(6); changes > 0 && choices.left(); --changes) {
    document = applied(document.root(), some_change(choices, fuzz::spots_of(document.root())));
  }
  return document;
}

admission::Request request_for(json::Node object, std::string_view namespace_name) {
  admission::Request request;
  request.uid = "u-1";
  request.operation = "CREATE";
  request.kind = "Pod";
  request.resource.name = "pods";
  request.namespace_name = namespace_name;
  request.object = object.rooted();
  return request;
}

// After a placed Pod, the guard may still refuse what no patch can mend.
bool is_beyond_mending(Reason reason) {
  return reason == Reason::NodeName || reason == Reason::StepAltered || reason == Reason::Malformed;
}

void check_creation(json::Node pod, std::string_view namespace_name) {
  const auto request = request_for(pod, namespace_name);
  const auto verdict = fuzz::decide(Door::Place, request);
  const auto unplaced = fuzz::decide(Door::Guard, request);
  if (!verdict.allowed) {
    // Tolerations are read by the mutating door alone.
    fuzz::must(!unplaced.allowed || verdict.reason == Reason::Malformed,
               "what cannot be placed is not let through", verdict.message);
    return;
  }
  const auto after = applied(pod, verdict.patch.text());
  const auto placed = request_for(after.root(), namespace_name);
  const auto second = fuzz::decide(Door::Place, placed);
  fuzz::must(second.allowed && second.patch.empty(), "the second patch is empty",
             second.message + second.patch.text());
  const auto guard = fuzz::decide(Door::Guard, placed);
  if (verdict.reason == Reason::Placed && !guard.allowed) {
    fuzz::must(is_beyond_mending(guard.reason), "the guard accepts what was placed", guard.message);
  }
  if (unplaced.allowed) fuzz::must(guard.allowed, "placing makes nothing worse", guard.message);
}

void check_update(json::Node stored, json::Node fresh, std::string_view namespace_name) {
  auto request = request_for(fresh, namespace_name);
  request.operation = "UPDATE";
  request.old_object = stored.rooted();
  const auto verdict = fuzz::decide(Door::Place, request);
  fuzz::decide(Door::Guard, request);
  if (!verdict.allowed) return;
  const auto after = applied(fresh, verdict.patch.text());
  request.object = after.root();
  const auto second = fuzz::decide(Door::Place, request);
  fuzz::must(second.allowed && second.patch.empty(), "what was restored stays",
             second.message + second.patch.text());
}

void check_template(json::Node pod, std::string_view namespace_name) {
  const auto text = json::Writer()
                        .object()
                        .key("metadata")
                        .object()
                        .field("name", "shop")
                        .end()
                        .key("spec")
                        .object()
                        .key("template")
                        .node(pod)
                        .end()
                        .end()
                        .take();
  const auto workload = json::Document::parse(text);
  if (!workload) return;  // nested too deep by now
  auto request = request_for(workload->root(), namespace_name);
  request.kind = "Deployment";
  request.resource.name = "deployments";
  fuzz::decide(Door::Guard, request);
}

// Two readings of the same Pod name the same Secrets.
void check_references(json::Node pod) {
  std::multiset<std::string> names;
  try {
    for (const auto& reference : pod::secret_references(pod["spec"])) {
      if (reference.kind == pod::ReferenceKind::Secret) names.emplace(reference.name);
    }
  } catch (const json::Malformed&) {
    return;
  }
  fuzz::must(names == naive::secrets_of(pod), "both walkers find the same Secrets",
             json::to_text(pod));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices({data, size});
  static constexpr std::string_view kNamespaces[] = {"all", "deny", "place", "free"};
  const auto namespace_name = choices.among(kNamespaces);
  const auto& seed = choices.among(seeds());
  const auto stored = mutated(json::Document::copy_of(seed.root()), choices);
  const auto fresh = mutated(json::Document::copy_of(stored.root()), choices);
  check_references(fresh.root());
  check_creation(fresh.root(), namespace_name);
  check_update(stored.root(), fresh.root(), namespace_name);
  check_template(fresh.root(), namespace_name);
  return 0;
}
