#pragma once
// What a handler sees of HTTP: a request with its body, a reply, and the table of paths. A body
// that is too large to hold still reaches its handler, by its front: only the handler knows whether
// that is enough for a better answer than a bare status. Plain values. Handlers are called from any
// of the listener's threads, several at once.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cpods::server {

// Why a handler gets the front of a body alone; the rest was read and thrown away.
struct Cut {
  [[nodiscard]] static Cut over_limit(std::size_t size, std::size_t limit);
  [[nodiscard]] static Cut no_room(std::size_t size);

  unsigned status;  // 413 or 503: what to answer where the front says no more
  std::string why;  // "its 8000000 bytes are over the limit of 7340032 bytes"
};

class Request {
 public:
  Request(std::string target, std::string content)
      : body(std::move(content)), target_(std::move(target)) {}

  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view query() const;
  // What the API server sends as "?timeout=10s": how long it will wait for the answer.
  [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const;

  std::string body;        // for the handler to move from or to parse in place
  std::optional<Cut> cut;  // set: `body` is the first limits::kFrontBytes at most

 private:
  std::string target_;
};

class Reply {
 public:
  Reply(unsigned code, std::string type, std::string content)
      : status(code), content_type(std::move(type)), body(std::move(content)) {}

  // A sentence for people; the line break at its end is added here.
  [[nodiscard]] static Reply sentence(unsigned code, std::string text);
  [[nodiscard]] static Reply json(std::string content);

  unsigned status;
  std::string content_type;
  std::string body;
};

// The coroutine runs on the connection's thread. An exception becomes a counted 500.
using PostHandler = std::function<boost::asio::awaitable<Reply>(Request)>;
using GetHandler = std::function<Reply()>;

struct Routes {
  std::map<std::string, PostHandler, std::less<>> post;
  std::map<std::string, GetHandler, std::less<>> get;
};

// RFC 9110's phrase, for the status codes that this server sends.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace cpods::server
