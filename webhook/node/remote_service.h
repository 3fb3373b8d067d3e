#pragma once
// A service that a pool names, asked over TLS by that name; and what services say where they do not
// give what they were asked for. Blocks the calling thread.

#include <chrono>
#include <string>

#include "evidence/refusal.h"
#include "net/client.h"
#include "net/endpoint.h"
#include "net/tls.h"

namespace cpods::node {

struct RemoteService {
  std::string name;  // as the beginning of a sentence
  net::Url url;
  net::TlsContext tls;
};

// `path` below the service's own. At most `longest` bytes of an answer are read.
[[nodiscard]] net::Request request_to(const RemoteService& service, const std::string& method,
                                      const std::string& path, std::size_t longest);

// The answer of status 200. `refused` where the service says no for good (4xx), in its own words;
// Transport for anything else.
[[nodiscard]] evidence::Proven<net::Response> ask_service(
    const RemoteService& service, const net::Request& request, std::chrono::milliseconds limit,
    evidence::Doubt refused = evidence::Doubt::RemoteRefused);

// A refusal that begins with the service's name.
[[nodiscard]] std::unexpected<evidence::Refusal> refuse_of(const RemoteService& service,
                                                           evidence::Doubt doubt,
                                                           const std::string& why);

// A service's own words out of its answer: `message` of Azure's errors, `detail` of RFC 7807;
// empty where it has none. Cut to what a line of a log bears.
[[nodiscard]] std::string words_of(const net::Response& answer);

// "it answers HTTP 400: …"
[[nodiscard]] std::string answers(const net::Response& answer);

}  // namespace cpods::node
