#pragma once
// Every path by which a Pod reaches a Secret, provider class, claim or service account.
// Pure; any thread. Names are views into the Pod's document.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "json/node.h"

namespace cpods::pod {

// Kinds of volumes (core/v1 VolumeSource) that name their Secret as secretRef.name.
inline constexpr std::array<std::string_view, 7> kWithSecretRef = {
    "cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"};

enum class ReferenceKind : std::uint8_t {
  Secret,
  ProviderClass,  // Secrets Store CSI SecretProviderClass
  ServiceAccount,
  VolumeClaim,  // PersistentVolumeClaim
  Unknown,      // a kind of volume or source of which this version cannot tell what it carries
};

// Secret, SecretProviderClass, ServiceAccount, PersistentVolumeClaim, unknown source.
[[nodiscard]] std::string_view name_of(ReferenceKind kind);

struct SecretReference {
  ReferenceKind kind;
  std::string_view name;  // of the object; for Unknown of the key or kind
  json::Node at;          // the value that makes the reference
};

// In the order of the Pod's document: containers first, then volumes, then the rest. At most
// limits::kSecretReferences and one Unknown that stands for all others.
[[nodiscard]] std::vector<SecretReference> secret_references(json::Node spec);

}  // namespace cpods::pod
