// A connection is a loop: read a head, judge it, read its body, ask the handler, write the answer.
//
// Beast parses the head only. A body's length is always known (server/contract.h), so its bytes are
// read straight into the string that the handler gets, in reads as large as TLS allows. A body that
// may not be held is read to its end all the same, and its handler gets the front.
// Deadlines are compared once a tick for all sessions of a thread instead of arming a timer for
// each step: a request costs no timer at all, and a deadline may pass up to one tick late.

#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <string_view>

#include "server/contract.h"
#include "server/incoming_body.h"
#include "server/received_head.h"
#include "server/session.h"

namespace cpods::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

using Plain = tcp::socket;
using Tls = asio::ssl::stream<tcp::socket>;

constexpr auto kAsValues = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kNoAllow;

template <class Stream>
class StreamSession final : public Session {
 public:
  StreamSession(Stream stream, net::TlsContext tls, Service& service, Crowd& crowd)
      : Session(service, crowd), tls_(std::move(tls)), stream_(std::move(stream)) {
    buffer_.reserve(limits::kReadBytes);
  }

  asio::awaitable<void> run();
  void close() override;

 private:
  tcp::socket& socket() {
    if constexpr (std::is_same_v<Stream, Tls>) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  asio::awaitable<bool> shake_hands();
  asio::awaitable<bool> exchange();
  asio::awaitable<error_code> read_head(Parser& parser);
  asio::awaitable<bool> read_body(const Head& head, IncomingBody& body);
  asio::awaitable<Reply> answer(const Route& route, Request request);
  asio::awaitable<bool> write(Reply reply, const Route& route, bool keep_alive,
                              std::string_view allow);
  asio::awaitable<void> linger();

  net::TlsContext tls_;  // outlives the stream that was made from it
  Stream stream_;
  boost::beast::flat_buffer buffer_{limits::kReadBytes};
  std::string out_;
};

template <class Stream>
void StreamSession<Stream>::close() {
  error_code ignored;
  socket().close(ignored);
}

template <class Stream>
asio::awaitable<void> StreamSession<Stream>::run() {
  const bool secured = co_await shake_hands();
  if (!secured) co_return;
  bool more = true;
  while (more) more = co_await exchange();
  if (phase() == Phase::Reply) co_await linger();
}

template <class Stream>
asio::awaitable<bool> StreamSession<Stream>::shake_hands() {
  if constexpr (std::is_same_v<Stream, Tls>) {
    enter(Phase::Handshake);
    const auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kAsValues);
    if (ec) {
      if (!displaced()) service_.metrics.count_handshake_failure(ec, late());
      co_return false;
    }
  }
  co_return true;
}

// Reads until the head is whole. No error and no whole head: the peer is gone.
template <class Stream>
asio::awaitable<error_code> StreamSession<Stream>::read_head(Parser& parser) {
  enter(buffer_.size() > 0 ? Phase::Request : Phase::Idle);
  for (;;) {
    if (buffer_.size() > 0) {
      error_code ec;
      buffer_.consume(parser.put(buffer_.data(), ec));
      if (parser.is_header_done()) co_return error_code();
      if (ec && ec != http::error::need_more) co_return ec;
      if (buffer_.size() >= limits::kHeaderBytes) co_return http::error::header_limit;
    }
    const auto room = buffer_.prepare(limits::kReadBytes - buffer_.size());
    const auto [ec, count] = co_await stream_.async_read_some(room, kAsValues);
    buffer_.commit(count);
    if (ec) co_return error_code();
    if (phase() == Phase::Idle) enter(Phase::Request);
  }
}

// Reads the body to its end; false when the peer is gone.
template <class Stream>
asio::awaitable<bool> StreamSession<Stream>::read_body(const Head& head, IncomingBody& body) {
  const std::string_view read_ahead(static_cast<const char*>(buffer_.data().data()),
                                    buffer_.size());
  buffer_.consume(body.take(read_ahead));
  if (!head.expect.empty() && body.missing() > 0) {
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [ec, count] = co_await asio::async_write(stream_, asio::buffer(out_), kAsValues);
    if (ec) co_return false;
  }
  while (body.missing() > 0) {
    const auto kept = body.room();
    const auto room = kept.empty() ? buffer_.prepare(std::min(body.missing(), limits::kReadBytes))
                                   : asio::buffer(kept.data(), kept.size());
    const auto [ec, count] = co_await stream_.async_read_some(room, kAsValues);
    if (ec) co_return false;
    body.arrived(count);
  }
  co_return true;
}

// One request and its answer; false when the connection is at its end.
template <class Stream>
asio::awaitable<bool> StreamSession<Stream>::exchange() {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits::kHeaderBytes));
  parser.body_limit(boost::none);  // the contract knows the limit and a sentence
  const error_code ec = co_await read_head(parser);
  if (ec) {
    co_return co_await write(answer_to_unreadable(ec), service_.elsewhere, false, kNoAllow);
  }
  if (!parser.is_header_done()) co_return false;

  const Head head = head_from(parser);
  const auto found = service_.table.find(head.target.substr(0, head.target.find('?')));
  const Route& route = found == service_.table.end() ? service_.elsewhere : found->second;
  auto refused = refuse(head, service_.routes, service_.options.longest_body);
  if (refused) {
    const bool usable = parser.keep_alive() && !has_body(head) && head.version == 11;
    if (head.method == "HEAD") refused->reply.body.clear();  // its answers have none
    co_return co_await write(std::move(refused->reply), route, usable, refused->allow);
  }
  Request request(std::string(head.target), {});
  const auto size = route.post != nullptr ? static_cast<std::size_t>(*head.content_length) : 0;
  IncomingBody body(size, service_.options.body, service_.bodies);  // holds its room to the end
  const bool arrived = co_await read_body(head, body);
  if (!arrived) co_return false;
  body.hand_over(request);
  Reply reply = co_await answer(route, std::move(request));
  body.give_back();
  Share room(service_.bodies);  // a peer may take its time to read
  const bool large = reply.body.size() > limits::kSmallBytes;
  if (large && !room.grow(reply.body.size() - limits::kSmallBytes)) {
    reply = Reply::sentence(503, "There is no room for so large an answer. Try again.");
  }
  answered_ = answered_ || (route.post != nullptr && reply.status == 200);
  co_return co_await write(std::move(reply), route, parser.keep_alive(), kNoAllow);
}

// Nothing that a handler throws leaves this function.
template <class Stream>
asio::awaitable<Reply> StreamSession<Stream>::answer(const Route& route, Request request) {
  enter(Phase::Handler);
  std::string what;
  try {
    if (route.get != nullptr) co_return (*route.get)();
    co_return co_await (*route.post)(std::move(request));
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
    what = "an exception of unknown type";
  }
  service_.metrics.handler_exceptions.Increment();
  spdlog::error("handler of {} failed: {}", route.answers->path(), what);
  co_return Reply::sentence(500, "The server failed inside; its log says why.");
}

// Sends head and body in one write; false when the connection is at its end.
template <class Stream>
asio::awaitable<bool> StreamSession<Stream>::write(Reply reply, const Route& route, bool keep_alive,
                                                   std::string_view allow) {
  enter(Phase::Reply);
  keep_alive = keep_alive && !service_.draining.load(std::memory_order_relaxed);
  route.answers->count(reply.status);
  out_ = head_of(reply, crowd_.date, keep_alive, allow);
  out_ += reply.body;
  std::string().swap(reply.body);
  const auto [ec, count] = co_await asio::async_write(stream_, asio::buffer(out_), kAsValues);
  if (out_.capacity() > limits::kReplyKept) std::string().swap(out_);
  if (ec) {
    close();
    co_return false;
  }
  co_return keep_alive;
}

// Ends the connection so that the peer can read the last answer, even if it is still sending.
template <class Stream>
asio::awaitable<void> StreamSession<Stream>::linger() {
  if (!socket().is_open()) co_return;
  enter(Phase::Linger);
  if constexpr (std::is_same_v<Stream, Tls>) {
    // Sends close_notify; the peer's may never come, or data may come instead: both are fine.
    co_await stream_.async_shutdown(kAsValues);
  }
  error_code ec;
  socket().shutdown(tcp::socket::shutdown_send, ec);
  buffer_.clear();
  while (!ec) {
    const auto room = buffer_.prepare(limits::kReadBytes);
    const auto [failed, count] = co_await socket().async_read_some(room, kAsValues);
    ec = failed;
  }
}

// Keeps the session alive for as long as it runs.
template <class Stream>
asio::awaitable<void> serve(std::shared_ptr<StreamSession<Stream>> session) {
  co_await session->run();
}

template <class Stream>
void spawn(std::shared_ptr<StreamSession<Stream>> session, const asio::any_io_executor& executor) {
  asio::co_spawn(executor, serve(std::move(session)), [](std::exception_ptr thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      spdlog::error("a connection ended by an exception: {}", error.what());
    }
  });
}

}  // namespace

void spawn_session(tcp::socket socket, net::TlsContext tls, Service& service, Crowd& crowd) {
  const asio::any_io_executor executor = socket.get_executor();
  if (!tls) {
    spawn(std::make_shared<StreamSession<Plain>>(std::move(socket), nullptr, service, crowd),
          executor);
    return;
  }
  Tls stream(std::move(socket), *tls);
  spawn(std::make_shared<StreamSession<Tls>>(std::move(stream), std::move(tls), service, crowd),
        executor);
}

}  // namespace cpods::server
