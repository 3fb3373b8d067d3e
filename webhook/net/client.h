#pragma once
// An HTTP/1.1 client for one endpoint, over TLS or in the clear: a request in, a response or one
// sentence of failure out, under one deadline that covers name resolution, connecting, the TLS
// handshake, writing and reading.
//
// Owned by whoever talks to the endpoint. All calls come from the thread that runs its executor.
// Several operations may run at once, each on its own connection; finished connections are kept for
// the next request. The Client must outlive its operations: cancel() and let them end first.
// fetch() is for callers without an event loop.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "net/endpoint.h"
#include "net/tls.h"

namespace cpods::net {

struct Header {
  std::string name;
  std::string value;
};

// Host, Content-Length and User-Agent are added by the client. Classes, not aggregates: they are
// handed to coroutines by value.
class Request {
 public:
  Request(std::string request_method, std::string request_target)
      : method(std::move(request_method)), target(std::move(request_target)) {}

  Request& header(std::string name, std::string value);
  Request& content(std::string content_type, std::string bytes);

  std::string method;  // "GET", "POST", "PATCH", …
  std::string target;  // path and query, already percent-encoded
  std::vector<Header> headers;
  std::string body;
  // Of the answer's body, in bytes; more is TooLarge.
  std::size_t longest_answer = limits::kResponseBytes;
};

class Response {
 public:
  Response() = default;

  // The first header of that name, letter case ignored; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }

  unsigned status = 0;
  std::vector<Header> headers;
  std::string body;
};

// One line of a streamed body without its '\n'; the view lives for the call. The first call, with
// an empty line, says that the stream is open. False ends the stream.
using LineHandler = std::function<bool(std::string_view line)>;

class StreamLimits {
 public:
  StreamLimits(std::chrono::milliseconds until_head, std::chrono::milliseconds until_next_byte)
      : head(until_head), quiet(until_next_byte) {}

  std::chrono::milliseconds head;   // from the call to the end of the response's head
  std::chrono::milliseconds quiet;  // the longest silence inside the body
};

class Client {
 public:
  // No `tls` means plain HTTP.
  Client(boost::asio::any_io_executor executor, Endpoint endpoint, TlsContext tls);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Every HTTP status is a Response. Errors: Unavailable (no name, no connection, TLS refused,
  // deadline passed, cancelled), Malformed (not HTTP), TooLarge (Request::longest_answer).
  // A GET that fails on a kept connection before its first answer byte is sent once more.
  [[nodiscard]] boost::asio::awaitable<Result<Response>> send(Request request,
                                                              std::chrono::milliseconds limit);

  // GET whose body is handed on line by line as it arrives (Kubernetes' WATCH). Returns the head
  // and an empty body when the peer ended the body or `on_line` returned false; an answer other
  // than 2xx is returned with its body and calls no handler. A line over limits::kLineBytes is
  // TooLarge; a body cut short is Unavailable.
  [[nodiscard]] boost::asio::awaitable<Result<Response>> stream(Request request,
                                                                LineHandler on_line,
                                                                StreamLimits limits);

  // New trust or client certificate for connections made from now on; idle ones are closed.
  void set_tls(TlsContext tls);

  // Ends every running operation with Unavailable "cancelled". The client can be used again.
  void cancel();

  [[nodiscard]] const Endpoint& endpoint() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Sends one request and waits for the answer in the calling thread; no event loop needed.
[[nodiscard]] Result<Response> fetch(const Endpoint& endpoint, TlsContext tls, Request request,
                                     std::chrono::milliseconds limit);

}  // namespace cpods::net
