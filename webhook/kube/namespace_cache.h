#pragma once
// The labels of every namespace, kept as the API server last told them: LIST, then WATCH for ever.
//
//   kube::Loop loop;
//   auto api = kube::ApiClient::create(loop, *kube::find_access(kubeconfig));
//   kube::NamespaceCache namespaces(**api);     // is an admission::Cluster
//   namespaces.start();
//   loop.start();
//   …
//   loop.stop();                                // before `namespaces` goes
//
// While the API server is away, what was last seen keeps being told for limits::kNamespaceStale.
// Then nothing is known any more, and each question is put to the API server by look_up(): a label
// that was set meanwhile must not be missed. Construct and start() on one thread before the loop
// runs; then any thread may call the rest.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "admission/cluster.h"
#include "base/error.h"
#include "base/limits.h"
#include "kube/api_client.h"

namespace cpods::kube {

class NamespaceCache final : public admission::Cluster {
 public:
  using Labels = std::shared_ptr<const pod::Labels>;

  explicit NamespaceCache(ApiClient& api,
                          std::chrono::milliseconds stale_after = limits::kNamespaceStale);
  ~NamespaceCache() override;

  void start();

  // The first list has been read whole. Never false again.
  [[nodiscard]] bool synced() const;

  // Nothing has been heard for `stale_after`, and no watch is open.
  [[nodiscard]] bool stale() const;

  [[nodiscard]] Labels namespace_labels(std::string_view name) const override;

  // For a namespace that namespace_labels() does not know: asks the API server, and waits at most
  // `limit`; all who ask for the same name meanwhile share the question and its answer. NotFound
  // when the API server does not know it either, Unavailable otherwise. May be awaited on any
  // executor; resumes there.
  [[nodiscard]] boost::asio::awaitable<Result<Labels>> look_up(std::string name,
                                                               std::chrono::milliseconds limit);

  struct Figures {
    std::size_t namespaces = 0;
    double staleness_seconds = 0;  // since the API server last said anything; up to 60 when idle
    std::uint64_t lists = 0;       // whole lists read: 1 at start, more after each lost watch
    std::uint64_t events = 0;      // changes and bookmarks read
    std::uint64_t failures = 0;    // lists and watches that ended in an error
    std::uint64_t look_ups = 0;    // namespaces asked for one by one
  };
  [[nodiscard]] Figures figures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpods::kube
