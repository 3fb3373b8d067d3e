#include "server/worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <ctime>

namespace cpods::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = Session::Clock;

// While finishing, look more often, so that the end is noticed when it comes.
constexpr std::chrono::milliseconds kFinishTick{100};

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  const auto size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

// Deadlines are noticed at ticks: often enough that the shortest one is kept to a quarter.
std::chrono::milliseconds tick_of(const ListenerOptions& options) {
  const auto shortest = std::min({options.handshake, options.request, options.idle});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, std::chrono::milliseconds(10),
                                               limits::kTick);
}

}  // namespace

Worker::Worker(Service& service, std::size_t room)
    : service_(service),
      room_(room),
      context_(1),
      ticks_(context_),
      period_(tick_of(service.options)) {
  crowd_.date = http_date();
}

void Worker::start() {
  arm();
  thread_ = std::thread([this] { run(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::take(tcp::socket socket, net::TlsContext tls) {
  crowd_.load.fetch_add(1, std::memory_order_relaxed);
  asio::post(context_, [this, taken = std::move(socket), secured = std::move(tls)]() mutable {
    if (crowd_.sessions.size() >= room_ && !displace_one()) {
      service_.metrics.connections_refused.Increment();
      crowd_.load.fetch_sub(1, std::memory_order_relaxed);
      return;  // the socket's destructor closes it
    }
    service_.metrics.connections_accepted.Increment();
    spawn_session(std::move(taken), std::move(secured), service_, crowd_);
  });
}

void Worker::make_room() {
  asio::post(context_, [this] { displace_one(); });
}

void Worker::finish(std::chrono::milliseconds limit) {
  asio::post(context_, [this, limit] {
    last_moment_ = Clock::now() + limit;
    close_idle();
    ticks_.cancel();
  });
}

void Worker::run() {
  // An exception that reaches this place is a bug; the other connections shall not pay for it.
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& error) {
      spdlog::error("an event loop was left by an exception and goes on: {}", error.what());
    }
  }
}

void Worker::arm() {
  ticks_.expires_after(last_moment_ ? std::min(period_, kFinishTick) : period_);
  ticks_.async_wait([this](boost::system::error_code) { tick(); });
}

void Worker::tick() {
  const auto now = Clock::now();
  crowd_.date = http_date();
  // Closing only ends what is awaited; no session leaves the list before this function has.
  for (Session* session : crowd_.sessions) session->close_if_late(now);
  if (last_moment_ && crowd_.sessions.empty()) return;  // no more work: the loop ends
  if (last_moment_ && now >= *last_moment_) {
    for (Session* session : crowd_.sessions) session->close();
    return context_.stop();
  }
  if (last_moment_) close_idle();
  arm();
}

// False when there is none whose peer keeps it waiting.
bool Worker::displace_one() {
  Session* first = nullptr;
  for (Session* each : crowd_.sessions) {
    if (each->can_be_displaced() && (first == nullptr || each->is_before(*first))) first = each;
  }
  if (first == nullptr) return false;
  first->displace();
  return true;
}

void Worker::close_idle() {
  for (Session* session : crowd_.sessions) {
    if (session->idle()) session->close();
  }
}

}  // namespace cpods::server
