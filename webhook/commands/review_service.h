#pragma once
// The two doors as HTTP handlers: bytes in, decide, bytes out, one log line and one count each.
// Owned by `serve`; its handlers run on all server threads at once.

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <string>

#include "admission/decide.h"
#include "base/limits.h"
#include "commands/review_metrics.h"
#include "kube/namespace_cache.h"
#include "policy/store.h"
#include "server/budget.h"
#include "server/http.h"

namespace cpods::commands {

struct Fault;  // why a body could not be judged

class ReviewService {
 public:
  // `namespaces` may be null: then there is no API server to ask.
  ReviewService(const policy::Store& policies, const admission::Cluster& cluster,
                kube::NamespaceCache* namespaces, ReviewMetrics& metrics)
      : policies_(policies), cluster_(cluster), namespaces_(namespaces), metrics_(metrics) {}

  // Adds POST /mutate and POST /validate.
  void add_routes(server::Routes& routes);

 private:
  struct Asked;  // one request on its way through a door
  struct UnknownNamespace {
    std::string name;
  };
  using Judged = std::expected<server::Reply, UnknownNamespace>;

  boost::asio::awaitable<server::Reply> answer(admission::Door door, server::Request request);
  // Parse, decide, encode, without a pause. The namespace whose labels must be known first is told
  // instead, where `asked` may still ask for it.
  [[nodiscard]] Judged judge(const Asked& asked, std::string body,
                             const admission::Cluster& cluster);
  [[nodiscard]] Judged judge_unguarded(const Asked& asked, std::string body,
                                       const admission::Cluster& cluster);
  [[nodiscard]] server::Reply refuse(const Asked& asked, const Fault& fault);
  [[nodiscard]] server::Reply refuse_internally(const Asked& asked, std::string_view what);
  [[nodiscard]] bool must_ask(admission::Door door, const admission::Request& review,
                              const policy::Snapshot& snapshot) const;

  const policy::Store& policies_;
  const admission::Cluster& cluster_;
  kube::NamespaceCache* namespaces_;
  ReviewMetrics& metrics_;
  server::Budget documents_{limits::kDocumentMemory};  // what parsed reviews may cost at once
};

}  // namespace cpods::commands
