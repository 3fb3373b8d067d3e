// One ValidatingAdmissionPolicy a policy, of variables that each answer one question about the Pod
// (backstop_places.h, backstop_reads.h) and validations that combine them; one for bindings in each
// reach; one for the labels of all pools.
//
// At creation a Pod that is selected or reads guarded secrets must be on the pool and unbound. In
// an update only what becomes worse counts, as for the webhook: constraints never loosen by the API
// server's own rules, so what is left are labels and ephemeral containers.

#include "configuration/backstop.h"

#include <algorithm>
#include <utility>

#include "configuration/admission_policy.h"
#include "configuration/backstop_places.h"
#include "configuration/backstop_reads.h"
#include "configuration/condition.h"
#include "configuration/reach.h"
#include "configuration/resource_rules.h"

namespace cpods::configuration {
namespace {

using policy::Policy;

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

std::vector<Variable> variables_for(const Policy& policy) {
  auto out = places_of(policy);
  if (!policy.secrets) return out;
  for (auto& each : reads_of(*policy.secrets)) out.push_back(std::move(each));
  return out;
}

AdmissionPolicy pods_of(const Policy& policy) {
  const auto scope = Scope::of(policy);
  return {.name = backstop_name(policy.name, "pods"),
          .rules = kPodsToGuard,
          .namespace_selector = scope.namespace_selector(),
          .conditions = conditions_in(scope, {spec_or_labels_change()}),
          .variables = variables_for(policy),
          .validations = validations_for(policy)};
}

AdmissionPolicy bindings_of(const Policy& policy, const std::vector<std::string>& schedulers) {
  const auto scope = Scope::of(policy);
  return {.name = backstop_name(policy.name, "bindings"),
          .rules = kBindings,
          .namespace_selector = scope.namespace_selector(),
          .conditions = conditions_in(scope, {no_trusted_scheduler(schedulers)}),
          .variables = {},
          .validations = {{"false", "policy \"" + policy.name +
                                        "\": only trusted schedulers may bind Pods here."}}};
}

AdmissionPolicy nodes_of(const policy::Snapshot& snapshot) {
  std::vector<std::string> keys;
  for (const auto& pool : snapshot.pools()) {
    for (const auto& requirement : pool->requirements) keys.push_back(requirement.key);
  }
  return {.name = backstop_name("pools", "nodes"),
          .rules = kNodes,
          .namespace_selector = "{}",
          .conditions = {by_a_kubelet()},
          .variables = {},
          .validations = {{"!" + some_label_changes(keys),
                           "a kubelet may not change the labels that say whether its node is in a "
                           "pool; let an administrator label the node."}}};
}

// Collects objects, or why there are none.
class Printing {
 public:
  // `position`: of the policy or pool that asks for it.
  void add(const AdmissionPolicy& policy, const policy::Position& position) {
    if (auto fault = fault_of(policy)) {
      faults_.push_back({policy::Severity::Error, position, std::move(*fault)});
    }
    for (auto& each : objects_of(policy)) objects_.push_back(std::move(each));
  }

  Objects take() {
    if (!faults_.empty()) return std::unexpected(std::move(faults_));
    return std::move(objects_);
  }

 private:
  std::vector<std::string> objects_;
  std::vector<policy::Diagnostic> faults_;
};

using Policies = std::vector<const Policy*>;

Policies enforcing(const policy::Snapshot& snapshot) {
  Policies out;
  for (const auto& policy : snapshot.policies()) {
    if (policy->action == policy::Action::Enforce) out.push_back(policy.get());
  }
  return out;
}

// Those in whose reach bindings are refused, without what another one of them covers.
Policies refusing_bindings(const Policies& policies) {
  std::vector<Reach> reaches;
  for (const auto* policy : policies) {
    reaches.push_back({.policy = policy->name, .scope = Scope::of(*policy), .enforced = true});
  }
  Policies out;
  for (const auto& reach : that_enforce(reaches)) {
    out.push_back(*std::ranges::find(policies, reach.policy, &Policy::name));
  }
  return out;
}

}  // namespace

Objects backstop(const policy::Snapshot& snapshot, const std::vector<std::string>& schedulers) {
  const auto policies = enforcing(snapshot);
  Printing printing;
  for (const auto* policy : policies) printing.add(pods_of(*policy), policy->position);
  for (const auto* policy : refusing_bindings(policies)) {
    printing.add(bindings_of(*policy, schedulers), policy->position);
  }
  if (!snapshot.pools().empty()) printing.add(nodes_of(snapshot), snapshot.pools()[0]->position);
  return printing.take();
}

}  // namespace cpods::configuration
