#pragma once
// Reading integers and ranges at fixed places of little-endian structures. The caller has checked
// the length of the whole structure; these functions assume it. Any thread.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>

#include "base/bytes.h"

namespace cpods::evidence {

template <std::unsigned_integral T>
[[nodiscard]] T little_endian(ByteView bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | bytes[offset + i]);
  }
  return value;
}

template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> array_at(ByteView bytes, std::size_t offset) {
  std::array<std::uint8_t, N> copy;
  std::ranges::copy(bytes.subspan(offset, N), copy.begin());
  return copy;
}

[[nodiscard]] inline bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace cpods::evidence
