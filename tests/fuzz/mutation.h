#pragma once
// JSON trees made from bytes: a seed, changed a few times by adding and removing values at places
// that it has. The changes are patches, so that the product's own apply() is exercised too.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "json/document.h"
#include "json/patch.h"
#include "json/writer.h"

namespace cpods::fuzz {

// Decisions read off the fuzzer's bytes; all zero once they run out.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool left() const { return !bytes_.empty(); }
  std::size_t below(std::size_t bound) {
    std::size_t value = 0;
    for (std::size_t reach = 1; reach < bound && left(); reach *= 256) {
      value = value * 256 + bytes_.front();
      bytes_ = bytes_.subspan(1);
    }
    return bound == 0 ? 0 : value % bound;
  }
  template <typename List>
  const auto& among(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// A value of a tree with its pointer.
struct Spot {
  std::string pointer;
  json::Node node;
};

inline std::string pointer_token(std::string_view key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

inline void collect(json::Node node, const std::string& pointer, std::vector<Spot>& spots) {
  spots.push_back({pointer, node});
  if (node.kind() == json::Kind::Object) {
    for (const auto [key, value] : node.members()) {
      collect(value, pointer + "/" + pointer_token(key), spots);
    }
  } else if (node.kind() == json::Kind::Array) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      collect(node.at(i), pointer + "/" + std::to_string(i), spots);
    }
  }
}

inline std::vector<Spot> spots_of(json::Node root) {
  std::vector<Spot> spots;
  collect(root, "", spots);
  return spots;
}

// What is put somewhere: values that mean something to the product, and values of no sense at all.
inline std::string some_value(Choices& choices, const std::vector<Spot>& spots) {
  static constexpr std::string_view kValues[] = {
      "null",
      "[]",
      "{}",
      "\"\"",
      "0",
      "-1",
      "1.5",
      "true",
      "\"db-main\"",
      "\"agentpool\"",
      "\"snp\"",
      "\"other\"",
      "\"In\"",
      "\"NotIn\"",
      "\"Exists\"",
      "\"DoesNotExist\"",
      "\"Gt\"",
      "\"9223372036854775807\"",
      "\"confidential-pods-attest\"",
      "\"confidential-pods-output\"",
      R"({"agentpool":"snp"})",
      R"({"name":"db-main"})",
      R"([{"secretRef":{"name":"db-main"}}])",
      R"([{"name":"confidential-pods-attest"}])",
      R"({"secretName":"db-main"})",
      R"([{"name":"A","valueFrom":{"secretKeyRef":{"name":"db-main","key":"k"}}}])",
      R"({"sources":[{"secret":{"name":"db-main"}},{"vault2030":{}}]})",
      R"({"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}]},{}]}}})",
      R"({"key":"agentpool","operator":"NotIn","values":["snp"]})",
      R"([{"key":"tee","operator":"Exists","tolerationSeconds":1}])",
      R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]})"};
  if (choices.below(4) == 0) return json::to_text(choices.among(spots).node);
  return std::string(choices.among(kValues));
}

inline std::string some_key(Choices& choices) {
  // clang-format off
  static constexpr std::string_view kKeys[] = {
      "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
      "nodeSelectorTerms", "matchExpressions", "matchFields", "key", "operator", "values",
      "nodeSelector", "nodeName", "tolerations", "initContainers", "containers",
      "ephemeralContainers", "volumes", "imagePullSecrets", "serviceAccountName", "env", "envFrom",
      "valueFrom", "secretKeyRef", "secretRef", "secret", "secretName", "projected", "sources",
      "csi", "nodePublishSecretRef", "volumeAttributes", "secretname", "azureFile", "storageos",
      "name", "spec", "metadata", "labels", "annotations", "agentpool", "image", "resources"};
  // clang-format on
  return std::string(choices.among(kKeys));
}

// One more change, as a patch that applies to the tree of `spots`.
inline std::string some_change(Choices& choices, const std::vector<Spot>& spots) {
  const auto& spot = choices.among(spots);
  json::Patch patch;
  const auto kind = choices.below(4);
  if (kind == 0 && !spot.pointer.empty()) {
    patch.remove(spot.pointer);
  } else if (kind == 1 && !spot.pointer.empty()) {
    patch.add(spot.pointer, some_value(choices, spots));
  } else if (spot.node.kind() == json::Kind::Object) {
    patch.add(spot.pointer + "/" + some_key(choices), some_value(choices, spots));
  } else if (spot.node.kind() == json::Kind::Array) {
    patch.add(spot.pointer + "/-", some_value(choices, spots));
  }
  return patch.text();
}

}  // namespace cpods::fuzz
