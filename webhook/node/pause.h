#pragma once
// How long to wait before something is tried again, so that the Pods of a node that start together
// do not all try again together. Any thread.

#include <chrono>
#include <random>

namespace cpods::node {

// Between `pause` and half as much again.
[[nodiscard]] inline std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause) {
  std::uniform_int_distribution<std::chrono::milliseconds::rep> more(0, pause.count() / 2);
  std::random_device source;
  return pause + std::chrono::milliseconds(more(source));
}

}  // namespace cpods::node
