#pragma once
// A second, naive reading of what a Pod refers to, to compare the product's walker with: every
// string of the whole Pod is looked up by its path in a flat table. Of Secrets the table is
// Kubernetes' own list (VisitPodSecretNames, pkg/api/v1/pod/util.go), written as paths.

#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "json/node.h"

namespace cpods::naive {

inline constexpr std::array<std::string_view, 12> kSecretPaths = {
    ".spec.imagePullSecrets[].name",
    ".spec.volumes[].secret.secretName",
    ".spec.volumes[].projected.sources[].secret.name",
    ".spec.volumes[].csi.nodePublishSecretRef.name",
    ".spec.volumes[].azureFile.secretName",
    ".spec.volumes[].cephfs.secretRef.name",
    ".spec.volumes[].cinder.secretRef.name",
    ".spec.volumes[].flexVolume.secretRef.name",
    ".spec.volumes[].iscsi.secretRef.name",
    ".spec.volumes[].rbd.secretRef.name",
    ".spec.volumes[].scaleIO.secretRef.name",
    ".spec.volumes[].storageos.secretRef.name"};

inline bool names_a_secret(std::string_view path) {
  for (const std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
    const auto container = ".spec." + std::string(list) + "[]";
    if (path == container + ".env[].valueFrom.secretKeyRef.name") return true;
    if (path == container + ".envFrom[].secretRef.name") return true;
  }
  for (const auto known : kSecretPaths) {
    if (path == known) return true;
  }
  // Not in Kubernetes' list: an attribute by which Azure's CSI drivers are told a Secret.
  constexpr std::string_view kAttributes = ".spec.volumes[].csi.volumeAttributes.";
  if (!path.starts_with(kAttributes)) return false;
  std::string attribute(path.substr(kAttributes.size()));
  for (auto& c : attribute) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return attribute == "secretname";
}

// A claim made for the Pod alone is filled from another one of its namespace.
inline bool is_claim_to_copy(std::string_view path, json::Node source) {
  constexpr std::string_view kTemplate = ".spec.volumes[].ephemeral.volumeClaimTemplate.spec.";
  return (path == std::string(kTemplate) + "dataSource.name" ||
          path == std::string(kTemplate) + "dataSourceRef.name") &&
         source["kind"].text() == "PersistentVolumeClaim" && source["apiGroup"].text().empty() &&
         source["namespace"].text().empty();
}

// The kind of what is named at `path`, as references are told; "" where nothing is. `parent` is the
// object that the name is in.
inline std::string_view kind_at(std::string_view path, json::Node parent) {
  if (names_a_secret(path)) return "Secret";
  if (path == ".spec.volumes[].csi.volumeAttributes.secretProviderClass") {
    return "SecretProviderClass";
  }
  if (path == ".spec.volumes[].persistentVolumeClaim.claimName") return "PersistentVolumeClaim";
  if (is_claim_to_copy(path, parent)) return "PersistentVolumeClaim";
  const bool is_same_account =
      path == ".spec.serviceAccount" &&
      parent["serviceAccountName"].text() == parent["serviceAccount"].text();
  if (path == ".spec.serviceAccountName" || (path == ".spec.serviceAccount" && !is_same_account)) {
    return "ServiceAccount";
  }
  return "";
}

// Calls visit(path, text, parent) for each string below `node`; indices are left out of the path:
// ".a[].b".
template <typename Visitor>
void for_each_text(json::Node node, const std::string& path, json::Node parent,
                   const Visitor& visit) {
  if (node.kind() == json::Kind::String) {
    visit(path, node.text(), parent);
  } else if (node.kind() == json::Kind::Array) {
    for (const json::Node each : node.elements()) for_each_text(each, path + "[]", node, visit);
  } else if (node.kind() == json::Kind::Object) {
    for (const auto [key, value] : node.members()) {
      for_each_text(value, path + "." + std::string(key), node, visit);
    }
  }
}

// Kind and name; a reference that is made twice is there twice.
using References = std::multiset<std::pair<std::string, std::string>>;

inline References references_of(json::Node pod) {
  constexpr std::size_t kLongestName = 253;  // RFC 1123: nothing that exists has a longer one
  References found;
  for_each_text(pod, "", {}, [&](const auto& path, std::string_view text, json::Node parent) {
    if (text.empty() || text.size() > kLongestName) return;
    if (const auto kind = kind_at(path, parent); !kind.empty()) found.emplace(kind, text);
  });
  if (pod["spec"]["serviceAccountName"].text().empty() &&
      pod["spec"]["serviceAccount"].text().empty()) {
    found.emplace("ServiceAccount", "default");
  }
  return found;
}

}  // namespace cpods::naive
