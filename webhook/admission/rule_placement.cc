// Threat: a Pod that a policy selects starts on an ordinary node, because the mutating call was
// skipped, undone by another webhook, or contradicted by the Pod's own constraints.
// Fields: spec.nodeSelector, spec.affinity.nodeAffinity (required terms); pod/placement.cc proves.

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "admission/rules.h"
#include "pod/names.h"

namespace cpods::admission {
namespace {

// k=v of a policy that would place every Pod of a namespace with that label on this pool.
std::string opt_in_label(const policy::Pool* pool, const policy::Snapshot& snapshot) {
  for (const auto& policy : snapshot.policies()) {
    const bool takes_every_pod = policy->action == policy::Action::Enforce &&
                                 policy->pool == pool && policy->namespaces.empty() &&
                                 policy->pod_selector && policy->pod_selector->requirements.empty();
    if (!takes_every_pod || !policy->namespace_selector) continue;
    const auto& requirements = policy->namespace_selector->requirements;
    if (requirements.size() == 1 && requirements[0].op == pod::Operator::In &&
        requirements[0].key != names::kNamespaceNameLabel) {
      return requirements[0].key + "=" + requirements[0].values[0];
    }
  }
  return {};
}

// As YAML reads it for a string: true, 1 and 1e3 stand in quotes.
std::string yaml_text(const std::string& value) {
  const bool is_word = std::isalpha(static_cast<unsigned char>(value[0])) != 0;
  constexpr std::string_view kWords[] = {"true", "false", "yes", "no", "on",
                                         "off",  "null",  "y",   "n"};
  std::string lower = value;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool is_special = std::ranges::find(kWords, lower) != std::end(kWords);
  return is_word && !is_special ? value : '"' + value + '"';
}

// agentpool: snp and zone: a, which a nodeSelector can say where each label has one value.
std::string selector_text(const std::vector<const pod::Requirement*>& requirements) {
  std::string out;
  for (const auto* each : requirements) {
    if (each->values.size() != 1) return {};
    out += (out.empty() ? "" : " and ") + each->key + ": " + yaml_text(each->values[0]);
  }
  return out;
}

std::vector<const pod::Requirement*> all_of(const policy::Pool& pool) {
  std::vector<const pod::Requirement*> all;
  for (const auto& each : pool.requirements) all.push_back(&each);
  return all;
}

// The pool's taints would leave a Pod Pending that has the affinity alone.
std::string tolerations_text(const policy::Pool& pool) {
  std::string out;
  for (const auto& each : pool.tolerations) {
    out += (out.empty() ? " and a toleration of " : " and of ") +
           (each.key.empty() ? "every taint" : each.key);
    if (!each.value.empty()) out += "=" + each.value;
    if (!each.effect.empty()) out += ":" + each.effect;
  }
  return out;
}

// What to change, as the beginning of a sentence. Of a Pod that exists nearly nothing can be.
std::string change_of(const pod::Placement& placement, const policy::Pool& pool, bool is_update) {
  const auto tolerating = tolerations_text(pool);
  const std::string again = "Create the Pod again and give ";
  if (!placement.term) {
    const auto selector = selector_text(placement.open.empty() ? all_of(pool) : placement.open);
    if (selector.empty()) {
      return (is_update ? again + "it" : "Add") + " a required node affinity with " +
             pod::text_of(pool.requirements) + tolerating;
    }
    return (is_update ? again + "it the nodeSelector " + selector
                      : "Add " + selector + " to its nodeSelector") +
           tolerating;
  }
  const std::string what = placement.open.size() == 1 ? "that expression" : "those expressions";
  return (is_update ? again + "every term " + what : "Add " + what + " to every term") + tolerating;
}

// The policy that has this Pod placed on another pool than the one of `concern`, which only guards.
const policy::Policy* placed_elsewhere(const Concern& concern, const Subject& subject) {
  if (concern.wants_pod()) return nullptr;
  const auto found = std::ranges::find_if(subject.concerns, [&](const auto& other) {
    return other.wants_pod() && other.policy->action == policy::Action::Enforce &&
           other.policy->pool != concern.policy->pool;
  });
  return found == subject.concerns.end() ? nullptr : found->policy;
}

}  // namespace

std::string explain(const pod::Placement& placement) {
  return (placement.certainty == pod::Certainty::Impossible ? "this Pod can never run there: "
                                                            : "this Pod may run elsewhere: ") +
         placement.why() + ".";
}

std::string advise(const Concern& concern, const Judging& judging) {
  if (const auto* other = placed_elsewhere(concern, judging.subject)) {
    return "Policy \"" + other->name + "\" places this Pod on pool \"" + other->pool->name +
           "\": let both policies name one pool, or keep out of this Pod what \"" +
           concern.policy->name + "\" guards.";
  }
  const auto& placement = concern.placement;
  if (placement.unread > 0) return "Choose its nodes by fewer.";
  if (placement.open.empty()) return "Correct its nodeSelector and affinity.";
  if (placement.certainty == pod::Certainty::Impossible) {
    // Of a Pod that is placed, nothing more is asked than not to contradict.
    if (concern.wants_pod()) return "Remove that constraint.";
    return "Take that out. " + change_of({}, *concern.policy->pool, judging.is_update) + ".";
  }
  const std::string placing = std::string(names::kMutatingWebhook) + " is reachable, which ";
  if (concern.wants_pod() && judging.is_update) {
    return "Create the Pod again while " + placing + "places it.";
  }
  const auto change = change_of(placement, *concern.policy->pool, judging.is_update);
  if (concern.wants_pod())
    return change + ", or create the Pod again while " + placing + "does so.";
  if (judging.is_update) return change + ".";
  const auto label = opt_in_label(concern.policy->pool, judging.snapshot);
  return label.empty() ? change + "." : change + ", or label the namespace " + label + ".";
}

void check_placement(const Concern& concern, const Judging& judging, Findings& findings) {
  // A guarded secret off the pool is told by rule_secrets, which says more.
  if (!concern.selects || concern.reads_guarded || concern.guaranteed()) return;
  const auto& pool = concern.policy->pool->name;
  const bool never = concern.placement.certainty == pod::Certainty::Impossible;
  findings.push_back(
      {.reason = Reason::NotGuaranteed,
       .policy = concern.policy,
       .after = " keeps this Pod on pool \"" + pool + "\", but " + explain(concern.placement),
       .fix = advise(concern, judging),
       .brief = (never ? "can never run on pool \"" : "may run off pool \"") + pool + "\"",
       .certainty = concern.placement.certainty});
}

}  // namespace cpods::admission
