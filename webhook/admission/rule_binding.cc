// Threat: whoever may create Bindings decides where a Pod runs, and the API server does not hold a
// binding to the Pod's affinity: a second scheduler, or a person, binds a guarded Pod to an
// ordinary node, whose kubelet may read its Secrets from that moment on.
// Fields: the requester of a Binding, by pods/binding or the legacy bindings. The webhook
// configuration leaves out the schedulers that are trusted, so that their path costs nothing and
// an outage does not stop them; whoever is asked about here is none of them. Which Pod it is about
// is not looked at: it would take reading every Pod of the cluster.

#include "admission/rules.h"
#include "pod/names.h"

namespace cpods::admission {

void check_binding(const Request& request, const std::vector<const policy::Policy*>& reaching,
                   Findings& findings) {
  for (const auto* policy : reaching) {
    findings.push_back({.reason = Reason::Binding,
                        .policy = policy,
                        .before = "\"" + std::string(request.username) +
                                  "\" binds this Pod to a node, and only trusted schedulers may do "
                                  "so here (",
                        .after = ").",
                        .fix = "Leave it to the scheduler, or have the cluster's administrator "
                               "trust this one (--trusted-scheduler, or matchConditions of the "
                               "webhook configuration " +
                               std::string(names::kValidatingConfiguration) + ").",
                        .brief = "bound by someone who is no trusted scheduler"});
  }
}

}  // namespace cpods::admission
