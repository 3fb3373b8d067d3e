#pragma once
// Keeps the entries of both webhook configurations as the policies in force need them.
//
//   kube::WebhookKeeper keeper(**api, kube::WebhookKeeperSettings{});
//   keeper.start();
//   …
//   keeper.want(configuration::scoped_entries(snapshot, trusted));   // after every good reload
//
// It looks when it is told of new entries, and once a minute: another hand may have written. Where
// both sides need writing the validating one is first, so that what is placed is also guarded. It
// never makes a configuration: the manifests do, and the first entry of theirs says how the API
// server reaches this server. One that was there and is there no more is logged, counted and looked
// for every second. A look that fails is logged, counted and repeated with backoff.
// Construct and start() on one thread before the loop runs; then any thread may call the rest.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "configuration/entry.h"
#include "kube/api_client.h"
#include "kube/webhook_configurations.h"
#include "kube/webhook_list.h"

namespace cpods::kube {

struct WebhookKeeperSettings {
  WebhookConfigurations configurations;
  Bundles bundles = Bundles::Follow;
  std::chrono::milliseconds period{60'000};
  // How long a notice must stand: four looks of every other replica, each of which may strike it.
  std::chrono::milliseconds patience{300'000};
};

class WebhookKeeper {
 public:
  WebhookKeeper(ApiClient& api, WebhookKeeperSettings settings);
  ~WebhookKeeper();

  void start();
  void want(configuration::Entries entries);

  // The configurations that exist have had the entries of some want(). Never false again.
  [[nodiscard]] bool ready() const;

  struct Figures {
    std::uint64_t failures = 0;  // looks that did not succeed
    std::uint64_t written = 0;   // configurations patched
  };
  [[nodiscard]] Figures figures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpods::kube
