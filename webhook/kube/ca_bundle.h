#pragma once
// The patch that tells the API server whom to trust: caBundle in every entry of a webhook
// configuration, and nothing else.
//
// It is a JSON Patch whose `test` operations pin each entry's name, so that it fails rather than
// writes into another entry when someone reorders the list meanwhile. It owns no other field: what
// kubectl apply or AKS' admissionsenforcer write is never in dispute.
// Plain values; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "json/node.h"

namespace cpods::kube {

// `configuration`: a Mutating- or ValidatingWebhookConfiguration. `bundle`: PEM certificates.
// Nothing when every entry already carries exactly this bundle. Throws json::Malformed.
[[nodiscard]] std::optional<std::string> ca_bundle_patch(json::Node configuration,
                                                         std::string_view bundle);

}  // namespace cpods::kube
