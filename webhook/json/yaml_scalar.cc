#include "json/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace cpods::json {
namespace {

using Words = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view text, Words words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

std::string_view without_sign(std::string_view text) {
  return text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? in both tables.
bool looks_like_float(std::string_view text) {
  text = without_sign(text);
  const auto whole = count_digits(text);
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const auto fraction = count_digits(text.substr(1));
    if (whole == 0 && fraction == 0) return false;
    text.remove_prefix(1 + fraction);
  } else if (whole == 0) {
    return false;
  }
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text = without_sign(text.substr(1));
  return !text.empty() && count_digits(text) == text.size();
}

std::optional<double> parse_double(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too small is (nearly) zero; too large has no value. from_chars does not tell them apart.
    value = std::strtod(std::string(text).c_str(), nullptr);
    return std::abs(value) < 1 ? std::optional(value) : std::nullopt;
  }
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> parse_infinity(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (!is_one_of(without_sign(text), {".inf", ".Inf", ".INF"})) return std::nullopt;
  return text.starts_with('-') ? -kInfinity : kInfinity;
}

std::optional<std::uint64_t> parse_digits(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || stop != end || error != std::errc()) return std::nullopt;
  return value;
}

// Within 64 bits signed, or unsigned where there is no sign.
std::optional<YamlScalar> parse_integer(std::string_view text, int base) {
  const bool negative = text.starts_with('-');
  const bool has_sign = negative || text.starts_with('+');
  const auto magnitude = parse_digits(without_sign(text), base);
  if (!magnitude) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (negative) {
    if (*magnitude > kMax + 1) return std::nullopt;
    return static_cast<std::int64_t>(-*magnitude);
  }
  if (*magnitude <= kMax) return static_cast<std::int64_t>(*magnitude);
  if (has_sign) return std::nullopt;
  return *magnitude;
}

// Go's strconv.ParseInt and ParseUint with base 0, underscores gone.
std::optional<YamlScalar> parse_go_integer(std::string_view text) {
  const auto digits = without_sign(text);
  const std::string sign(text.substr(0, text.size() - digits.size()));
  if (digits.size() >= 2 && digits[0] == '0') {
    const char mark = digits.size() >= 3 ? static_cast<char>(digits[1] | 0x20) : '0';
    const int base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    const bool has_mark = mark == 'x' || mark == 'b' || mark == 'o';
    const auto rest = digits.substr(has_mark ? 2 : 1);
    if (without_sign(rest) != rest) return std::nullopt;
    return parse_integer(sign + std::string(rest), base);
  }
  return parse_integer(text, 10);
}

YamlScalar resolve_go_number(std::string_view plain) {
  std::string text(plain);
  std::erase(text, '_');
  if (auto integer = parse_go_integer(text)) return *integer;
  if (looks_like_float(text)) {
    const auto real = parse_double(text);
    return real ? YamlScalar(*real) : YamlText{};
  }
  if (text.starts_with("0b")) {
    if (auto integer = parse_integer(text.substr(2), 2)) return *integer;
  }
  return YamlText{};
}

}  // namespace

YamlScalar resolve_core(std::string_view plain) {
  if (is_one_of(plain, {"", "~", "null", "Null", "NULL"})) return std::monostate{};
  if (is_one_of(plain, {"true", "True", "TRUE"})) return true;
  if (is_one_of(plain, {"false", "False", "FALSE"})) return false;
  if (const auto odd = parse_infinity(plain)) return *odd;
  const int base = plain.starts_with("0x") ? 16 : plain.starts_with("0o") ? 8 : 10;
  if (base != 10) {
    const auto digits = plain.substr(2);
    const std::string_view alphabet = base == 16 ? "0123456789abcdefABCDEF" : "01234567";
    if (digits.empty() || digits.find_first_not_of(alphabet) != digits.npos) return YamlText{};
    return parse_integer(digits, base).value_or(YamlTooLarge{});
  }
  const auto unsigned_part = without_sign(plain);
  if (!unsigned_part.empty() && count_digits(unsigned_part) == unsigned_part.size()) {
    return parse_integer(plain, 10).value_or(YamlTooLarge{});
  }
  if (!looks_like_float(plain)) return YamlText{};
  const auto real = parse_double(plain);
  return real ? YamlScalar(*real) : YamlTooLarge{};
}

YamlScalar resolve_kubectl(std::string_view plain) {
  if (is_one_of(plain, {"", "~", "null", "Null", "NULL"})) return std::monostate{};
  if (is_one_of(plain, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
    return true;
  }
  if (is_one_of(plain,
                {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
    return false;
  }
  if (const auto odd = parse_infinity(plain)) return *odd;
  const char first = plain[0];
  if (is_digit(first) || first == '+' || first == '-') return resolve_go_number(plain);
  if (first == '.' && looks_like_float(plain)) {
    if (const auto real = parse_double(plain)) return *real;
  }
  return YamlText{};
}

std::string kubectl_key(const YamlScalar& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  const auto* real = std::get_if<double>(&value);
  if (real == nullptr) return {};
  // strconv.FormatFloat(…, 'g', -1, 32): an exponent below -4 or from 6 on is written.
  const auto number = static_cast<float>(*real);
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
  const double size = std::abs(static_cast<double>(number));
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e6);
  std::array<char, 64> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.begin(), buffer.end(), number,
                    fixed ? std::chars_format::fixed : std::chars_format::scientific);
  return error == std::errc() ? std::string(buffer.begin(), end) : std::string();
}

YamlScalar as_kubectl_sends(YamlScalar value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  const auto* real = std::get_if<double>(&value);
  if (real == nullptr || std::trunc(*real) != *real || std::abs(*real) >= kLimit) return value;
  return static_cast<std::int64_t>(*real);
}

}  // namespace cpods::json
