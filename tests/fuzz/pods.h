#pragma once
// Pods that are nearly right: seeds of its own and, where the recorded data is there, Pods as a
// real API server sent them, changed a few times.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fuzz/mutation.h"
#include "fuzz/scene.h"
#include "naive/constraint_writer.h"

namespace cpods::fuzz {

inline constexpr std::string_view kSeeds[] = {
    R"({"metadata":{"name":"web","labels":{"a":"b"}},"spec":{"containers":[{"name":"app","image":"i","env":[{"name":"A","value":"v"},{"name":"B","valueFrom":{"secretKeyRef":{"name":"db-main","key":"k"}}}],"envFrom":[{"secretRef":{"name":"db-other"}}]}]}})",
    R"({"metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"app"}],"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]}]},{"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}],"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}]}}},"nodeSelector":{"disk":"ssd"}}})",
    R"({"metadata":{"name":"web"},"spec":{"nodeName":"","tolerations":[{"operator":"Exists"}],"volumes":[{"name":"a","secret":{"secretName":"db-main"}},{"name":"b","projected":{"sources":[{"secret":{"name":"db-x"}},{"configMap":{"name":"c"}}]}},{"name":"c","csi":{"driver":"d","nodePublishSecretRef":{"name":"x"},"volumeAttributes":{"secretProviderClass":"p"}}},{"name":"d","persistentVolumeClaim":{"claimName":"data"}}],"imagePullSecrets":[{"name":"pull"}],"initContainers":[{"name":"confidential-pods-attest","image":"thief"},{"name":"second"}],"ephemeralContainers":[{"name":"debugger"}]}})",
};

inline std::vector<json::Document> recorded_pods() {
  const char* given = std::getenv("CONFIDENTIAL_PODS_SHARED");
  const auto folder = given != nullptr
                          ? std::filesystem::path(given)
                          : std::filesystem::path(CPODS_SOURCE_DIR).parent_path() / "shared";
  std::ifstream file(folder / "k8s/admission-reviews.jsonl");
  std::vector<json::Document> pods;
  for (std::string line; std::getline(file, line);) {
    auto review = json::Document::parse(line);
    must(review.has_value(), "recorded reviews are JSON");
    const auto request = review->root()["review"]["request"];
    if (request["kind"]["kind"].text() != "Pod") continue;
    // Half of such a Pod are managedFields, which no rule looks at.
    auto pod = json::Document::copy_of(request["object"]);
    auto lean = json::apply(pod.root(), R"([{"op":"remove","path":"/metadata/managedFields"}])");
    pods.push_back(lean ? std::move(*lean) : std::move(pod));
  }
  return pods;
}

// One of these or, as often, one of those.
inline json::Document some_seed(Choices& choices) {
  static const auto kRecorded = [] {
    auto pods = recorded_pods();
    std::fprintf(stderr, "%zu recorded Pods as seeds\n", pods.size());
    return pods;
  }();
  if (choices.below(2) == 0 && !kRecorded.empty()) {
    return json::Document::copy_of(choices.among(kRecorded).root());
  }
  return *json::Document::parse(std::string(choices.among(kSeeds)));
}

inline json::Document applied(json::Node target, const std::string& patch) {
  auto after = json::apply(target, patch);
  must(after.has_value(), "the patch applies", patch);
  return std::move(*after);
}

inline json::Document mutated(json::Document document, Choices& choices) {
  for (auto changes = choices.below(6); changes > 0 && choices.left(); --changes) {
    document = applied(document.root(), some_change(choices, spots_of(document.root())));
  }
  return document;
}

// Often with other constraints on its nodes: what a pool asks for is seldom hit by changing values
// anywhere.
inline json::Document constrained(json::Document pod, Choices& choices) {
  static const naive::Vocabulary kWords = {
      {"agentpool", "security-type"},
      {"snp", "ConfidentialVM", "snp2", "other", "", "3", "4", "5", "05", "+4"}};
  const auto parts = choices.below(4);
  if (pod.root()["spec"].kind() != json::Kind::Object) return pod;
  naive::ConstraintWriter<Choices> writer(choices, kWords);
  json::Patch patch;
  if ((parts & 1) != 0) patch.add("/spec/nodeSelector", writer.selector());
  if ((parts & 2) != 0) patch.add("/spec/affinity", writer.affinity());
  return applied(pod.root(), patch.text());
}

}  // namespace cpods::fuzz
