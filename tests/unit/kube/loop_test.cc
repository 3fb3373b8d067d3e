#include "kube/loop.h"

#include <doctest/doctest.h>

#include <atomic>

namespace cpods::kube {
namespace {

using std::chrono::steady_clock;

boost::asio::awaitable<void> wait_long(Loop* loop, std::atomic<int>* ended) {
  co_await loop->pause(std::chrono::hours(1));
  co_await loop->pause(std::chrono::hours(1));
  ++*ended;
}

TEST_CASE("loop: stopping ends every pause at once, and those that begin later") {
  Loop loop;
  std::atomic<int> ended = 0;
  std::atomic<int> told = 0;
  loop.spawn(wait_long(&loop, &ended));
  loop.spawn(wait_long(&loop, &ended));
  loop.on_stop([&told] { ++told; });
  loop.start();
  const auto before = steady_clock::now();
  loop.stop();
  loop.stop();
  CHECK(steady_clock::now() - before < std::chrono::seconds(2));
  CHECK(ended == 2);
  CHECK(told == 1);
}

TEST_CASE("loop: one that never ran may be dropped with its work") {
  Loop loop;
  std::atomic<int> ended = 0;
  loop.spawn(wait_long(&loop, &ended));
  CHECK(ended == 0);
}

}  // namespace
}  // namespace cpods::kube
