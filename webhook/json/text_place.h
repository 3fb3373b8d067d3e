#pragma once
// Byte offsets of a text as lines and columns, and the check that it is text at all.
// Plain functions and values; any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "json/located.h"

namespace cpods::json {

// Turns growing byte offsets into places in one pass over the text.
class PlaceFinder {
 public:
  explicit PlaceFinder(std::string_view text, std::uint32_t first_line = 1)
      : text_(text), place_{first_line, 1} {}
  // `offset` must not be smaller than in the call before.
  [[nodiscard]] Place at(std::size_t offset);

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  Place place_;
};

// The first byte that is NUL or not part of well-formed UTF-8 (Unicode 15, table 3-7), as an error.
[[nodiscard]] std::optional<TextError> find_bad_encoding(std::string_view text,
                                                         std::uint32_t first_line = 1);

struct Character {
  std::uint32_t value;
  std::size_t bytes;
};
// The first character of a text that is not empty and well formed.
[[nodiscard]] Character decode_front(std::string_view text);

// Without the byte-order mark that some editors put in front.
[[nodiscard]] std::string_view without_bom(std::string_view text);

}  // namespace cpods::json
