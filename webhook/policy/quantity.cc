#include "policy/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace cpods::policy {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 16> kSuffixes = {{{"", 1},
                                                                            {"n", 1e-9},
                                                                            {"u", 1e-6},
                                                                            {"m", 1e-3},
                                                                            {"k", 1e3},
                                                                            {"M", 1e6},
                                                                            {"G", 1e9},
                                                                            {"T", 1e12},
                                                                            {"P", 1e15},
                                                                            {"E", 1e18},
                                                                            {"Ki", 0x1p10},
                                                                            {"Mi", 0x1p20},
                                                                            {"Gi", 0x1p30},
                                                                            {"Ti", 0x1p40},
                                                                            {"Pi", 0x1p50},
                                                                            {"Ei", 0x1p60}}};

// 1e3 and 1E3; E alone is exa.
std::optional<double> power_of_ten(std::string_view suffix) {
  if (suffix.size() < 2 || (suffix.front() != 'e' && suffix.front() != 'E')) return std::nullopt;
  suffix.remove_prefix(suffix[1] == '+' ? 2 : 1);
  int exponent = 0;
  const auto* end = suffix.data() + suffix.size();
  const auto [stop, error] = std::from_chars(suffix.data(), end, exponent);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return std::pow(10.0, exponent);
}

}  // namespace

double amount_of(json::Node quantity) {
  if (quantity.kind() == json::Kind::Number) {
    return static_cast<double>(quantity.integer().value_or(0));
  }
  const auto text = quantity.text();
  double digits = 0;
  const auto* end =
      std::from_chars(text.data(), text.data() + text.size(), digits, std::chars_format::fixed).ptr;
  const auto suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto* unit =
      std::ranges::find(kSuffixes, suffix, [](const auto& each) { return each.first; });
  if (unit != kSuffixes.end()) return digits * unit->second;
  return digits * power_of_ten(suffix).value_or(1);
}

}  // namespace cpods::policy
