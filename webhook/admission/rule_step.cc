// Threat: the Pod is placed, but starts without the node's evidence having been verified: the step
// was left out, pre-declared under the same name with other content, pushed back behind another
// init container, or edited by a later webhook.
// Fields: spec.initContainers (content and position), spec.containers and spec.ephemeralContainers
// (the reserved name), spec.volumes (the step's own). pod/step.cc compares content, never a name.

#include "admission/rules.h"
#include "pod/names.h"

namespace cpods::admission {

namespace {

std::string fix_of(const pod::Step::Flaw& flaw) {
  if (flaw.missing) {
    return "Create the Pod again while " + std::string(names::kMutatingWebhook) +
           " is reachable, which adds it.";
  }
  return "Take it out of the manifest and keep other webhooks from changing the step: the right "
         "one "
         "is added at creation.";
}

}  // namespace

void check_step(const Subject& subject, Findings& findings) {
  for (const auto& concern : subject.concerns) {
    const auto& pool = *concern.policy->pool;
    // Off the pool the step could not succeed; placement is what has to be told then.
    if (!concern.wants_pod() || !pool.step || !concern.guaranteed()) continue;
    const auto flaw = pool.step->find_flaw(subject.spec);
    if (!flaw) continue;
    const auto what = flaw->at ? flaw->at.field_path() : std::string("this Pod");
    findings.push_back({.reason = flaw->missing ? Reason::StepMissing : Reason::StepAltered,
                        .policy = concern.policy,
                        .what = what,
                        .why = flaw->what + " (pool \"" + pool.name + "\", policy \"" +
                               concern.policy->name + "\").",
                        .fix = fix_of(*flaw),
                        .brief = what + " " + flaw->what,
                        .seen = json::to_text(flaw->at)});
  }
}

}  // namespace cpods::admission
