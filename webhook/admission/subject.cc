#include "admission/subject.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace cpods::admission {
namespace {

// Policies of one pool share the proof.
pod::Placement placement_on(const policy::Pool* pool, const Subject& subject) {
  const auto same = std::ranges::find_if(
      subject.concerns, [&](const auto& concern) { return concern.policy->pool == pool; });
  return same != subject.concerns.end() ? same->placement
                                        : pod::prove_placement(subject.spec, pool->requirements);
}

bool any_guard(const std::vector<const policy::Policy*>& policies) {
  return std::ranges::any_of(policies,
                             [](const auto* policy) { return policy->secrets.has_value(); });
}

}  // namespace

bool Concern::wants_pod() const {
  return selects || (reads_guarded && policy->secrets->on_use == policy::OnUse::Place);
}

std::string who_is(std::string_view namespace_name, json::Node object) {
  const auto metadata = object["metadata"];
  auto name = metadata["name"].text();
  if (name.empty()) name = metadata["generateName"].text();
  return std::string(namespace_name) + '/' + one_line(name, limits::kNameBytes);
}

std::string who_asks(const Request& request) {
  try {
    auto who = who_is(request.namespace_name, request.object);
    return who.ends_with('/') ? who + one_line(request.name, limits::kNameBytes) : who;
  } catch (const json::Malformed&) {
    return std::string(request.namespace_name) + "/" + std::string(request.name);
  }
}

bool is_guarded(const policy::Policy& policy, const pod::SecretReference& reference) {
  if (!policy.secrets) return false;
  const auto& guard = *policy.secrets;
  switch (reference.kind) {
    case pod::ReferenceKind::Secret:
      return policy::any_matches(guard.names, reference.name);
    case pod::ReferenceKind::ProviderClass:
      return policy::any_matches(guard.provider_classes, reference.name);
    case pod::ReferenceKind::ServiceAccount:
      return policy::any_matches(guard.service_accounts, reference.name);
    case pod::ReferenceKind::VolumeClaim:
      return policy::any_matches(guard.volume_claims, reference.name);
    case pod::ReferenceKind::Unknown:
      return true;  // it may carry anything
  }
  return true;
}

Subject read_subject(const Namespace& home, json::Node pod) {
  const auto& reaching = home.reaching;
  Subject subject{who_is(home.name, pod), pod, pod["spec"], {}, {}, &home.labels};
  if (!subject.spec) throw json::Malformed("/spec", "must be an object, but is missing");
  const auto labels = pod::Labels::read(pod["metadata"]["labels"]);
  if (any_guard(reaching)) subject.references = pod::secret_references(subject.spec);
  for (const auto* policy : reaching) {
    Concern concern{.policy = policy};
    concern.selects = policy->pod_selector && policy->pod_selector->matches(labels);
    concern.reads_guarded = std::ranges::any_of(
        subject.references, [&](const auto& each) { return is_guarded(*policy, each); });
    if (!concern.selects && !concern.reads_guarded) continue;
    concern.placement = placement_on(policy->pool, subject);
    subject.concerns.push_back(std::move(concern));
  }
  return subject;
}

}  // namespace cpods::admission
