#pragma once
// One connection of the client and the guard that ends whatever waits on it when time is up.
// Private to net. Owned by one operation at a time; the thread of its executor.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/endpoint.h"
#include "net/tls.h"

namespace cpods::net {

// The deadline of one operation. It aborts the step that is being waited for and remembers why.
class Guard : public std::enable_shared_from_this<Guard> {
 public:
  explicit Guard(const boost::asio::any_io_executor& executor) : timer_(executor) {}

  // From now on the operation ends after `limit`; an earlier deadline is forgotten.
  void limit(std::chrono::milliseconds limit);
  // The step that begins, in words that follow "while", and how to abort it.
  void enter(std::string_view step, std::function<void()> abort);
  void cancel() { end("cancelled"); }
  // The operation is over: nothing will be aborted any more.
  void release();

  [[nodiscard]] bool ended() const { return !reason_.empty(); }
  // Why the operation ended, when it did; otherwise what the peer or the system said.
  [[nodiscard]] std::string reason(std::string_view otherwise) const;

 private:
  void end(std::string reason);

  boost::asio::steady_timer timer_;
  std::chrono::milliseconds limit_{};
  std::string_view step_;
  std::function<void()> abort_;
  std::string reason_;
};

class Connection {
 public:
  Connection(const boost::asio::any_io_executor& executor, TlsContext tls);

  // Resolves, connects and, with TLS, shakes hands and verifies the peer's name.
  [[nodiscard]] boost::asio::awaitable<Result<void>> open(Endpoint endpoint,
                                                          std::shared_ptr<Guard> guard);
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> write(std::string_view bytes);
  // Appends what has arrived to `buffer`.
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> read();
  void close();

  boost::beast::flat_buffer buffer;
  bool reused = false;

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using Results = boost::asio::ip::tcp::resolver::results_type;

  [[nodiscard]] boost::asio::awaitable<Result<Results>> resolve(const Endpoint& endpoint,
                                                                Guard& guard);
  [[nodiscard]] boost::asio::awaitable<Result<void>> shake_hands(const Endpoint& endpoint,
                                                                 Guard& guard);

  Socket& socket() { return stream_ ? stream_->next_layer() : plain_; }

  TlsContext tls_;  // outlives the stream that was made from it
  Socket plain_;
  std::optional<boost::asio::ssl::stream<Socket>> stream_;
};

}  // namespace cpods::net
