#pragma once
// One event loop on one thread of its own, for everything that talks to the API server, so that a
// slow or lost API server never holds up a review.
//
// It ends by agreement: stop() tells everyone, pauses return at once, requests are cancelled, each
// coroutine sees stopping() and returns. Nothing is torn down under a coroutine's feet.
//
// Construct it before whatever runs on it and stop() it before any of that is destroyed. spawn(),
// pause(), stopping() and on_stop() belong to its thread, or to any thread before start().

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace cpods::kube {

class Loop {
 public:
  Loop();
  ~Loop();  // stops
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // From then on the thread runs.
  void start();
  // Ends everything and joins the thread; any thread but its own. Coroutines that have not returned
  // after `patience` are dropped where they stand.
  void stop(std::chrono::milliseconds patience = std::chrono::milliseconds{3000});

  [[nodiscard]] boost::asio::any_io_executor executor();
  // Runs `work` on the loop. An exception that leaves it ends the program: none is expected.
  void spawn(boost::asio::awaitable<void> work);
  // Waits; returns early when the loop stops.
  [[nodiscard]] boost::asio::awaitable<void> pause(std::chrono::milliseconds duration);
  [[nodiscard]] bool stopping() const;
  // `action` runs once on the loop's thread when it is told to stop.
  void on_stop(std::function<void()> action);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpods::kube
