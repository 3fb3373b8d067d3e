#include "net/endpoint.h"

#include <arpa/inet.h>

#include <boost/url/parse.hpp>
#include <charconv>
#include <optional>

namespace cpods::net {
namespace {

std::unexpected<Error> not_a_url(std::string_view text) {
  return failure(ErrorCode::Invalid, "",
                 "\"" + std::string(text) +
                     "\" is not an address of the form https://host[:port][/path] or http://…");
}

std::unexpected<Error> not_an_address(std::string_view text) {
  return failure(ErrorCode::Invalid, "",
                 "\"" + std::string(text) +
                     "\" is not HOST:PORT (an IPv6 address in brackets), e.g. 0.0.0.0:8443");
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

std::string Endpoint::text() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Endpoint::authority(bool tls) const {
  auto authority = text();
  if (port == (tls ? 443 : 80)) authority.resize(authority.rfind(':'));
  return authority;
}

bool is_ip_address(std::string_view text) {
  const std::string terminated(text);
  in6_addr address{};
  return ::inet_pton(AF_INET, terminated.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, terminated.c_str(), &address) == 1;
}

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(text.data(), text.size()));
  if (!parsed) return not_a_url(text);
  const auto& url = *parsed;
  const bool tls = url.scheme_id() == boost::urls::scheme::https;
  if (!tls && url.scheme_id() != boost::urls::scheme::http) return not_a_url(text);
  // A user, a query or a fragment has no meaning in a base address: better refused than dropped.
  if (url.has_userinfo() || url.has_query() || url.has_fragment()) return not_a_url(text);
  std::string host = url.host_address();
  if (host.empty()) return not_a_url(text);
  std::uint16_t port = tls ? 443 : 80;
  if (url.has_port()) {
    const auto given = parse_port(std::string_view(url.port().data(), url.port().size()));
    if (!given || *given == 0) return not_a_url(text);
    port = *given;
  }
  std::string path(url.encoded_path().data(), url.encoded_path().size());
  while (path.ends_with('/')) path.pop_back();
  return Url{tls, Endpoint(std::move(host), port), std::move(path)};
}

Result<Endpoint> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address(text);
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return not_an_address(text);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return not_an_address(text);
  if (bracketed && !is_ip_address(host)) return not_an_address(text);
  return Endpoint(std::string(host), *port);
}

}  // namespace cpods::net
