#pragma once
// Where a peer is: host, port, and the name its certificate must carry; and the reading of the two
// notations people write it in. Plain values; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cpods::net {

class Endpoint {
 public:
  Endpoint(std::string endpoint_host, std::uint16_t endpoint_port, std::string tls_name = {})
      : host(std::move(endpoint_host)), port(endpoint_port), server_name(std::move(tls_name)) {}

  // "host:port", an IPv6 address in brackets.
  [[nodiscard]] std::string text() const;
  // As a URL of its scheme spells it (RFC 9110 §7.2): without the port that goes without saying.
  [[nodiscard]] std::string authority(bool tls) const;
  // What the peer's certificate is checked against.
  [[nodiscard]] const std::string& expected_name() const {
    return server_name.empty() ? host : server_name;
  }

  std::string host;  // DNS name or IP address without brackets
  std::uint16_t port;
  std::string server_name;  // kubeconfig's tls-server-name; empty: the host itself

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Url {
  bool tls = true;  // https
  Endpoint endpoint;
  std::string path;  // without a trailing '/', so that "/api" can be appended; may be empty
};

// "https://host[:port][/path]" or "http://…"; anything else is Invalid with a sentence.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// "HOST:PORT", "[IPV6]:PORT" or ":PORT" (every address); port 0 lets the system choose.
[[nodiscard]] Result<Endpoint> parse_listen_address(std::string_view text);

// True for the text of an IPv4 or IPv6 address.
[[nodiscard]] bool is_ip_address(std::string_view text);

}  // namespace cpods::net
