#pragma once
// One thread of the listener: an event loop and the sessions that live on it, whose deadlines it
// watches. Owned by the listener. take, make_room, finish and load may be called from any thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include "server/session.h"

namespace cpods::server {

class Worker {
 public:
  // `room`: its part of the connections.
  Worker(Service& service, std::size_t room);

  void start();
  // Returns when the worker has finished.
  void join();

  // A new connection for this thread. Where there is no room, another one ends (displace_one).
  void take(boost::asio::ip::tcp::socket socket, net::TlsContext tls);
  // Ends a connection, because the system gives no more sockets.
  void make_room();
  // Ends idle connections now, and the others until `limit` from now at the latest.
  void finish(std::chrono::milliseconds limit);

  [[nodiscard]] std::size_t load() const { return crowd_.load.load(std::memory_order_relaxed); }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }

 private:
  void run();
  void arm();
  void tick();
  bool displace_one();
  void close_idle();

  Service& service_;
  std::size_t room_;
  Crowd crowd_;  // outlives the sessions, which the event loop's destructor may end
  boost::asio::io_context context_;
  boost::asio::steady_timer ticks_;
  std::chrono::milliseconds period_;
  std::optional<Session::Clock::time_point> last_moment_;
  std::thread thread_;
};

}  // namespace cpods::server
