#pragma once
// Talks to the Kubernetes API: one request in, the answer's body or the API server's own words out.
//
// Built on net::Client. It adds what every caller would otherwise repeat: who we are (the token and
// the authority are read anew at most once a minute, and at once after a 401), another try after
// 429, 5xx and lost connections with backoff and Retry-After, and the message of the Status object.
//
// Construct it before the loop starts; then it belongs to the loop's thread. It must outlive the
// loop's run. The server's address is read once: another address needs a restart.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "kube/access.h"
#include "kube/loop.h"
#include "net/client.h"

namespace cpods::kube {

// Why a request did not succeed. status 0: no answer at all.
class ApiFailure {
 public:
  ApiFailure(unsigned http_status, std::string words)
      : status(http_status), message(std::move(words)) {}

  [[nodiscard]] bool is_absent() const { return status == 404; }
  // Somebody was faster: 409, or 422 where a JSON Patch tests a resourceVersion that has passed,
  // which is also said of an object that is not valid.
  [[nodiscard]] bool may_be_a_race() const { return is_conflict() || status == 422; }
  [[nodiscard]] bool is_conflict() const { return status == 409; }

  unsigned status;
  std::string message;  // a sentence that names method, path and reason
  std::optional<std::chrono::seconds> retry_after = {};  // as the API server asked
  bool too_large = false;  // the answer was longer than the request takes
};

template <typename T>
using ApiResult = std::expected<T, ApiFailure>;

class ApiClient {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // Reads `source` once; its failure is the failure.
  [[nodiscard]] static Result<std::unique_ptr<ApiClient>> create(Loop& loop, AccessSource source);
  ~ApiClient();

  // Sends `request`, whose target starts with "/api" or "/apis", and returns the body of a 2xx
  // answer. What may succeed later is repeated within `limit`; requests must bear being repeated.
  [[nodiscard]] boost::asio::awaitable<ApiResult<std::string>> call(net::Request request,
                                                                    Milliseconds limit);

  // GETs `target` and hands on each line as it comes; ends when the server ends the stream or
  // `on_line` says false. One try, besides the one after a 401.
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> watch(net::Request request,
                                                              net::LineHandler on_line,
                                                              net::StreamLimits limits);

  [[nodiscard]] Loop& loop() const;
  // "https://HOST:PORT as kubeconfig F, context C", for logs.
  [[nodiscard]] std::string describe() const;

 private:
  class Impl;
  explicit ApiClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpods::kube
