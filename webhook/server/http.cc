#include "server/http.h"

#include <algorithm>
#include <charconv>

namespace cpods::server {
namespace {

// Go's time.Duration as far as a timeout uses it: digits and one unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  // More than a day is no timeout of the API server (at most 30 s) and would overflow below.
  constexpr unsigned kLargest = 86'400'000;
  unsigned number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || number > kLargest) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit == "ms") return std::chrono::milliseconds(number);
  if (unit == "s") return std::chrono::seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  return std::nullopt;
}

}  // namespace

std::string_view Request::path() const {
  return std::string_view(target_).substr(0, target_.find('?'));
}

std::string_view Request::query() const {
  const auto mark = target_.find('?');
  return mark == std::string::npos ? std::string_view()
                                   : std::string_view(target_).substr(mark + 1);
}

std::optional<std::chrono::milliseconds> Request::timeout() const {
  constexpr std::string_view kKey = "timeout=";
  std::string_view rest = query();
  while (!rest.empty()) {
    const auto parameter = rest.substr(0, rest.find('&'));
    if (parameter.starts_with(kKey)) return parse_duration(parameter.substr(kKey.size()));
    rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
  }
  return std::nullopt;
}

Cut Cut::over_limit(std::size_t size, std::size_t limit) {
  return {413, "its " + std::to_string(size) + " bytes are over the limit of " +
                   std::to_string(limit) + " bytes"};
}

Cut Cut::no_room(std::size_t size) {
  return {503, "its " + std::to_string(size) + " bytes find no room beside the requests under way"};
}

Reply Reply::sentence(unsigned code, std::string text) {
  return {code, "text/plain; charset=utf-8", std::move(text) + "\n"};
}

Reply Reply::json(std::string content) {
  return {200, "application/json", std::move(content)};
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unnamed";
  }
}

}  // namespace cpods::server
