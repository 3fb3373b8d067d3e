#include "json/text_place.h"

#include <simdjson.h>

#include <algorithm>

namespace cpods::json {
namespace {

constexpr bool between(unsigned char byte, unsigned char low, unsigned char high) {
  return byte >= low && byte <= high;
}

// Bytes of the well-formed sequence at the front, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto tail = [&](std::size_t i) { return between(byte(i), 0x80, 0xBF); };
  const auto first = byte(0);
  if (between(first, 0x01, 0x7F)) return 1;
  if (between(first, 0xC2, 0xDF)) return tail(1) ? 2 : 0;
  if (between(first, 0xE0, 0xEF)) {
    const unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : 0xBF;
    return between(byte(1), low, high) && tail(2) ? 3 : 0;
  }
  if (between(first, 0xF0, 0xF4)) {
    const unsigned char low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
    return between(byte(1), low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

Place PlaceFinder::at(std::size_t offset) {
  const auto end = std::min(offset, text_.size());
  for (; offset_ < end; ++offset_) {
    const auto byte = static_cast<unsigned char>(text_[offset_]);
    if (byte == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if (!between(byte, 0x80, 0xBF)) {
      ++place_.column;
    }
  }
  return place_;
}

std::optional<TextError> find_bad_encoding(std::string_view text, std::uint32_t first_line) {
  if (simdjson::validate_utf8(text.data(), text.size()) && text.find('\0') == text.npos) {
    return std::nullopt;
  }
  std::size_t at = 0;
  while (at < text.size()) {
    const auto length = sequence_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  const bool nul = at < text.size() && text[at] == '\0';
  return TextError{
      PlaceFinder(text, first_line).at(at),
      nul ? "a NUL byte; only UTF-8 text is read" : "not valid UTF-8; save the file as UTF-8",
      true};
}

Character decode_front(std::string_view text) {
  const auto length = std::max<std::size_t>(sequence_length(text), 1);
  auto value = static_cast<std::uint32_t>(static_cast<unsigned char>(text[0]));
  if (length > 1) value &= 0x7Fu >> length;
  for (std::size_t i = 1; i < length; ++i) {
    value = (value << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  return {value, length};
}

std::string_view without_bom(std::string_view text) {
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  return text.starts_with(kBom) ? text.substr(kBom.size()) : text;
}

}  // namespace cpods::json
