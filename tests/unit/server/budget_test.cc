#include "server/budget.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using cpods::server::Budget;
using cpods::server::Share;

TEST_CASE("budget: a share grows as far as something is left, and gives all of it back") {
  Budget budget(100);
  {
    Share one(budget);
    Share two(budget);
    CHECK(one.grow(60));
    CHECK_FALSE(two.grow(41));
    CHECK(two.grow(40));
    CHECK_FALSE(one.grow(1));
    CHECK(one.grow(0));
  }
  CHECK(budget.take(100));
}

TEST_CASE("budget: threads never hold more than there is, and nothing is lost") {
  Budget budget(10);
  std::atomic<int> held = 0;
  std::atomic<bool> exceeded = false;
  {
    std::vector<std::jthread> threads;
    for (int id = 0; id < 4; ++id) {
      threads.emplace_back([&] {
        for (int n = 0; n < 20'000; ++n) {
          Share share(budget);
          if (!share.grow(4)) continue;
          if (held.fetch_add(4) + 4 > 10) exceeded = true;
          held.fetch_sub(4);
        }
      });
    }
  }
  CHECK_FALSE(exceeded);
  CHECK(budget.take(10));
}
