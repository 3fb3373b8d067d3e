#include "kube/backoff.h"

#include <doctest/doctest.h>

namespace cpods::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("backoff: each wait lies between half of its step and all of it, up to 30 s") {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    Backoff backoff(seed);
    milliseconds step = Backoff::kFirst;
    for (int i = 0; i < 12; ++i) {
      const milliseconds wait = backoff.next();
      CHECK(wait >= step / 2);
      CHECK(wait <= step);
      step = std::min(step * 2, Backoff::kLongest);
    }
    backoff.reset();
    CHECK(backoff.next() <= Backoff::kFirst);
  }
}

TEST_CASE("backoff: replicas do not come back in step") {
  Backoff one(1);
  Backoff two(2);
  CHECK(one.next() != two.next());
}

TEST_CASE("backoff: Retry-After is waited for in full, but not for ever") {
  Backoff backoff(1);
  const milliseconds wait = backoff.next(seconds(7));
  CHECK(wait >= seconds(7));
  CHECK(wait <= seconds(7) + Backoff::kFirst);
  CHECK(backoff.next(seconds(100'000)) <= Backoff::kLongestRetryAfter + 2 * Backoff::kFirst);
}

}  // namespace
}  // namespace cpods::kube
