// Threat: a Pod that may run on an ordinary node and refers to a guarded Secret carries it there;
// kubelets mount Secret volumes before any container starts, so only placement keeps it away.
// Fields: every path of pod/secret_references.cc, in all three container lists and all volume
// kinds. Never the Pod's labels: its author chooses those.

#include "admission/rules.h"

namespace cpods::admission {
namespace {

std::string quote(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string_view verb(pod::ReferenceKind kind) {
  switch (kind) {
    case pod::ReferenceKind::ServiceAccount:
      return "may only be used on";
    case pod::ReferenceKind::Unknown:
      return "may carry a secret and is only allowed on";
    default:
      return "may only be read on";
  }
}

}  // namespace

void check_secrets(const Subject& subject, const policy::Snapshot& snapshot, Findings& findings) {
  for (const auto& concern : subject.concerns) {
    if (concern.guarded.empty() || concern.guaranteed()) continue;
    const auto& pool = concern.policy->pool->name;
    const auto rest = " pool " + quote(pool) + " (policy " + quote(concern.policy->name) +
                      "), but " + explain(concern.placement);
    const auto fix = advise(concern, subject, snapshot);
    for (const auto& reference : concern.guarded) {
      const auto what = std::string(pod::name_of(reference.kind)) + ' ' + quote(reference.name);
      const bool unknown = reference.kind == pod::ReferenceKind::Unknown;
      findings.push_back({.reason = unknown ? Reason::UnknownSource : Reason::SecretOffPool,
                          .policy = concern.policy,
                          .what = what,
                          .at = reference.at,
                          .why = std::string(verb(reference.kind)) + rest,
                          .fix = fix,
                          .brief = what + " may be used off pool " + quote(pool)});
    }
  }
}

}  // namespace cpods::admission
