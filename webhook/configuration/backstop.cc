// One ValidatingAdmissionPolicy a policy, of variables that each answer one question about the Pod
// and validations that combine them:
//
//   on_pool                     nodeSelector or every required term demands each label of the pool
//   selects, selected_before    by podSelector, now and as stored
//   mirror                      a kubelet's report of a Pod that already runs
//   reads_guarded               some reference is guarded (webhook/pod/secret_references.cc has the
//                               same paths)
//   reads_by_itself             without its ephemeral containers
//   reads_anew                  an ephemeral container that is new refers to one
//
// At creation a Pod that is selected or reads guarded secrets must be on the pool and unbound. In
// an update only what becomes worse counts, as for the webhook: constraints never loosen by the API
// server's own rules, so what is left are labels and ephemeral containers.

#include "configuration/backstop.h"

#include <string_view>
#include <utility>

#include "configuration/cel.h"
#include "configuration/condition.h"
#include "configuration/reach.h"
#include "configuration/resource_rules.h"
#include "json/writer.h"
#include "pod/names.h"
#include "pod/secret_references.h"

namespace cpods::configuration {
namespace {

using policy::NamePattern;
using policy::Policy;

// ---- Expressions ------------------------------------------------------------------------------

std::string any_of(const std::vector<std::string>& alternatives) {
  std::string out;
  for (const auto& each : alternatives) {
    if (!out.empty()) out += " || ";
    out += "(" + each + ")";
  }
  return out.empty() ? "false" : out;
}

// has(a.b) && has(a.b.c): every member of `path` below its first is there.
std::string has(std::string_view path) {
  std::string out;
  for (auto dot = path.find('.', path.find('.') + 1);; dot = path.find('.', dot + 1)) {
    if (!out.empty()) out += " && ";
    out += "has(" + std::string(path.substr(0, dot)) + ")";
    if (dot == std::string_view::npos) return out;
  }
}

// The text at `path`, a member of `variable`, is there and matches.
std::string names_one(std::string_view path, const std::vector<NamePattern>& patterns) {
  return has(path) + " && (" + cel::matches_any(path, patterns) + ")";
}

std::string in_each(std::string_view list, std::string_view variable,
                    const std::string& condition) {
  return has(list) + " && " + std::string(list) + ".exists(" + std::string(variable) + ", " +
         condition + ")";
}

std::string container_reads(const std::vector<NamePattern>& names) {
  return any_of({in_each("c.env", "e", names_one("e.valueFrom.secretKeyRef.name", names)),
                 in_each("c.envFrom", "e", names_one("e.secretRef.name", names))});
}

// Another source than a claim may carry anything.
std::string filled_from_guarded(std::string_view source, const std::vector<NamePattern>& claims) {
  const auto at = "v.ephemeral.volumeClaimTemplate.spec." + std::string(source);
  return has(at) + " && (" + at + ".kind != \"PersistentVolumeClaim\" || " +
         cel::matches_any(at + ".name", claims) + ")";
}

std::string volume_reads(const policy::SecretGuard& guard) {
  const auto& names = guard.names;
  std::vector<std::string> ways = {
      in_each("v.projected.sources", "s", names_one("s.secret.name", names)),
      names_one("v.csi.nodePublishSecretRef.name", names),
      has("v.csi.volumeAttributes") +
          " && v.csi.volumeAttributes.exists(k, k.lowerAscii() == \"secretname\" && (" +
          cel::matches_any("v.csi.volumeAttributes[k]", names) + "))",
      has("v.csi.volumeAttributes") +
          " && v.csi.volumeAttributes.exists(k, k == \"secretProviderClass\" && (" +
          cel::matches_any("v.csi.volumeAttributes[k]", guard.provider_classes) + "))",
      names_one("v.persistentVolumeClaim.claimName", guard.volume_claims),
      filled_from_guarded("dataSource", guard.volume_claims),
      filled_from_guarded("dataSourceRef", guard.volume_claims)};
  for (const auto path : pod::paths::kSecretsOfVolume) {
    ways.push_back(names_one("v." + std::string(path), names));
  }
  return any_of(ways);
}

// The API server fills in both fields before it asks.
std::string account_is_guarded(const std::vector<NamePattern>& accounts) {
  if (accounts.empty()) return "false";
  return "(" + has("object.spec.serviceAccountName") + " ? (" +
         cel::matches_any("object.spec.serviceAccountName", accounts) + ") : (" +
         cel::matches_any("\"default\"", accounts) + "))";
}

std::string reads_guarded(const policy::SecretGuard& guard) {
  const auto by_container = container_reads(guard.names);
  return any_of({in_each("object.spec.containers", "c", by_container),
                 in_each("object.spec.initContainers", "c", by_container),
                 in_each("object.spec.ephemeralContainers", "c", by_container),
                 in_each("object.spec.volumes", "v", volume_reads(guard)),
                 in_each("object.spec.imagePullSecrets", "p", names_one("p.name", guard.names)),
                 account_is_guarded(guard.service_accounts)});
}

// What the Pod read before any ephemeral container.
std::string reads_by_itself(const policy::SecretGuard& guard) {
  const auto by_container = container_reads(guard.names);
  return any_of({in_each("object.spec.containers", "c", by_container),
                 in_each("object.spec.initContainers", "c", by_container),
                 in_each("object.spec.volumes", "v", volume_reads(guard))});
}

// A container of that name that is there already cannot be changed.
std::string reads_anew(const policy::SecretGuard& guard) {
  return "oldObject != null && " +
         in_each("object.spec.ephemeralContainers", "c",
                 "(" + container_reads(guard.names) +
                     ") && !(has(oldObject.spec.ephemeralContainers) && "
                     "oldObject.spec.ephemeralContainers.exists(o, o.name == c.name))");
}

std::string demands(const pod::Requirement& requirement) {
  const auto key = cel::quoted(requirement.key);
  const auto values = cel::list(requirement.values);
  return "((has(object.spec.nodeSelector) && " + key +
         " in object.spec.nodeSelector && object.spec.nodeSelector[" + key + "] in " + values +
         ") || (size(variables.terms) > 0 && variables.terms.all(t, "
         "((!has(t.matchExpressions) || size(t.matchExpressions) == 0) && "
         "(!has(t.matchFields) || size(t.matchFields) == 0)) || "
         "(has(t.matchExpressions) && t.matchExpressions.exists(e, e.key == " +
         key + " && e.operator == \"In\" && has(e.values) && e.values.all(v, v in " + values +
         "))))))";
}

std::string on_pool(const policy::Pool& pool) {
  std::string out;
  for (const auto& requirement : pool.requirements) {
    if (!out.empty()) out += " && ";
    out += demands(requirement);
  }
  return out;
}

std::string terms() {
  const std::string required =
      "object.spec.affinity.nodeAffinity." + std::string(names::kRequiredAffinity);
  return has(required) + " ? " + required + ".nodeSelectorTerms : []";
}

std::string holds(const pod::LabelRequirement& requirement, const std::string& labels) {
  const auto key = cel::quoted(requirement.key);
  const auto is_there = "(has(" + labels + ") && " + key + " in " + labels + ")";
  const auto is_one =
      is_there + " && " + labels + "[" + key + "] in " + cel::list(requirement.values);
  switch (requirement.op) {
    case pod::Operator::In:
      return "(" + is_one + ")";
    case pod::Operator::NotIn:
      return "!(" + is_one + ")";
    case pod::Operator::Exists:
      return is_there;
    case pod::Operator::DoesNotExist:
      return "!" + is_there;
  }
  return "false";
}

std::string selects(const Policy& policy, const std::string& object) {
  if (!policy.pod_selector) return "false";
  std::string out;
  for (const auto& requirement : policy.pod_selector->requirements) {
    if (!out.empty()) out += " && ";
    out += holds(requirement, object + ".metadata.labels");
  }
  return out.empty() ? "true" : out;
}

std::string is_mirror() {
  return cel::quoted(names::kNodesGroup) +
         " in request.userInfo.groups && has(object.metadata.annotations) && " +
         cel::quoted(names::kMirrorAnnotation) + " in object.metadata.annotations";
}

// ---- Objects ----------------------------------------------------------------------------------

struct Named {
  std::string name;
  std::string expression;
};

struct Validation {
  std::string expression;
  std::string message;
};

struct Backstop {
  std::string name;
  std::string_view rules;
  std::string namespace_selector;
  std::vector<Condition> conditions;
  std::vector<Named> variables;
  std::vector<Validation> validations;
};

constexpr std::string_view kApiVersion = "admissionregistration.k8s.io/v1";

void write_head(json::Writer& out, std::string_view kind, std::string_view name) {
  out.object().field("apiVersion", kApiVersion).field("kind", kind);
  out.key("metadata").object().field("name", name).key("labels").object();
  out.field("app.kubernetes.io/name", names::kInstallation).end().end();
}

std::string policy_object(const Backstop& backstop) {
  json::Writer out;
  write_head(out, "ValidatingAdmissionPolicy", backstop.name);
  out.key("spec").object().field("failurePolicy", "Fail").key("matchConstraints").object();
  out.field("matchPolicy", "Equivalent").key("resourceRules").raw(backstop.rules);
  out.key("namespaceSelector").raw(backstop.namespace_selector).end();
  write_conditions(out, backstop.conditions);
  if (!backstop.variables.empty()) {
    out.key("variables").array();
    for (const auto& [name, expression] : backstop.variables) {
      out.object().field("name", name).field("expression", expression).end();
    }
    out.end();
  }
  out.key("validations").array();
  for (const auto& [expression, message] : backstop.validations) {
    out.object().field("expression", expression).field("message", message);
    out.field("reason", "Forbidden").end();
  }
  return out.end().end().end().take();
}

std::string binding_object(const Backstop& backstop) {
  json::Writer out;
  write_head(out, "ValidatingAdmissionPolicyBinding", backstop.name);
  out.key("spec").object().field("policyName", backstop.name);
  return out.key("validationActions").array().text("Deny").end().end().end().take();
}

void add(std::vector<std::string>& objects, const Backstop& backstop) {
  objects.push_back(policy_object(backstop));
  objects.push_back(binding_object(backstop));
}

std::string named(std::string_view subject, std::string_view kind) {
  return std::string(subject) + "." + std::string(kind) + ".backstop.confidential.pods";
}

// About Pods that the policy selects.
void add_selecting(std::vector<Validation>& out, const std::string& begin, const std::string& pool,
                   const std::string& remedy) {
  out.push_back(
      {"request.operation != \"CREATE\" || variables.mirror || !variables.selects || "
       "variables.on_pool",
       begin + "this Pod is kept on " + pool + remedy});
  out.push_back(
      {"request.operation != \"CREATE\" || variables.mirror || !variables.selects || "
       "!has(object.spec.nodeName)",
       begin + "spec.nodeName binds this Pod past the scheduler, so nothing holds it on " + pool +
           "; remove it."});
  out.push_back(
      {"request.operation != \"UPDATE\" || !variables.selected_before || "
       "variables.selects",
       begin + "this Pod is kept on " + pool +
           " by labels that this update takes away; leave them as they are."});
  out.push_back(
      {"request.operation != \"UPDATE\" || variables.selected_before || "
       "!variables.selects || (variables.on_pool && !has(object.spec.nodeName))",
       begin + "labels that would keep this Pod on " + pool +
           " come too late; create the Pod again."});
}

// About Pods that read what it guards. No mirror Pod may.
void add_guarding(std::vector<Validation>& out, const std::string& begin, const std::string& pool,
                  const std::string& remedy) {
  out.push_back(
      {"request.operation != \"CREATE\" || !variables.reads_guarded || "
       "variables.on_pool",
       begin + "a guarded secret may only be read on " + pool + remedy});
  out.push_back(
      {"request.operation != \"CREATE\" || !variables.reads_guarded || "
       "!has(object.spec.nodeName)",
       begin + "a Pod that reads a guarded secret may not go past the scheduler; remove "
               "spec.nodeName."});
  out.push_back(
      {"!variables.reads_anew || (variables.on_pool && "
       "(variables.selected_before || variables.reads_by_itself))",
       begin +
           "an ephemeral container brings a guarded secret to a Pod of which nothing "
           "proves that it runs on " +
           pool + "; create another Pod that has it from the start."});
}

std::vector<Validation> validations_for(const Policy& policy) {
  const std::string begin = "policy \"" + policy.name + "\": ";
  const std::string pool = "pool \"" + policy.pool->name + "\"";
  const std::string remedy = "; its nodeSelector, or every required node affinity term, must say " +
                             pod::text_of(policy.pool->requirements) + ".";
  std::vector<Validation> out;
  if (policy.pod_selector) add_selecting(out, begin, pool, remedy);
  if (policy.secrets) add_guarding(out, begin, pool, remedy);
  return out;
}

std::vector<Named> variables_for(const Policy& policy) {
  std::vector<Named> out = {
      {"terms", terms()},
      {"on_pool", on_pool(*policy.pool)},
      {"selected_before", "oldObject != null && (" + selects(policy, "oldObject") + ")"}};
  if (policy.pod_selector) {
    out.push_back({"mirror", is_mirror()});
    out.push_back({"selects", selects(policy, "object")});
  }
  if (policy.secrets) {
    out.push_back({"reads_guarded", reads_guarded(*policy.secrets)});
    out.push_back({"reads_by_itself", reads_by_itself(*policy.secrets)});
    out.push_back({"reads_anew", reads_anew(*policy.secrets)});
  }
  return out;
}

Backstop pods_of(const Policy& policy) {
  const auto scope = Scope::of(policy);
  return {.name = named(policy.name, "pods"),
          .rules = kPodsToGuard,
          .namespace_selector = scope.namespace_selector(),
          .conditions = conditions_in(scope, {spec_or_labels_change()}),
          .variables = variables_for(policy),
          .validations = validations_for(policy)};
}

Backstop bindings_in(const Reach& reach, const std::vector<std::string>& schedulers) {
  return {.name = named(reach.policy, "bindings"),
          .rules = kBindings,
          .namespace_selector = reach.scope.namespace_selector(),
          .conditions = conditions_in(reach.scope, {no_trusted_scheduler(schedulers)}),
          .variables = {},
          .validations = {{"false", "policy \"" + reach.policy +
                                        "\": only trusted schedulers may bind Pods here."}}};
}

Backstop nodes_of(const policy::Snapshot& snapshot) {
  std::vector<std::string> keys;
  for (const auto& pool : snapshot.pools()) {
    for (const auto& requirement : pool->requirements) keys.push_back(requirement.key);
  }
  return {.name = named("pools", "nodes"),
          .rules = kNodes,
          .namespace_selector = "{}",
          .conditions = {by_a_kubelet()},
          .variables = {},
          .validations = {{"!" + some_label_changes(keys),
                           "a kubelet may not change the labels that say whether its node is in a "
                           "pool; let an administrator label the node."}}};
}

}  // namespace

std::vector<std::string> backstop(const policy::Snapshot& snapshot,
                                  const std::vector<std::string>& schedulers) {
  std::vector<std::string> objects;
  for (const auto& policy : snapshot.policies()) {
    if (policy->action == policy::Action::Enforce) add(objects, pods_of(*policy));
  }
  for (const auto& reach : that_enforce(reaches_of(snapshot))) {
    add(objects, bindings_in(reach, schedulers));
  }
  if (!snapshot.pools().empty()) add(objects, nodes_of(snapshot));
  return objects;
}

}  // namespace cpods::configuration
