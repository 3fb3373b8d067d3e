#pragma once
// Keeps the webhook's own certificate: in one Secret that all replicas share, in our hands before
// it expires, and its authority in the API server's webhook configurations.
//
//   auto settings = kube::KeeperSettings{…};
//   kube::CertificateKeeper keeper(**api, settings, [&](const net::Identity& identity) {
//     return server.use(identity);              // hot swap; called on the loop's thread
//   });
//   keeper.start();
//
// Once a minute it looks: at the Secret (made when absent; of two replicas that make it the first
// wins and the other takes it), at the certificate's age (renewed after two thirds of its life),
// and at both configurations (only caBundle is ever written, and only where it differs). A look
// that fails is logged, counted and repeated with backoff; the certificate in use stays in use.
// Construct and start() on one thread before the loop runs; then any thread may call the rest.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kube/api_client.h"
#include "kube/webhook_configurations.h"
#include "net/tls.h"

namespace cpods::kube {

struct KeeperSettings {
  std::string name_space;  // of the Secret
  std::string secret;
  std::vector<std::string> names;  // DNS names that the certificate must carry
  WebhookConfigurations configurations;
  std::chrono::milliseconds period{60'000};
};

// "NAMESPACE/NAME" into the first two fields; Invalid with a sentence.
[[nodiscard]] Result<KeeperSettings> keeper_settings(std::string_view secret,
                                                     std::vector<std::string> names);

class CertificateKeeper {
 public:
  // Takes a new certificate into use. Its failure counts as a failed look.
  using Use = std::function<Result<void>(const net::Identity& identity)>;

  CertificateKeeper(ApiClient& api, KeeperSettings settings, Use use);
  ~CertificateKeeper();

  void start();

  // A certificate is in use, and both configurations that exist name its authority. Never false
  // again.
  [[nodiscard]] bool ready() const;

  struct Figures {
    std::uint64_t failures = 0;         // looks that did not succeed
    std::uint64_t issued = 0;           // certificates made here
    std::uint64_t bundles_written = 0;  // configurations patched
    std::int64_t expires = 0;           // Unix seconds; 0 before the first certificate
  };
  [[nodiscard]] Figures figures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpods::kube
