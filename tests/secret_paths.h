#pragma once
// A second, naive reading of which Secrets a Pod names, to compare the product's walker with: every
// string of the whole Pod is looked up by its path in a flat table. The table is Kubernetes' own
// list (VisitPodSecretNames, pkg/api/v1/pod/util.go), written as paths.

#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

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

// Calls visit(path, text) for each string below `node`; indices are left out of the path: ".a[].b".
template <typename Visitor>
void for_each_text(json::Node node, const std::string& path, const Visitor& visit) {
  if (node.kind() == json::Kind::String) {
    visit(path, node.text());
  } else if (node.kind() == json::Kind::Array) {
    for (const json::Node each : node.elements()) for_each_text(each, path + "[]", visit);
  } else if (node.kind() == json::Kind::Object) {
    for (const auto [key, value] : node.members()) {
      for_each_text(value, path + "." + std::string(key), visit);
    }
  }
}

inline std::multiset<std::string> secrets_of(json::Node pod) {
  std::multiset<std::string> names;
  for_each_text(pod, "", [&](const std::string& path, std::string_view text) {
    if (!text.empty() && names_a_secret(path)) names.emplace(text);
  });
  return names;
}

}  // namespace cpods::naive
