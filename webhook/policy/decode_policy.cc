#include <algorithm>

#include "base/text.h"
#include "pod/names.h"
#include "policy/decode.h"

namespace cpods::policy {
namespace {

Action action_of(std::string_view name) {
  if (name == "Warn") return Action::Warn;
  return name == "Audit" ? Action::Audit : Action::Enforce;
}

Templates templates_of(std::string_view name) {
  if (name == "Deny") return Templates::Deny;
  return name == "Ignore" ? Templates::Ignore : Templates::Warn;
}

std::vector<NamePattern> patterns(json::Node list) {
  std::vector<NamePattern> out;
  for (const json::Node each : list.elements()) out.emplace_back(std::string(each.text()));
  return out;
}

// Every namespace by mistake is the one thing a policy must not be able to say.
void check_reach(json::Node spec, Report& report) {
  constexpr const char* kEverywhere = "write namespaces: [\"*\"] if every namespace is meant";
  const json::Node names = spec["namespaces"];
  const json::Node selector = spec["namespaceSelector"];
  if (!names && !selector) {
    report.error(spec, std::string("names no namespaces: add namespaceSelector or namespaces; ") +
                           kEverywhere);
  }
  if (names && names.size() == 0) {
    report.error(names, std::string("an empty list reaches no namespace; ") + kEverywhere);
  }
  if (selector && selector["matchLabels"].size() + selector["matchExpressions"].size() == 0) {
    report.error(
        selector,
        std::string("an empty namespaceSelector would select every namespace; ") + kEverywhere);
  }
}

struct KindOfName {
  std::string_view kind;
  bool (*is_name)(std::string_view text);
  std::string_view form;
};

constexpr std::string_view kLabelForm =
    "DNS label (a-z, 0-9 and - between them, at most 63 characters)";
constexpr std::string_view kSubdomainForm = "DNS subdomain (DNS labels with . between them)";

// A pattern that no name can match would reach or guard nothing, and nobody would notice.
void check_patterns(json::Node patterns, const KindOfName& of, Report& report) {
  for (const json::Node each : patterns.elements()) {
    const std::string text(each.text());
    std::string plain = text;
    std::ranges::replace(plain, '*', '0');  // any character that a name may have
    std::string shortest = text;
    std::erase(shortest, '*');
    if (of.is_name(plain) || of.is_name(shortest)) continue;
    const bool begins_one = of.is_name(plain + "0");
    report.error(each, "no " + std::string(of.kind) + " has such a name: \"" + text + "\" is no " +
                           std::string(of.form) +
                           (begins_one ? "; write \"" + text + "*\" for all that begin so" : ""));
  }
}

void warn_of_unasked(json::Node name, Report& report) {
  if (!names::is_never_asked(name.text())) return;
  report.warning(name, "nobody asks about the namespace \"" + std::string(name.text()) +
                           "\": the webhook configurations leave it out, so nothing is placed or "
                           "guarded there");
}

void warn_of_unasked_namespaces(json::Node spec, Report& report) {
  for (const json::Node each : spec["namespaces"].elements()) warn_of_unasked(each, report);
  const json::Node selector = spec["namespaceSelector"];
  warn_of_unasked(selector["matchLabels"][names::kNamespaceNameLabel], report);
  for (const json::Node expression : selector["matchExpressions"].elements()) {
    if (expression["key"].text() != names::kNamespaceNameLabel) continue;
    if (expression["operator"].text() != "In") continue;
    for (const json::Node each : expression["values"].elements()) warn_of_unasked(each, report);
  }
}

// Pod labels may add protection, never remove it: the Pod's author chooses them.
void warn_of_opt_out(json::Node selector, Report& report) {
  for (const json::Node expression : selector["matchExpressions"].elements()) {
    const auto op = expression["operator"].text();
    if (op != "NotIn" && op != "DoesNotExist") continue;
    report.warning(expression,
                   "whoever writes a Pod can leave this policy by setting the label \"" +
                       std::string(expression["key"].text()) + "\"; operator " + std::string(op) +
                       " protects from nobody");
  }
}

void check_guarded_names(json::Node given, Report& report) {
  const auto check = [&](std::string_view member, std::string_view kind) {
    check_patterns(given[member], {kind, is_dns_subdomain, kSubdomainForm}, report);
  };
  check("names", "Secret");
  check("providerClasses", "SecretProviderClass");
  check("serviceAccounts", "ServiceAccount");
  check("volumeClaims", "PersistentVolumeClaim");
}

SecretGuard decode_secrets(json::Node given, Report& report) {
  check_guarded_names(given, report);
  SecretGuard guard;
  guard.names = patterns(given["names"]);
  guard.provider_classes = patterns(given["providerClasses"]);
  guard.service_accounts = patterns(given["serviceAccounts"]);
  guard.volume_claims = patterns(given["volumeClaims"]);
  guard.on_use = given["onUse"].text() == "Place" ? OnUse::Place : OnUse::Deny;
  if (guard.names.empty() && guard.provider_classes.empty() && guard.service_accounts.empty() &&
      guard.volume_claims.empty()) {
    report.error(given,
                 "guards nothing: add names, providerClasses, serviceAccounts or "
                 "volumeClaims");
  }
  return guard;
}

}  // namespace

std::unique_ptr<Policy> decode_policy(json::Node document, Report& report) {
  const json::Node spec = document["spec"];
  check_metadata(document["metadata"], report);
  check_reach(spec, report);
  check_patterns(spec["namespaces"], {"namespace", is_dns_label, kLabelForm}, report);
  if (!spec["podSelector"] && !spec["secrets"]) {
    report.error(spec, "does nothing: add podSelector ({} selects every Pod) or secrets");
  }
  warn_of_opt_out(spec["podSelector"], report);
  warn_of_unasked_namespaces(spec, report);
  auto policy = std::make_unique<Policy>();
  policy->name = document["metadata"]["name"].text();
  policy->action = action_of(spec["action"].text());
  policy->templates = templates_of(spec["templates"].text());
  policy->position = report.position(document);
  policy->namespaces = patterns(spec["namespaces"]);
  if (const json::Node selector = spec["namespaceSelector"]) {
    policy->namespace_selector = decode_selector(selector, report);
  }
  if (const json::Node selector = spec["podSelector"]) {
    policy->pod_selector = decode_selector(selector, report);
  }
  if (spec["secrets"]) policy->secrets = decode_secrets(spec["secrets"], report);
  return policy;
}

}  // namespace cpods::policy
