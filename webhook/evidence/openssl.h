#pragma once
// OpenSSL's objects as values that free themselves. Private to evidence.
// Plain values; any thread.

#include <memory>

namespace cpods::evidence {

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <typename T, auto Free>
using Owned = std::unique_ptr<T, Freeing<Free>>;

}  // namespace cpods::evidence
