// Completeness: every path by which the webhook sees a name is one that the expressions name. What
// they mean is tried on a real API server (tests/e2e/test_escapes.py).

#include "configuration/backstop_reads.h"

#include <doctest/doctest.h>

#include "naive/references.h"
#include "pod/secret_references.h"

namespace cpods::configuration {
namespace {

namespace paths = pod::paths;

std::string expression_of(std::string_view variable) {
  policy::SecretGuard guard;
  guard.names.emplace_back("s");
  guard.provider_classes.emplace_back("p");
  guard.volume_claims.emplace_back("c");
  guard.service_accounts.emplace_back("a");
  for (const auto& each : reads_of(guard)) {
    if (each.name == variable) return each.expression;
  }
  FAIL("no variable " << variable);
  return {};
}

// What stands behind the last list of .spec.volumes[].projected.sources[].secret.name.
std::string_view behind_lists(std::string_view path) {
  return path.substr(path.rfind("[].") + 3);
}

TEST_CASE("backstop reads: every path by which Kubernetes lists a Secret") {
  const auto all = expression_of("reads_guarded") + expression_of("reads_by_itself");
  for (const auto path : naive::kSecretPaths) {
    CAPTURE(path);
    CHECK(all.contains("." + std::string(behind_lists(path)) + " in variables.secrets"));
  }
  CHECK(all.contains("object.spec.imagePullSecrets.exists(p, has(p.name) && (p.name in "));
}

TEST_CASE("backstop reads: every path that the walker knows") {
  const auto itself = expression_of("reads_by_itself");
  const auto names = [&](std::string_view path, const std::string& list) {
    CAPTURE(path);
    CHECK(itself.contains("." + std::string(path) + " in variables." + list));
  };
  for (const auto path : paths::kSecretsOfVolume) names(path, "secrets)");
  names(paths::kSecretOfDriver, "secrets)");
  names(paths::kSecretOfEnv, "secrets)");
  names(paths::kSecretOfEnvFrom, "secrets)");
  names(paths::kSecretOfProjection, "secrets)");
  names(paths::kClaimOfVolume, "volume_claims)");
  CHECK(
      itself.contains("v.csi.volumeAttributes.exists(k, k.lowerAscii() == "
                      "\"secretName\".lowerAscii() && (v.csi.volumeAttributes[k] in "
                      "variables.secrets))"));
  CHECK(
      itself.contains("v.csi.volumeAttributes.exists(k, k == \"secretProviderClass\" && "
                      "(v.csi.volumeAttributes[k] in variables.provider_classes))"));
  CHECK(expression_of("reads_guarded")
            .contains("has(object.spec.serviceAccountName) ? object.spec.serviceAccountName in "
                      "variables.service_accounts : \"default\" in variables.service_accounts"));
}

// A claim of the same namespace says by its name what it carries; all else may carry anything.
TEST_CASE("backstop reads: a claim template is filled or bound from anywhere as for the webhook") {
  const auto itself = expression_of("reads_by_itself");
  const std::string at = "v.ephemeral.volumeClaimTemplate.spec.";
  const std::string in_template =
      "has(v.ephemeral) && has(v.ephemeral.volumeClaimTemplate) && "
      "has(v.ephemeral.volumeClaimTemplate.spec) && ";
  for (const std::string field : {"dataSource", "dataSourceRef"}) {
    CAPTURE(field);
    const auto source = at + field;
    const auto says = [&](const std::string& member) {
      const auto text = source + "." + member;
      return "(has(" + text + ") && dyn(" + text + ") != null && " + text + " != \"\") || ";
    };
    CHECK(itself.contains("(" + in_template + "has(" + source + ") && ((" + source +
                          ".kind != \"PersistentVolumeClaim\") || " + says("apiGroup") +
                          (field == "dataSource" ? "" : says("namespace")) + "(" + source +
                          ".name in variables.volume_claims)))"));
  }
  for (const std::string field : {"volumeName", "selector"}) {
    CAPTURE(field);
    CHECK(itself.contains("(" + in_template + "has(" + at + field + "))"));
  }
}

TEST_CASE("backstop reads: the environments of all three container lists") {
  const std::string env = ".exists(c, (has(c.env) && c.env.exists(e, has(e.valueFrom) && ";
  for (const std::string list : {"containers", "initContainers"}) {
    CHECK(expression_of("reads_by_itself").contains("object.spec." + list + env));
  }
  CHECK(expression_of("reads_guarded").contains("object.spec.ephemeralContainers" + env));
  CHECK(expression_of("reads_anew").contains("object.spec.ephemeralContainers.exists(c, ((has(c."));
}

}  // namespace
}  // namespace cpods::configuration
