#pragma once
// The two webhook configurations that a set of policies needs: the API server asks where a policy
// reaches, and nowhere else.
//
// An entry a distinct scope and subject: Pods at the mutating door (place) and at the validating
// one (guard), bindings, templates. Of scopes of which one covers another the wider one is enough.
// Where a policy enforces, no answer is a refusal (failurePolicy Fail); where policies only warn or
// audit, an outage costs nothing (Ignore), as it does for templates and at the mutating door, after
// which the guard decides. Entries about no one policy stand beside them: namespaces, nodes, and
// the installation's own ConfigMap.
//
// manifests/base has the same for policies that are not known yet: tests/house/run holds their
// rules and conditions together. Pure; any thread.

#include <string>
#include <vector>

#include "configuration/entry.h"
#include "configuration/trusted.h"
#include "json/node.h"
#include "policy/snapshot.h"

namespace cpods::configuration {

// Those that follow from the policies, by the policies' names.
[[nodiscard]] Entries scoped_entries(const policy::Snapshot& snapshot, const Trusted& trusted);

// A MutatingWebhookConfiguration and a ValidatingWebhookConfiguration as JSON, complete.
// `client_config`: how the API server reaches the webhook (WebhookClientConfig), without the path.
[[nodiscard]] std::vector<std::string> webhook_configurations(const policy::Snapshot& snapshot,
                                                              const Trusted& trusted,
                                                              json::Node client_config);

}  // namespace cpods::configuration
