#pragma once
// Bytes as text and back, and digests: the only functions that know libcrypto in the pure rooms.
// Plain values; any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cpods {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// RFC 4648 §4, with padding, one line.
[[nodiscard]] std::string base64_encode(ByteView bytes);
// Strict: only the standard alphabet, full padding, no white space.
[[nodiscard]] Result<Bytes> base64_decode(std::string_view text);
// RFC 4648 §5, without padding, strict.
[[nodiscard]] Result<Bytes> base64url_decode(std::string_view text);
[[nodiscard]] std::string base64url_encode(ByteView bytes);

// Lower case, two digits a byte.
[[nodiscard]] std::string hex_encode(ByteView bytes);
// Either case; an odd count or any other character is Malformed.
[[nodiscard]] Result<Bytes> hex_decode(std::string_view text);

using Sha256 = std::array<std::uint8_t, 32>;
[[nodiscard]] Sha256 sha256(ByteView bytes);

}  // namespace cpods
