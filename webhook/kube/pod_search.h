#pragma once
// Looks through the Pods that run in one namespace, page by page, as the API server has them now.
// Nothing is kept: this is asked when somebody takes a namespace out of a policy, and seldom else.
//
// find() may be awaited on any executor; the work runs on the API client's loop. Never more than
// limits::kPodSearches are under way, because whoever reaches the webhook's port can ask. Owned by
// `serve`; must outlive the loop's run.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "json/node.h"
#include "kube/api_client.h"

namespace cpods::kube {

class PodSearch {
 public:
  // Called on the loop's thread with one Pod, rooted; may throw json::Malformed.
  using Matches = std::function<bool(json::Node pod)>;

  explicit PodSearch(ApiClient& api) : api_(api) {}

  // The name of the first Pod that matches; "" where none does. Unavailable where they cannot all
  // be read within `limit`.
  [[nodiscard]] boost::asio::awaitable<Result<std::string>> find(std::string name_space,
                                                                 Matches matches,
                                                                 std::chrono::milliseconds limit);

 private:
  struct Page {
    std::string found;
    std::string next;  // the continue token; empty on the last page
  };

  boost::asio::awaitable<Result<std::string>> search(std::string name_space, Matches matches,
                                                     std::chrono::milliseconds limit);
  static Result<Page> read_page(std::string body, const Matches& matches);

  ApiClient& api_;
  // The loop's thread only. A search that never ended is destroyed with the loop, after this.
  std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
};

}  // namespace cpods::kube
