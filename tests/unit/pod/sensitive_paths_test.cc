// Completeness: every field of every supported API version by which a Pod names a Secret is known.
// Read from the API's own all-fields objects, so that a new version's fixture shows a new field.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "naive/references.h"
#include "pod/secret_references.h"
#include "unit/parsed.h"
#include "unit/recorded_data.h"

namespace cpods::pod {
namespace {

// A Pod that has nothing but the text "needle" at `path`, e.g. .spec.volumes[].secret.secretName.
json::Document pod_with(std::string_view path) {
  std::string before;
  std::string after;
  while (!path.empty()) {
    const auto end = std::min(path.find_first_of(".[", 1), path.size());
    const auto step = path.substr(0, end);
    path.remove_prefix(end);
    if (step == "[]") {
      before += '[';
      after.insert(0, 1, ']');
    } else {
      before += "{\"" + std::string(step.substr(1)) + "\":";
      after.insert(0, 1, '}');
    }
  }
  return parsed(before + "\"needle\"" + after);
}

bool refers_to_needle(json::Node pod, ReferenceKind kind) {
  return std::ranges::any_of(secret_references(pod["spec"]), [&](const auto& reference) {
    return reference.kind == kind && reference.name == "needle";
  });
}

naive::References references_of(json::Node pod) {
  naive::References found;
  for (const auto& reference : secret_references(pod["spec"])) {
    if (reference.kind == ReferenceKind::Unknown) continue;
    found.emplace(name_of(reference.kind), reference.name);
  }
  return found;
}

TEST_CASE("sensitive paths: each one found alone, in every list and volume kind") {
  for (const auto path : naive::kSecretPaths) {
    CAPTURE(path);
    CHECK(refers_to_needle(pod_with(path).root(), ReferenceKind::Secret));
  }
  for (const std::string list : {"containers", "initContainers", "ephemeralContainers"}) {
    for (const std::string source : {"env[].valueFrom.secretKeyRef", "envFrom[].secretRef"}) {
      const auto path = ".spec." + list + "[]." + source + ".name";
      CAPTURE(path);
      CHECK(refers_to_needle(pod_with(path).root(), ReferenceKind::Secret));
    }
  }
}

TEST_CASE("sensitive paths: whatever the API's list of fields calls a secret is found") {
  if (!recorded::available("k8s/pod-sensitive-paths-by-version.json")) return;
  const auto versions = parsed(recorded::read("k8s/pod-sensitive-paths-by-version.json"));
  int names = 0;
  for (const auto [version, paths] : versions.root().members()) {
    for (const json::Node each : paths.elements()) {
      const std::string path(each.text());
      CAPTURE(version);
      CAPTURE(path);
      const bool is_secret = path.ends_with("ecretRef.name") || path.ends_with(".secretName") ||
                             path.ends_with("secretKeyRef.name") ||
                             path.ends_with(".secret.name") || path.ends_with("Secrets[].name");
      const bool is_claim = path.ends_with(".claimName");
      const bool is_account = path.ends_with(".serviceAccountName");
      if (!is_secret && !is_claim && !is_account) continue;
      ++names;
      CHECK(refers_to_needle(pod_with(path).root(), is_secret  ? ReferenceKind::Secret
                                                    : is_claim ? ReferenceKind::VolumeClaim
                                                               : ReferenceKind::ServiceAccount));
    }
  }
  CHECK(names >= 5 * 20);
}

std::set<std::string> keys_of(json::Node object) {
  std::set<std::string> keys;
  for (const auto [key, value] : object.members()) keys.emplace(key);
  return keys;
}

// Fields that were looked through for references, those not read by the walker included: it does
// not report an unknown one, so a version of the API that has another must fail here.
// clang-format off
const std::set<std::string> kPodFields = {
    "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig",
    "dnsPolicy", "enableServiceLinks", "ephemeralContainers", "evictionResponders", "hostAliases",
    "hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname", "hostnameOverride",
    "imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "overhead",
    "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims",
    "resources", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates",
    "schedulingGroup", "securityContext", "serviceAccount", "serviceAccountName",
    "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds",
    "tolerations", "topologySpreadConstraints", "volumes"};
const std::set<std::string> kContainerFields = {
    "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe",
    "name", "ports", "readinessProbe", "resizePolicy", "resources", "restartPolicy",
    "restartPolicyRules", "securityContext", "startupProbe", "stdin", "stdinOnce",
    "targetContainerName", "terminationMessagePath", "terminationMessagePolicy", "tty",
    "volumeDevices", "volumeMounts", "workingDir"};
// clang-format on

TEST_CASE("sensitive paths: every field of a Pod and of a container has been looked through") {
  std::set<std::string> pod_fields;
  std::set<std::string> container_fields;
  for (const std::string version : {"v1.33.0", "HEAD"}) {
    const auto path = "k8s/api-testdata/" + version + "/core.v1.Pod.json";
    if (!recorded::available(path)) return;
    const auto pod = parsed(recorded::read(path));
    const auto spec = pod.root()["spec"];
    pod_fields.merge(keys_of(spec));
    for (const std::string list : {"containers", "initContainers", "ephemeralContainers"}) {
      container_fields.merge(keys_of(spec[list].at(0)));
    }
  }
  CHECK(pod_fields == kPodFields);
  CHECK(container_fields == kContainerFields);
}

TEST_CASE("sensitive paths: the all-fields Pods hold no unknown source and no Secret passed over") {
  for (const std::string version : {"v1.33.0", "HEAD"}) {
    const auto path = "k8s/api-testdata/" + version + "/core.v1.Pod.json";
    if (!recorded::available(path)) return;
    CAPTURE(version);
    const auto pod = parsed(recorded::read(path));
    // Only what fills or binds the claim template from anywhere is unknown.
    std::string unknown;
    for (const auto& reference : secret_references(pod.root()["spec"])) {
      if (reference.kind == ReferenceKind::Unknown) unknown += std::string(reference.name) + " ";
    }
    CHECK(unknown == "kindValue claim of another namespace selector volumeName ");
    CHECK(references_of(pod.root()) == naive::references_of(pod.root()));
    CHECK(references_of(pod.root()).size() == 21);
    // Fields called a secret that are no names: keys, flags, and a path on the host.
    naive::for_each_text(pod.root(), "", {}, [&](const std::string& where, auto, auto) {
      if (where.find("ecret") == std::string::npos || naive::names_a_secret(where)) return;
      CAPTURE(where);
      CHECK((where.ends_with("Ref.key") || where.ends_with(".key") || where.ends_with(".path") ||
             where.ends_with("cephfs.secretFile")));
    });
  }
}

}  // namespace
}  // namespace cpods::pod
