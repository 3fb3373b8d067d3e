#pragma once
// Objects of C libraries as values that free themselves.
// Plain values; any thread.

#include <memory>

namespace cpods {

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <typename T, auto Free>
using Owned = std::unique_ptr<T, Freeing<Free>>;

}  // namespace cpods
