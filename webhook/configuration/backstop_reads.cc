// An expression names each path as has(v.secret) && has(v.secret.secretName) &&
// (v.secret.secretName in variables.secrets || …). Where a list of paths differs from the walker's,
// a test fails (backstop_reads_test.cc).

#include "configuration/backstop_reads.h"

#include <string>
#include <string_view>

#include "configuration/cel.h"
#include "configuration/cel_paths.h"
#include "configuration/pattern_lists.h"
#include "pod/secret_references.h"

namespace cpods::configuration {
namespace {

namespace paths = pod::paths;

std::string member(std::string_view variable, std::string_view path) {
  return std::string(variable) + "." + std::string(path);
}

// The text at `path` of `variable` is there and one of the names.
std::string names_one(std::string_view variable, std::string_view path, const PatternLists& names) {
  const auto at = member(variable, path);
  return cel::has(at) + " && (" + names.hold(at) + ")";
}

struct Guarded {
  explicit Guarded(const policy::SecretGuard& guard)
      : secrets("secrets", guard.names),
        provider_classes("provider_classes", guard.provider_classes),
        volume_claims("volume_claims", guard.volume_claims),
        service_accounts("service_accounts", guard.service_accounts) {}

  PatternLists secrets;
  PatternLists provider_classes;
  PatternLists volume_claims;
  PatternLists service_accounts;
};

std::string container_reads(const Guarded& guarded) {
  return cel::any_of(
      {cel::in_each("c.env", "e", names_one("e", paths::kSecretOfEnv, guarded.secrets)),
       cel::in_each("c.envFrom", "e", names_one("e", paths::kSecretOfEnvFrom, guarded.secrets))});
}

// `k` is the attribute's name.
std::string attribute_names_one(const std::string& condition, const PatternLists& names) {
  const auto at = member("v", paths::kDriverAttributes);
  return cel::has(at) + " && " + at + ".exists(k, " + condition + " && (" + names.hold(at + "[k]") +
         "))";
}

std::string driver_reads(const Guarded& guarded) {
  return cel::any_of(
      {names_one("v", paths::kSecretOfDriver, guarded.secrets),
       attribute_names_one(
           "k.lowerAscii() == " + cel::quoted(paths::kSecretAttribute) + ".lowerAscii()",
           guarded.secrets),
       attribute_names_one("k == " + cel::quoted(paths::kProviderClassAttribute),
                           guarded.provider_classes)});
}

// Is there, and neither empty nor null, which the API server makes of an apiGroup left out.
std::string says_something(const std::string& at) {
  return "has(" + at + ") && dyn(" + at + ") != null && " + at + " != \"\"";
}

// A claim of the same namespace carries what its name says; any other source may carry anything.
// Only dataSourceRef has a namespace.
std::string filled_from_guarded(std::string_view source, const PatternLists& claims) {
  const auto at = member("v", paths::kClaimTemplate) + "." + std::string(source);
  std::vector<std::string> ways = {at + ".kind != " + cel::quoted(pod::kClaimKind),
                                   says_something(at + ".apiGroup")};
  if (source == "dataSourceRef") ways.push_back(says_something(at + ".namespace"));
  ways.push_back(claims.hold(at + ".name"));
  return cel::has(at) + " && (" + cel::any_of(ways) + ")";
}

std::string claim_template_reads(const Guarded& guarded) {
  std::vector<std::string> ways;
  for (const auto source : paths::kSourcesOfClaim) {
    ways.push_back(filled_from_guarded(source, guarded.volume_claims));
  }
  for (const auto binder : paths::kBindersOfClaim) {
    ways.push_back(cel::has(member("v", paths::kClaimTemplate) + "." + std::string(binder)));
  }
  return cel::any_of(ways);
}

std::string volume_reads(const Guarded& guarded) {
  std::vector<std::string> ways;
  for (const auto path : paths::kSecretsOfVolume) {
    ways.push_back(names_one("v", path, guarded.secrets));
  }
  ways.push_back(cel::in_each(member("v", paths::kProjections), "s",
                              names_one("s", paths::kSecretOfProjection, guarded.secrets)));
  ways.push_back(driver_reads(guarded));
  ways.push_back(names_one("v", paths::kClaimOfVolume, guarded.volume_claims));
  ways.push_back(claim_template_reads(guarded));
  return cel::any_of(ways);
}

// The API server fills in serviceAccount and serviceAccountName before it asks.
std::string account_is_guarded(const PatternLists& accounts) {
  const std::string at = "object.spec.serviceAccountName";
  return cel::has(at) + " ? " + accounts.hold(at) + " : " + accounts.hold("\"default\"");
}

// What the Pod read before any ephemeral container.
std::string reads_by_itself(const Guarded& guarded) {
  const auto by_container = container_reads(guarded);
  return cel::any_of({cel::in_each("object.spec.containers", "c", by_container),
                      cel::in_each("object.spec.initContainers", "c", by_container),
                      cel::in_each("object.spec.volumes", "v", volume_reads(guarded))});
}

std::string reads_guarded(const Guarded& guarded) {
  return cel::any_of(
      {"variables.reads_by_itself",
       cel::in_each("object.spec.ephemeralContainers", "c", container_reads(guarded)),
       cel::in_each("object.spec.imagePullSecrets", "p", names_one("p", "name", guarded.secrets)),
       account_is_guarded(guarded.service_accounts)});
}

// A container of that name that is there already cannot be changed.
std::string reads_anew(const Guarded& guarded) {
  return "oldObject != null && " +
         cel::in_each("object.spec.ephemeralContainers", "c",
                      "(" + container_reads(guarded) +
                          ") && !(has(oldObject.spec.ephemeralContainers) && "
                          "oldObject.spec.ephemeralContainers.exists(o, o.name == c.name))");
}

}  // namespace

std::vector<Variable> reads_of(const policy::SecretGuard& guard) {
  const Guarded guarded(guard);
  std::vector<Variable> out;
  for (const auto* lists : {&guarded.secrets, &guarded.provider_classes, &guarded.volume_claims,
                            &guarded.service_accounts}) {
    lists->append_variables(out);
  }
  out.push_back({"reads_by_itself", reads_by_itself(guarded)});
  out.push_back({"reads_guarded", reads_guarded(guarded)});
  out.push_back({"reads_anew", reads_anew(guarded)});
  return out;
}

}  // namespace cpods::configuration
