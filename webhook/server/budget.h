#pragma once
// One sum of bytes that all requests under way share, so that many of them at once cost no more
// than is there. Any thread may take; a share belongs to one request and gives back when it ends.

#include <atomic>
#include <cstddef>
#include <utility>

namespace cpods::server {

class Budget {
 public:
  explicit Budget(std::size_t bytes) : left_(bytes) {}

  // False, and nothing is taken, when so much is not left.
  [[nodiscard]] bool take(std::size_t bytes) {
    auto left = left_.load(std::memory_order_relaxed);
    while (left >= bytes) {
      if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void give_back(std::size_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> left_;
};

class Share {
 public:
  explicit Share(Budget& budget) : budget_(budget) {}
  ~Share() { give_back(); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  // False, and the share stays as it was, when so much more is not left.
  [[nodiscard]] bool grow(std::size_t bytes) {
    if (!budget_.take(bytes)) return false;
    held_ += bytes;
    return true;
  }
  // All of it.
  void give_back() {
    if (held_ > 0) budget_.give_back(std::exchange(held_, 0));
  }

 private:
  Budget& budget_;
  std::size_t held_ = 0;
};

}  // namespace cpods::server
