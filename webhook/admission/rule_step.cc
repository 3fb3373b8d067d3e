// Threat: the Pod is placed, but starts without the node's evidence having been verified: the step
// was left out, pre-declared under the same name with other content, pushed back behind another
// init container, or edited by a later webhook.
// Fields: spec.initContainers (content and position), spec.containers and spec.ephemeralContainers
// (the reserved name), spec.volumes (the step's own). pod/step.cc compares content, never a name.

#include "admission/rules.h"
#include "pod/names.h"

namespace cpods::admission {
namespace {

std::string fix_of(bool missing) {
  if (missing) {
    return "Create the Pod again while " + std::string(names::kMutatingWebhook) +
           " is reachable, which adds it.";
  }
  return "Take it out of the manifest and keep other webhooks from changing the step: the right "
         "one is added at creation.";
}

std::vector<Mention> mentions_of(const pod::Step::Flaw& flaw) {
  if (flaw.at.empty()) return {{.kind = "this Pod"}};
  std::vector<Mention> mentions;
  for (const auto at : flaw.at) mentions.push_back({.at = at, .content = at});
  return mentions;
}

}  // namespace

void check_step(const Subject& subject, Findings& findings) {
  for (const auto& concern : subject.concerns) {
    const auto& pool = *concern.policy->pool;
    // Off the pool the step could not succeed; placement is what has to be told then.
    if (!concern.wants_pod() || !pool.step || !concern.guaranteed()) continue;
    for (const auto& flaw : pool.step->find_flaws(subject.spec)) {
      const bool missing = flaw.at.empty();
      findings.push_back({.reason = missing ? Reason::StepMissing : Reason::StepAltered,
                          .policy = concern.policy,
                          .mentions = mentions_of(flaw),
                          .before = flaw.what + " (pool \"" + pool.name + "\", ",
                          .after = ").",
                          .fix = fix_of(missing),
                          .brief = flaw.what});
    }
  }
}

}  // namespace cpods::admission
