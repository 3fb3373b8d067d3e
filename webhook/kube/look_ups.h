#pragma once
// Questions about single namespaces that the cache cannot tell: all who ask for the same name at
// once share one question and its answer, each waits for as long as it can, and never are more than
// limits::kNamespaceLookups under way, because whoever reaches the webhook's port can name
// namespaces.
//
// look_up() and asked() may be called on any thread; the work runs on the API client's loop. Owned
// by the cache, whose map it fills.

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "kube/api_client.h"
#include "kube/namespace_map.h"

namespace cpods::kube {

inline constexpr const char* kNamespaces = "/api/v1/namespaces";
// Names and labels alone; the second type is for servers that cannot cut objects down.
inline constexpr const char* kNamespaceType =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";

class LookUps {
 public:
  using Labels = NamespaceMap::Labels;
  using Milliseconds = std::chrono::milliseconds;

  LookUps(ApiClient& api, NamespaceMap& map) : api_(api), map_(map) {}

  // NamespaceCache::look_up.
  [[nodiscard]] boost::asio::awaitable<Result<Labels>> look_up(std::string name,
                                                               Milliseconds limit);
  [[nodiscard]] std::uint64_t asked() const { return asked_.load(std::memory_order_relaxed); }

 private:
  struct Question;

  // These run on the loop.
  boost::asio::awaitable<Result<Labels>> join(std::string name, Milliseconds limit);
  boost::asio::awaitable<void> ask(std::string name, std::shared_ptr<Question> question);
  boost::asio::awaitable<Result<Labels>> answer(std::string name);
  std::shared_ptr<Question> question_about(const std::string& name);

  ApiClient& api_;
  NamespaceMap& map_;
  std::map<std::string, std::shared_ptr<Question>, std::less<>> questions_;  // the loop's thread
  std::atomic<std::uint64_t> asked_ = 0;
};

}  // namespace cpods::kube
