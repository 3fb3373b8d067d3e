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

}  // namespace

void check_step(const Concern& concern, const Judging& judging, Findings& findings) {
  const auto& pool = *concern.policy->pool;
  // Off the pool the step could not succeed; placement is what has to be told then.
  if (!concern.wants_pod() || !pool.step || !concern.guaranteed()) return;
  for (const auto& flaw : pool.step->find_flaws(judging.subject.spec)) {
    const bool missing = flaw.at.empty();
    Finding finding{.reason = missing ? Reason::StepMissing : Reason::StepAltered,
                    .policy = concern.policy,
                    .before = flaw.what + " (pool \"" + pool.name + "\", ",
                    .after = ").",
                    .fix = fix_of(missing),
                    .brief = flaw.what};
    if (missing) finding.mention({.kind = "this Pod"}, judging.mentions_kept);
    for (const auto at : flaw.at) {
      finding.mention({.at = at, .content = at}, judging.mentions_kept);
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace cpods::admission
