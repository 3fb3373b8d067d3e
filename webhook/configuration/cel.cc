#include "configuration/cel.h"

#include <algorithm>

#include "json/writer.h"

namespace cpods::configuration::cel {
namespace {

std::string call(std::string_view value, std::string_view method, std::string_view text) {
  return std::string(value) + "." + std::string(method) + "(" + quoted(text) + ")";
}

std::string matches(std::string_view value, const policy::NamePattern& pattern) {
  const std::string& text = pattern.text();
  if (pattern.is_literal()) return std::string(value) + " == " + quoted(text);
  if (std::ranges::count(text, '*') > 1) return call(value, "matches", regular_expression(text));
  if (text == "*") return "true";
  if (text.back() == '*') return call(value, "startsWith", pattern.prefix());
  if (text.front() == '*') return call(value, "endsWith", text.substr(1));
  return call(value, "matches", regular_expression(text));
}

}  // namespace

std::string quoted(std::string_view text) {
  return json::quoted(text);
}

std::string regular_expression(std::string_view pattern) {
  constexpr std::string_view kSpecial = R"(\.+?()[]{}|^$)";
  std::string out = "^";
  for (const char c : pattern) {
    if (c == '*') {
      out += ".*";
    } else {
      if (kSpecial.contains(c)) out += '\\';
      out += c;
    }
  }
  return out + "$";
}

std::string list(std::span<const std::string> texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ", ";
    out += quoted(text);
  }
  return out + "]";
}

std::string matches_any(std::string_view value, const std::vector<policy::NamePattern>& patterns) {
  std::string out;
  for (const auto& pattern : patterns) {
    if (!out.empty()) out += " || ";
    out += matches(value, pattern);
  }
  return out.empty() ? "false" : out;
}

}  // namespace cpods::configuration::cel
