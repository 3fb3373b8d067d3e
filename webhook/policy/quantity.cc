#include "policy/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace cpods::policy {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 14> kSuffixes = {{{"", 1},
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
  return unit == kSuffixes.end() ? digits : digits * unit->second;
}

}  // namespace cpods::policy
