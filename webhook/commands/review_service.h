#pragma once
// The two doors as HTTP handlers: bytes in, decide, bytes out, one log line and one count each.
// Owned by `serve`; its handlers run on all server threads at once.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "admission/decide.h"
#include "base/limits.h"
#include "commands/review_metrics.h"
#include "configuration/trusted.h"
#include "kube/namespace_cache.h"
#include "kube/pod_search.h"
#include "policy/store.h"
#include "server/budget.h"
#include "server/http.h"

namespace cpods::commands {

struct Fault;  // why a body could not be judged

// Whom to ask what memory does not tell; both or neither, and then there is no API server.
struct ApiQuestions {
  kube::NamespaceCache* namespaces = nullptr;
  kube::PodSearch* pods = nullptr;
};

class ReviewService {
 public:
  // `trusted`: who is let through though an entry asks about them, because it was written for
  // others.
  ReviewService(const policy::Store& policies, const admission::Cluster& cluster, ApiQuestions api,
                ReviewMetrics& metrics, std::optional<configuration::Trusted> trusted)
      : policies_(policies),
        cluster_(cluster),
        api_(api),
        metrics_(metrics),
        trusted_(std::move(trusted)) {}

  // Adds POST /mutate and POST /validate.
  void add_routes(server::Routes& routes);

 private:
  struct Asked {
    admission::Door door;
    std::string uid;  // as it stands at the body's front; empty where it does not
    std::chrono::steady_clock::time_point began;
    bool may_ask;  // a look-up may still be waited for
  };
  // What must be known of a namespace first: its labels, or a Pod of it that matches.
  struct Unknown {
    std::string name_space;
    kube::PodSearch::Matches pod;
  };
  using Judged = std::expected<server::Reply, Unknown>;

  boost::asio::awaitable<server::Reply> answer(admission::Door door, server::Request request);
  boost::asio::awaitable<server::Reply> answer_asking(Asked asked, server::Request request);
  // Parse, decide, encode, without a pause. What must be known first is told instead, where `asked`
  // may still ask for it.
  [[nodiscard]] Judged judge(const Asked& asked, std::string body,
                             const admission::Cluster& cluster);
  [[nodiscard]] server::Reply refuse(const Asked& asked, const Fault& fault);
  [[nodiscard]] server::Reply refuse_internally(const Asked& asked, std::string_view what);
  using Policies = std::shared_ptr<const policy::Snapshot>;
  [[nodiscard]] std::optional<Unknown> unknown_to(admission::Door door,
                                                  const admission::Request& review,
                                                  const Policies& policies) const;
  using LookedUp = std::unique_ptr<const admission::Cluster>;
  boost::asio::awaitable<LookedUp> look_up(Unknown unknown,
                                           std::optional<std::chrono::milliseconds> timeout);

  const policy::Store& policies_;
  const admission::Cluster& cluster_;
  ApiQuestions api_;
  ReviewMetrics& metrics_;
  std::optional<configuration::Trusted> trusted_;
  server::Budget documents_{limits::kDocumentMemory};  // what parsed reviews may cost at once
};

}  // namespace cpods::commands
