#include "configuration/webhooks.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/limits.h"
#include "configuration/condition.h"
#include "configuration/reach.h"
#include "configuration/resource_rules.h"
#include "json/writer.h"
#include "pod/names.h"

namespace cpods::configuration {
namespace {

// ---- Bodies -----------------------------------------------------------------------------------

enum class WhenDown : std::uint8_t { Refuse, LetPass };

struct Settings {
  std::string_view rules;
  std::vector<Condition> conditions;
  std::string namespace_selector = "{}";
  std::string object_selector = "{}";
  WhenDown when_down = WhenDown::LetPass;
  int timeout_seconds = 3;
  bool mutating = false;
};

std::string body_of(const Settings& settings) {
  json::Writer out;
  out.object().key("admissionReviewVersions").array().text("v1").end();
  out.key("rules").raw(settings.rules);
  out.key("namespaceSelector").raw(settings.namespace_selector);
  out.key("objectSelector").raw(settings.object_selector);
  write_conditions(out, settings.conditions);
  // Called again when a later webhook changed the Pod, so that the step is put back to the front.
  if (settings.mutating) out.field("reinvocationPolicy", "IfNeeded");
  out.field("failurePolicy", settings.when_down == WhenDown::Refuse ? "Fail" : "Ignore");
  out.field("matchPolicy", "Equivalent").field("sideEffects", "None");
  return out.key("timeoutSeconds").number(settings.timeout_seconds).end().take();
}

// ---- Entries of one scope --------------------------------------------------------------------

Settings settings_in(const Scope& scope, std::string_view rules,
                     std::vector<Condition> conditions) {
  return {.rules = rules,
          .conditions = conditions_in(scope, std::move(conditions)),
          .namespace_selector = scope.namespace_selector()};
}

Entry place_entry(const Reach& reach) {
  auto settings =
      settings_in(reach.scope, kPodsToPlace, {not_being_deleted(), spec_or_labels_change()});
  settings.mutating = true;
  return named_entry(reach.policy, "place", "/mutate", body_of(settings));
}

Entry guarding_entry(const Reach& reach, std::string_view kind, std::string_view rules,
                     Condition condition) {
  auto settings = settings_in(reach.scope, rules, {std::move(condition)});
  if (reach.enforced) {
    settings.when_down = WhenDown::Refuse;
    settings.timeout_seconds = 5;
  }
  return named_entry(reach.policy, kind, "/validate", body_of(settings));
}

Entry templates_entry(const Reach& reach) {
  return named_entry(reach.policy, "templates", "/validate",
                     body_of(settings_in(reach.scope, kTemplates,
                                         {not_being_deleted(), spec_or_template_changes()})));
}

// The labels by which a namespace is in or out of a policy.
std::set<std::string> keys_of(const std::vector<Reach>& reaches) {
  std::set<std::string> keys;
  for (const auto& reach : reaches) {
    if (!reach.enforced) continue;
    for (const auto& each : reach.scope.labels) keys.insert(each.key);
  }
  if (std::ranges::any_of(reaches, &Reach::enforced)) {
    for (const auto& label : names::kExemptingLabels) keys.emplace(label.key);
  }
  return keys;
}

Entry namespaces_entry(const std::set<std::string>& keys, const Trusted& trusted) {
  return named_entry("reach", "namespaces", "/validate",
                     body_of({.rules = kNamespaces,
                              .conditions = {no_trusted_group(trusted.groups),
                                             labels_of_policies_change({keys.begin(), keys.end()})},
                              .when_down = WhenDown::Refuse,
                              .timeout_seconds = 10}));
}

// ---- What no one policy needs -----------------------------------------------------------------

std::string label_selector(std::string_view key, std::string_view value) {
  return json::Writer().object().key("matchLabels").object().field(key, value).end().end().take();
}

// A broken policy is refused when it is applied. While nobody answers it is not, so that this
// installation can always be repaired.
Entry policies_entry() {
  return {"policies.confidential.pods", "/validate",
          body_of({.rules = kConfigMaps,
                   .conditions = {},
                   .namespace_selector =
                       label_selector(names::kNamespaceNameLabel, names::kInstallation),
                   .object_selector = label_selector(names::kPoliciesLabel, "true"),
                   .timeout_seconds = 5})};
}

// A kubelet does not make its node one of a pool by a label. Nodes wait for nobody.
Entry nodes_entry() {
  return {"nodes.confidential.pods", "/validate",
          body_of({.rules = kNodes,
                   .conditions = {by_a_kubelet(), labels_change()},
                   .timeout_seconds = 2})};
}

std::string configuration_of(std::string_view kind, std::string_view name,
                             const std::vector<Entry>& entries, json::Node client_config) {
  json::Writer out;
  out.object().field("apiVersion", "admissionregistration.k8s.io/v1").field("kind", kind);
  out.key("metadata").object().field("name", name).key("labels").object();
  out.field("app.kubernetes.io/name", names::kInstallation);
  // AKS' admissions enforcer would make every namespace with a control-plane label an exception.
  out.field("admissions.enforcer/disabled", "true").end().end();
  out.key("webhooks").array();
  const Address address{client_config, client_config["caBundle"]};
  for (const auto& entry : entries) out.raw(with_address(entry, address));
  return out.end().end().take();
}

Entries entries_of(const std::vector<Reach>& reaches, const std::set<std::string>& keys,
                   const Trusted& trusted) {
  Entries out;
  for (const auto& reach : that_place(reaches)) {
    out.mutating.push_back(place_entry(reach));
  }
  for (const auto& reach : that_guard(reaches)) {
    out.validating.push_back(guarding_entry(reach, "guard", kPodsToGuard, spec_or_labels_change()));
    out.validating.push_back(
        guarding_entry(reach, "bindings", kBindings, no_trusted_scheduler(trusted.schedulers)));
  }
  for (const auto& reach : that_speak_of_templates(reaches)) {
    out.validating.push_back(templates_entry(reach));
  }
  if (!keys.empty()) out.validating.push_back(namespaces_entry(keys, trusted));
  return out;
}

// Twice the entries must fit into what the API server's store takes of one object (1.5 MiB): while
// some are on notice, those that replace them stand beside them. Each has a name, an address with
// up to two authorities, and managedFields as well, which together are longer than its body.
constexpr std::size_t kBodies = std::size_t{150} * 1024;

bool fit(const Entries& entries) {
  std::size_t bytes = 0;
  for (const auto& entry : entries.validating) bytes += entry.body.size();
  return bytes <= kBodies;
}

}  // namespace

Entries scoped_entries(const policy::Snapshot& snapshot, const Trusted& trusted) {
  const auto reaches = reaches_of(snapshot);
  const auto keys = keys_of(reaches);
  if (reaches.size() <= limits::kScopes) {
    auto entries = entries_of(reaches, keys, trusted);
    if (fit(entries)) return entries;
  }
  return entries_of({everywhere(reaches)}, keys, trusted);
}

std::vector<std::string> webhook_configurations(const policy::Snapshot& snapshot,
                                                const Trusted& trusted, json::Node client_config) {
  auto entries = scoped_entries(snapshot, trusted);
  entries.validating.push_back(policies_entry());
  entries.validating.push_back(nodes_entry());
  return {configuration_of("MutatingWebhookConfiguration", names::kMutatingWebhook,
                           entries.mutating, client_config),
          configuration_of("ValidatingWebhookConfiguration", names::kValidatingConfiguration,
                           entries.validating, client_config)};
}

}  // namespace cpods::configuration
