#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/limits.h"

namespace cpods {
namespace {

// The character that `text`, valid UTF-8, begins with.
std::string_view first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  return text.substr(0, lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4);
}

// Control characters of ASCII and Latin-1, line and paragraph separators, marks that turn the
// direction of writing, and characters without a shape: they would act on the reader's terminal, or
// show a name as another one.
bool is_control(std::string_view character) {
  static constexpr std::array<std::string_view, 17> kMarks = {
      "\u061C", "\u200B", "\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u202B", "\u202C",
      "\u202D", "\u202E", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069", "\uFEFF"};
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
  if (lead == 0xC2) return static_cast<unsigned char>(character[1]) < 0xA0;
  if (character.starts_with("\xF3\xA0")) return true;  // tags, U+E0000 and on
  return std::ranges::find(kMarks, character) != kMarks.end();
}

// Lower-case letters, digits and dashes, none of these at an end.
bool has_label_form(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

std::string one_line(std::string_view text, std::size_t limit) {
  static constexpr std::string_view kEllipsis = "\u2026";
  std::string out;
  std::size_t cut = 0;  // where there is still room for the ellipsis
  while (!text.empty()) {
    const auto character = first_character(text);
    out += is_control(character) ? " " : character;
    if (out.size() > limit) return out.substr(0, cut).append(kEllipsis);
    if (out.size() + kEllipsis.size() <= limit) cut = out.size();
    text.remove_prefix(character.size());
  }
  return out;
}

bool is_dns_label(std::string_view name) {
  constexpr std::size_t kLongest = 63;
  return name.size() <= kLongest && has_label_form(name);
}

bool is_dns_subdomain(std::string_view name) {
  if (name.size() > limits::kNameBytes) return false;
  for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.')) {
    if (!has_label_form(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return has_label_form(name);
}

bool equals_ignoring_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.') {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

}  // namespace cpods
