#pragma once
// One entry of a webhook configuration (admissionregistration.k8s.io/v1 MutatingWebhook and
// ValidatingWebhook) that follows from policies, and how it is told from others.
//
// Its name ends with eight digits of its own content before the kind:
// payments-1c9f03ab.guard.confidential.pods. So replicas with different policies, or of different
// versions, never write two contents under one name, and an entry that nobody wants any more is
// known by its name.
// Plain values; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "json/node.h"

namespace cpods::configuration {

struct Entry {
  std::string name;
  std::string path;  // of the door: /mutate or /validate
  std::string body;  // JSON: the entry without name and clientConfig, every default written out
};

// Of one MutatingWebhookConfiguration and one ValidatingWebhookConfiguration.
struct Entries {
  std::vector<Entry> mutating;
  std::vector<Entry> validating;
};

// The entry named after its content and `subject`, which is what its reader knows it by.
[[nodiscard]] Entry named_entry(std::string_view subject, std::string_view kind, std::string path,
                                std::string body);
// Whether named_entry() makes such names.
[[nodiscard]] bool is_named_after_content(std::string_view name);

// How the API server reaches this server.
struct Address {
  json::Node client_config;  // another entry's, of which everything but path and bundle is taken
  json::Node bundle;         // caBundle; missing: there is none yet
};

// The whole entry as JSON.
[[nodiscard]] std::string with_address(const Entry& entry, const Address& address);
// `stored`, as the API server has it, says what `entry` says, all but the expressions that AKS'
// admissions enforcer adds to the namespaceSelectors of others, and is reached at `address`.
[[nodiscard]] bool agrees(json::Node stored, const Entry& entry, const Address& address);
// `stored` as it is but for its clientConfig, which leads to the same path at `address`.
[[nodiscard]] std::string moved_to(json::Node stored, const Address& address);
// `stored` leaves namespaces out by expressions such as AKS' admissions enforcer adds.
[[nodiscard]] bool is_narrowed(json::Node stored);

}  // namespace cpods::configuration
