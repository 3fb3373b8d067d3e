// Completeness: every field of every supported API version by which a Pod names a Secret is known.
// Read from the API's own all-fields objects, so that a new version's fixture shows a new field.

#include <doctest/doctest.h>

#include <algorithm>

#include "pod/secret_references.h"
#include "secret_paths.h"
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

std::multiset<std::string> secrets_of(json::Node pod) {
  std::multiset<std::string> names;
  for (const auto& reference : secret_references(pod["spec"])) {
    if (reference.kind == ReferenceKind::Secret) names.emplace(reference.name);
  }
  return names;
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

TEST_CASE("sensitive paths: the all-fields Pods hold no unknown source and no Secret passed over") {
  for (const std::string version : {"v1.33.0", "HEAD"}) {
    const auto path = "k8s/api-testdata/" + version + "/core.v1.Pod.json";
    if (!recorded::available(path)) return;
    CAPTURE(version);
    const auto pod = parsed(recorded::read(path));
    for (const auto& reference : secret_references(pod.root()["spec"])) {
      CAPTURE(reference.at.field_path());
      CHECK(reference.kind != ReferenceKind::Unknown);
    }
    CHECK(secrets_of(pod.root()) == naive::secrets_of(pod.root()));
    CHECK(secrets_of(pod.root()).size() == 18);
    // Fields called a secret that are no names: keys, flags, and a path on the host.
    naive::for_each_text(pod.root(), "", [&](const std::string& where, std::string_view) {
      if (where.find("ecret") == std::string::npos || naive::names_a_secret(where)) return;
      CAPTURE(where);
      CHECK((where.ends_with("Ref.key") || where.ends_with(".key") || where.ends_with(".path") ||
             where.ends_with("cephfs.secretFile")));
    });
  }
}

}  // namespace
}  // namespace cpods::pod
