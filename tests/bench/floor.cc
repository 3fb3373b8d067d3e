// The benchmark's floor: what HTTPS on Beast costs before anything is decided.
//
// It has the webhook's transport and nothing else: one thread, one coroutine a connection, the
// webhook's own TLS context, a read buffer of 64 KiB (Beast asks its buffer how much to read, and a
// fresh one answers 512 bytes, which would make a slow floor and a flattering ratio), a string
// body, a deadline armed anew for every request. Each request is read to its end and answered with
// the same bytes. The distance from here to the webhook is what reading, deciding and logging cost.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "fixed_reply.h"
#include "net/tls.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBuffer = 64 * 1024;
constexpr std::size_t kMaxBody = 7 * 1024 * 1024;
constexpr std::chrono::seconds kHandshakeLimit{10};
constexpr std::chrono::seconds kRequestLimit{120};
constexpr std::chrono::seconds kShutdownLimit{2};

asio::awaitable<bool> answer_one(Stream& stream, beast::flat_buffer& buffer,
                                 const std::string& reply) {
  http::request_parser<http::string_body> parser;
  parser.body_limit(kMaxBody);
  beast::get_lowest_layer(stream).expires_after(kRequestLimit);
  const auto [read_error, received] = co_await http::async_read(stream, buffer, parser, kAwait);
  if (read_error) co_return false;

  http::response<http::string_body> response(http::status::ok, 11);
  response.set(http::field::content_type, "application/json");
  response.keep_alive(parser.get().keep_alive());
  response.body() = reply;
  response.prepare_payload();
  const auto [write_error, sent] = co_await http::async_write(stream, response, kAwait);
  co_return !write_error && response.keep_alive();
}

asio::awaitable<void> serve(tcp::socket socket, asio::ssl::context& tls, const std::string& reply) {
  Stream stream(std::move(socket), tls);
  beast::flat_buffer buffer;
  buffer.reserve(kReadBuffer);
  beast::get_lowest_layer(stream).expires_after(kHandshakeLimit);
  const auto [handshake_error] =
      co_await stream.async_handshake(asio::ssl::stream_base::server, kAwait);
  if (handshake_error) co_return;
  while (co_await answer_one(stream, buffer, reply)) {
  }
  beast::get_lowest_layer(stream).expires_after(kShutdownLimit);
  co_await stream.async_shutdown(kAwait);
}

void rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> accept_all(tcp::acceptor acceptor, asio::ssl::context& tls,
                                 const std::string& reply) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error) throw boost::system::system_error(error, "accept");
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), tls, reply), &rethrow);
  }
}

void serve_all(const cpods::bench::Settings& settings) {
  const auto tls = cpods::bench::value_of(
      cpods::net::server_context(settings.identity, std::chrono::system_clock::now()));
  const tcp::endpoint endpoint(asio::ip::make_address(settings.listen.host), settings.listen.port);
  asio::io_context io(1);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](beast::error_code, int) { io.stop(); });
  tcp::acceptor acceptor(io, endpoint);
  asio::co_spawn(io, accept_all(std::move(acceptor), *tls, settings.reply), &rethrow);
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  return cpods::bench::run_server(argc, argv, serve_all);
}
