#pragma once
// Every path by which a Pod reaches a Secret, provider class, claim or service account.
// Pure; any thread. Names are views into the Pod's document.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "json/node.h"

namespace cpods::pod {

// Where a name stands, as the members that lead to it: for the walker here, and for expressions
// that say the same (configuration/backstop_reads.cc).
namespace paths {
// Of an element of a container's env and envFrom.
inline constexpr std::string_view kSecretOfEnv = "valueFrom.secretKeyRef.name";
inline constexpr std::string_view kSecretOfEnvFrom = "secretRef.name";
// Of a volume (core/v1 VolumeSource).
inline constexpr std::array<std::string_view, 9> kSecretsOfVolume = {
    "secret.secretName",     "azureFile.secretName",      "cephfs.secretRef.name",
    "cinder.secretRef.name", "flexVolume.secretRef.name", "iscsi.secretRef.name",
    "rbd.secretRef.name",    "scaleIO.secretRef.name",    "storageos.secretRef.name"};
inline constexpr std::string_view kSecretOfDriver = "csi.nodePublishSecretRef.name";
inline constexpr std::string_view kClaimOfVolume = "persistentVolumeClaim.claimName";
inline constexpr std::string_view kProjections = "projected.sources";
inline constexpr std::string_view kDriverAttributes = "csi.volumeAttributes";
inline constexpr std::string_view kClaimTemplate = "ephemeral.volumeClaimTemplate.spec";
// Of one of its projections.
inline constexpr std::string_view kSecretOfProjection = "secret.name";
// Driver attributes whose value is a name; the second one in any case.
inline constexpr std::string_view kProviderClassAttribute = "secretProviderClass";
inline constexpr std::string_view kSecretAttribute = "secretName";
// Of a claim template: what it is filled from, and what binds it to a volume that exists.
inline constexpr std::array<std::string_view, 2> kSourcesOfClaim = {"dataSource", "dataSourceRef"};
inline constexpr std::array<std::string_view, 2> kBindersOfClaim = {"selector", "volumeName"};
}  // namespace paths

// The one kind of source of a claim whose name tells what it carries, with no apiGroup and of no
// other namespace.
inline constexpr std::string_view kClaimKind = "PersistentVolumeClaim";

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
