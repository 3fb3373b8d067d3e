#include "net/connection.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/limits.h"

namespace cpods::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAsValues = asio::as_tuple(asio::use_awaitable);

// A peer that is gone without a word is noticed after half a minute, both where the connection only
// listens (a watch) and where it has something unacknowledged on its way.
template <int Option>
using TcpOption = asio::detail::socket_option::integer<IPPROTO_TCP, Option>;

void notice_dead_peers(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(TcpOption<TCP_KEEPIDLE>(15), ignored);          // seconds
  socket.set_option(TcpOption<TCP_KEEPINTVL>(5), ignored);          // seconds
  socket.set_option(TcpOption<TCP_KEEPCNT>(3), ignored);            // probes
  socket.set_option(TcpOption<TCP_USER_TIMEOUT>(30'000), ignored);  // milliseconds
}

std::unexpected<Error> unavailable(std::string message) {
  return failure(ErrorCode::Unavailable, "", std::move(message));
}

// A name lookup runs in a thread of its own that nothing can stop: whoever waits only stops
// waiting, and this state lives on until the thread is done.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver(executor), done(executor, asio::steady_timer::time_point::max()) {}

  tcp::resolver resolver;
  asio::steady_timer done;
  bool finished = false;
  error_code ec;
  tcp::resolver::results_type results;
};

// The name a certificate must carry, checked by OpenSSL itself so that its reason is a precise one.
bool expect_name(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (is_ip_address(name)) return X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 &&
         X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1;
}

}  // namespace

void Guard::limit(std::chrono::milliseconds limit) {
  if (ended()) return;
  limit_ = limit;
  timer_.expires_after(limit);
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    // A timer that was moved after it fired still calls once: only a passed expiry counts.
    if (ec || self->timer_.expiry() > asio::steady_timer::clock_type::now()) return;
    self->end("no answer within " + std::to_string(self->limit_.count()) + " ms");
  });
}

void Guard::enter(std::string_view step, std::function<void()> abort) {
  if (ended()) return;
  step_ = step;
  abort_ = std::move(abort);
}

void Guard::release() {
  abort_ = nullptr;
  timer_.cancel();
}

void Guard::end(std::string reason) {
  if (ended()) return;
  reason_ = std::move(reason);
  timer_.cancel();
  if (auto abort = std::exchange(abort_, nullptr)) abort();
}

std::string Guard::reason(std::string_view otherwise) const {
  return (ended() ? reason_ : std::string(otherwise)) + " while " + std::string(step_);
}

Connection::Connection(const asio::any_io_executor& executor, TlsContext tls)
    : tls_(std::move(tls)), plain_(executor) {
  if (tls_) stream_.emplace(executor, *tls_);
}

asio::awaitable<Result<Connection::Results>> Connection::resolve(const Endpoint& endpoint,
                                                                 Guard& guard) {
  error_code ec;
  const auto address = asio::ip::make_address(endpoint.host, ec);
  if (!ec) {
    const tcp::endpoint known(address, endpoint.port);
    co_return Results::create(known, endpoint.host, std::to_string(endpoint.port));
  }
  const auto lookup = std::make_shared<Lookup>(socket().get_executor());
  guard.enter("looking up its name", [lookup] { lookup->done.cancel(); });
  lookup->resolver.async_resolve(endpoint.host, std::to_string(endpoint.port),
                                 [lookup](error_code error, Results results) {
                                   lookup->finished = true;
                                   lookup->ec = error;
                                   lookup->results = std::move(results);
                                   lookup->done.cancel();
                                 });
  co_await lookup->done.async_wait(kAsValues);
  if (guard.ended() || !lookup->finished || lookup->ec) {
    co_return unavailable(guard.reason(lookup->ec.message()));
  }
  co_return std::move(lookup->results);
}

asio::awaitable<Result<void>> Connection::shake_hands(const Endpoint& endpoint, Guard& guard) {
  guard.enter("shaking hands by TLS", [this] { close(); });
  SSL* ssl = stream_->native_handle();
  if (!expect_name(ssl, endpoint.expected_name())) {
    co_return failure(ErrorCode::Invalid, "",
                      "\"" + endpoint.expected_name() + "\" cannot be a certificate's name");
  }
  const auto [ec] = co_await stream_->async_handshake(asio::ssl::stream_base::client, kAsValues);
  if (!ec && !guard.ended()) co_return Result<void>();
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    // Asking again would not make it another one.
    co_return failure(ErrorCode::Denied, "",
                      "its certificate is refused under the name \"" + endpoint.expected_name() +
                          "\": " + X509_verify_cert_error_string(verified));
  }
  co_return unavailable(guard.reason(ec.message()));
}

asio::awaitable<Result<void>> Connection::open(Endpoint endpoint, std::shared_ptr<Guard> guard) {
  const auto results = co_await resolve(endpoint, *guard);
  if (!results) co_return std::unexpected(results.error());
  guard->enter("connecting", [this] { close(); });
  const auto [ec, connected] = co_await asio::async_connect(socket(), *results, kAsValues);
  if (ec || guard->ended()) co_return unavailable(guard->reason(ec.message()));
  error_code ignored;
  socket().set_option(tcp::no_delay(true), ignored);
  notice_dead_peers(socket());
  if (!stream_) co_return Result<void>();
  co_return co_await shake_hands(endpoint, *guard);
}

asio::awaitable<error_code> Connection::write(std::string_view bytes) {
  const auto whole = asio::buffer(bytes);
  if (stream_) {
    const auto [ec, count] = co_await asio::async_write(*stream_, whole, kAsValues);
    co_return ec;
  }
  const auto [ec, count] = co_await asio::async_write(plain_, whole, kAsValues);
  co_return ec;
}

asio::awaitable<error_code> Connection::read() {
  const auto room = buffer.prepare(limits::kReadBytes);
  error_code ec;
  std::size_t count = 0;
  if (stream_) {
    std::tie(ec, count) = co_await stream_->async_read_some(room, kAsValues);
  } else {
    std::tie(ec, count) = co_await plain_.async_read_some(room, kAsValues);
  }
  buffer.commit(count);
  co_return ec;
}

void Connection::close() {
  error_code ignored;
  socket().close(ignored);
}

}  // namespace cpods::net
