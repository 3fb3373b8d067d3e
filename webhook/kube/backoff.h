#pragma once
// How long to wait before asking again: doubling from 200 ms to 30 s, a random part of it, so that
// replicas that lost the same API server do not come back in step; never less than the peer's
// Retry-After. A value with a counter; one owner, one thread.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace cpods::kube {

class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds kFirst{200};
  static constexpr Milliseconds kLongest{30'000};
  // A Retry-After beyond this is not believed: a namespace's labels would be stale for as long.
  static constexpr std::chrono::seconds kLongestRetryAfter{120};

  explicit Backoff(std::uint32_t seed = std::random_device{}()) : random_(seed) {
    random_.discard(2);  // the first numbers of near seeds are near each other
  }

  // The next wait, at least half of its step and at most all of it.
  [[nodiscard]] Milliseconds next(std::optional<std::chrono::seconds> retry_after = {}) {
    const Milliseconds step = step_;
    step_ = std::min(step_ * 2, kLongest);
    std::uniform_int_distribution<std::int64_t> wait(step.count() / 2, step.count());
    const Milliseconds chosen(wait(random_));
    if (!retry_after) return chosen;
    return chosen + std::min(*retry_after, kLongestRetryAfter);
  }
  // After a success.
  void reset() { step_ = kFirst; }

 private:
  Milliseconds step_ = kFirst;
  std::minstd_rand random_;
};

// A tenth more or less, so that replicas drift apart and seldom race.
[[nodiscard]] inline Backoff::Milliseconds varied(Backoff::Milliseconds period,
                                                  std::minstd_rand& random) {
  std::uniform_int_distribution<std::int64_t> percent(90, 110);
  return period * percent(random) / 100;
}

}  // namespace cpods::kube
