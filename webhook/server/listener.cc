#include "server/listener.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <vector>

#include "server/worker.h"

namespace cpods::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAsValues = asio::as_tuple(asio::use_awaitable);
// Out of file descriptors or memory: the connection stays in the kernel's queue meanwhile.
constexpr std::chrono::milliseconds kAcceptPause{100};

// Many systems let a process begin with 1024 descriptors and have more when it asks.
void allow_descriptors(std::size_t connections) {
  constexpr rlim_t kBesides = 128;  // files, event loops, connections to the API server
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min(limit.rlim_max, connections + kBesides);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t load_of(const std::unique_ptr<Worker>& worker) {
  return worker->load();
}

Result<std::vector<tcp::endpoint>> endpoints_of(const net::Endpoint& address) {
  // Every address: IPv6 takes IPv4 with it, except where the machine has no IPv6.
  if (address.host.empty()) {
    return std::vector{tcp::endpoint(tcp::v6(), address.port),
                       tcp::endpoint(tcp::v4(), address.port)};
  }
  asio::io_context context(1);
  tcp::resolver resolver(context);
  error_code ec;
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, ec);
  if (ec) return failure(ErrorCode::Unavailable, address.text(), "cannot listen: " + ec.message());
  return std::vector<tcp::endpoint>(found.begin(), found.end());
}

error_code listen_on(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && endpoint.address() == asio::ip::address_v6::any()) {
    acceptor.set_option(asio::ip::v6_only(false), ec);
  }
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  return ec;
}

Result<void> listen_on(tcp::acceptor& acceptor, const net::Endpoint& address) {
  const auto endpoints = endpoints_of(address);
  if (!endpoints) return std::unexpected(endpoints.error());
  error_code ec;
  for (const auto& endpoint : *endpoints) {
    ec = listen_on(acceptor, endpoint);
    if (!ec) return {};
    error_code ignored;
    acceptor.close(ignored);
  }
  return failure(ErrorCode::Unavailable, address.text(), "cannot listen: " + ec.message());
}

}  // namespace

class Listener::Impl {
 public:
  Impl(Routes routes, ListenerOptions options, Metrics& metrics, const Certificates* certificates)
      : service_(std::move(routes), options, metrics), certificates_(certificates) {
    const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, limits::kThreads);
    const unsigned count = options.threads == 0 ? cores : options.threads;
    allow_descriptors(options.connections);
    const auto room = std::max<std::size_t>(1, options.connections / count);
    for (unsigned i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<Worker>(service_, room));
    }
    acceptor_.emplace(workers_.front()->context());
    grace_.emplace(workers_.front()->context());
  }
  ~Impl() {
    stop();
    join();
  }

  Result<void> start(const net::Endpoint& address);
  void begin_drain();
  void stop();
  void join();

  [[nodiscard]] const net::Endpoint& address() const { return address_; }

 private:
  void begin_accepting();
  asio::awaitable<void> accept_all();
  void accepted(tcp::socket socket, Worker& worker);
  Worker& least_loaded();
  Worker& most_loaded();
  void finish(std::chrono::milliseconds limit);
  void close_acceptor();

  Service service_;
  const Certificates* certificates_;
  net::Endpoint address_{"", 0};
  std::vector<std::unique_ptr<Worker>> workers_;
  // Both live on the first worker's event loop.
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> grace_;
};

Result<void> Listener::Impl::start(const net::Endpoint& address) {
  if (auto listening = listen_on(*acceptor_, address); !listening) return listening;
  address_ = net::Endpoint(address.host, acceptor_->local_endpoint().port());
  begin_accepting();
  for (auto& worker : workers_) worker->start();
  return {};
}

// Whatever happens to one connection (no memory, say), the next one is accepted.
void Listener::Impl::begin_accepting() {
  asio::co_spawn(workers_.front()->context(), accept_all(), [this](std::exception_ptr thrown) {
    if (!thrown) return;
    begin_accepting();
    std::rethrow_exception(thrown);  // to the event loop, which logs it
  });
}

Worker& Listener::Impl::least_loaded() {
  return **std::ranges::min_element(workers_, {}, &load_of);
}

Worker& Listener::Impl::most_loaded() {
  return **std::ranges::max_element(workers_, {}, &load_of);
}

asio::awaitable<void> Listener::Impl::accept_all() {
  asio::steady_timer pause(workers_.front()->context());
  while (acceptor_->is_open()) {
    Worker& worker = least_loaded();
    tcp::socket socket(worker.context());
    const auto [ec] = co_await acceptor_->async_accept(socket, kAsValues);
    if (!ec) {
      accepted(std::move(socket), worker);
      continue;
    }
    if (!acceptor_->is_open()) co_return;
    service_.metrics.accept_failures.Increment();
    spdlog::warn("cannot accept a connection on {}: {}", address_.text(), ec.message());
    most_loaded().make_room();
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(kAsValues);
  }
}

void Listener::Impl::accepted(tcp::socket socket, Worker& worker) {
  auto tls = certificates_ ? certificates_->current() : nullptr;
  if (certificates_ && !tls) {
    service_.metrics.connections_untrusted.Increment();
    return;  // no certificate yet: never answer in the clear where TLS was asked for
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  worker.take(std::move(socket), std::move(tls));
}

void Listener::Impl::begin_drain() {
  if (service_.draining.exchange(true)) return;
  asio::post(workers_.front()->context(), [this] {
    grace_->expires_after(service_.options.drain_grace);
    grace_->async_wait([this](error_code ec) {
      if (!ec) finish(service_.options.drain_limit);
    });
  });
}

void Listener::Impl::stop() {
  service_.draining = true;
  asio::post(workers_.front()->context(), [this] { close_acceptor(); });
  // Each for itself: the first may have ended already while others still drain.
  for (auto& worker : workers_) worker->finish(std::chrono::milliseconds(0));
}

void Listener::Impl::close_acceptor() {
  error_code ignored;
  acceptor_->close(ignored);
  grace_->cancel();
}

// On the first worker's thread, after which nothing can be handed to a worker any more.
void Listener::Impl::finish(std::chrono::milliseconds limit) {
  close_acceptor();
  for (auto& worker : workers_) worker->finish(limit);
}

void Listener::Impl::join() {
  for (auto& worker : workers_) worker->join();
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() = default;

Result<std::unique_ptr<Listener>> Listener::start(const net::Endpoint& address, Routes routes,
                                                  ListenerOptions options, Metrics& metrics,
                                                  const Certificates* certificates) {
  auto impl = std::make_unique<Impl>(std::move(routes), options, metrics, certificates);
  if (auto started = impl->start(address); !started) return std::unexpected(started.error());
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

const net::Endpoint& Listener::address() const {
  return impl_->address();
}
void Listener::begin_drain() {
  impl_->begin_drain();
}
void Listener::stop() {
  impl_->stop();
}
void Listener::join() {
  impl_->join();
}

}  // namespace cpods::server
