#pragma once
// Every name this product puts into a cluster or looks for in one, each in one place.

#include <algorithm>
#include <array>
#include <string_view>

namespace cpods::names {

// The init container that gathers and verifies the node's evidence.
inline constexpr std::string_view kStep = "confidential-pods-attest";
inline constexpr std::string_view kStepProgram = "/usr/local/bin/confidential-pods-attest";
inline constexpr std::string_view kOutputFolder = "/run/confidential-pods";

// Volumes of the step: what it writes, what it reads, and an empty folder over the place where the
// ServiceAccount admission plugin would mount an API token.
inline constexpr std::string_view kOutputVolume = "confidential-pods-output";
inline constexpr std::string_view kDeviceVolume = "confidential-pods-device";
inline constexpr std::string_view kNoTokenVolume = "confidential-pods-no-token";
inline constexpr std::string_view kTokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

// configfs-tsm, of a node and as the step sees it: a container has a sysfs of its own, in which
// nobody can make the folder to mount it on.
inline constexpr std::string_view kTsmFolder = "/sys/kernel/config/tsm/report";
inline constexpr std::string_view kTsmMount = "/run/confidential-pods-tsm";

// On the ConfigMap that holds the policy files.
inline constexpr std::string_view kPoliciesLabel = "confidential.pods/policies";

inline constexpr std::string_view kApiVersion = "confidential.pods/v1";
inline constexpr std::string_view kMutatingWebhook = "place.confidential.pods";
// Namespaces that the webhook configurations leave out, so that a cluster can start without this
// program: nobody ever asks about what is in them.
inline constexpr std::string_view kInstallation = "confidential-pods";
inline constexpr std::array<std::string_view, 4> kNeverAsked = {"kube-system", "kube-public",
                                                                "kube-node-lease", kInstallation};
[[nodiscard]] inline bool is_never_asked(std::string_view namespace_name) {
  return std::ranges::find(kNeverAsked, namespace_name) != kNeverAsked.end();
}

// Parts of Pods that are written by themselves.
inline constexpr std::string_view kEphemeralSubresource = "ephemeralcontainers";
inline constexpr std::string_view kStatusSubresource = "status";
inline constexpr std::string_view kBindingSubresource = "binding";
// core/v1 DefaultSchedulerName.
inline constexpr std::string_view kDefaultScheduler = "default-scheduler";
// The user name that kube-scheduler's certificate carries by default.
inline constexpr std::string_view kScheduler = "system:kube-scheduler";
inline constexpr std::string_view kValidatingConfiguration = "guard.confidential.pods";
// Of a webhook configuration: entries that some replica does not need, and since when.
inline constexpr std::string_view kUnneededAnnotation = "confidential.pods/unneeded";
// Set by every API server on every namespace; users cannot change it.
inline constexpr std::string_view kNamespaceNameLabel = "kubernetes.io/metadata.name";
// Of a namespace: AKS' admissions enforcer makes webhooks leave out the namespaces that carry one.
struct ExemptingLabel {
  std::string_view key;
  std::string_view value;  // empty: any
};
inline constexpr std::array<ExemptingLabel, 2> kExemptingLabels = {
    {{"control-plane", ""}, {"kubernetes.azure.com/managedby", "aks"}}};
// The level that Pod Security admission refuses Pods of a namespace by.
inline constexpr std::string_view kPodSecurityLabel = "pod-security.kubernetes.io/enforce";
// core/v1 MirrorPodAnnotationKey.
inline constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";
// core/v1 NodeAffinity: the only part of an affinity that binds a Pod to nodes.
inline constexpr std::string_view kRequiredAffinity =
    "requiredDuringSchedulingIgnoredDuringExecution";
// The group whose members Kubernetes lets do everything.
inline constexpr std::string_view kAdministratorsGroup = "system:masters";
// The group of every kubelet.
inline constexpr std::string_view kNodesGroup = "system:nodes";

}  // namespace cpods::names
