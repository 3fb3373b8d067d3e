#pragma once
// Whether this replica should be sent requests, and the sentence why not.
// Owned by the command that serves; checks are added before serving begins; any thread may ask.

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/http.h"

namespace cpods::server {

class Readiness {
 public:
  // A check returns the sentence why the program is not ready, or nothing.
  using Check = std::function<std::optional<std::string>()>;

  void require(Check check) { checks_.push_back(std::move(check)); }
  // From now on not ready, for good: the program is about to stop.
  void drain() { draining_ = true; }

  [[nodiscard]] std::optional<std::string> reason_against() const;

  // Adds GET /readyz and GET /healthz. Healthy means that the event loops answer at all: restarting
  // a replica that waits for the API server would help nobody. Must outlive the listener.
  void add_routes(Routes& routes) const;

 private:
  std::vector<Check> checks_;
  std::atomic<bool> draining_ = false;
};

}  // namespace cpods::server
