#pragma once
// The HTTP contract: which heads are served, and which sentence answers the others.
// Pure functions of a head; any thread.
//
// A POST must say its length, so that where a request ends is never a matter of interpretation:
// anything with a Transfer-Encoding is refused, and with it every known way to smuggle a request.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http.h"

namespace cpods::server {

struct Head {
  std::string_view method;
  std::string_view target;
  unsigned version = 11;  // 10 × major + minor
  bool has_transfer_encoding = false;
  std::optional<std::uint64_t> content_length;
  std::optional<std::string_view> content_type;
  std::string_view expect;
};

struct Refusal {
  Reply reply;
  std::string allow;  // the Allow header of a 405
};

// Nothing when the head may be served by `routes`. A refused request's body is never read;
// `body_limit` is the longest that is read at all.
[[nodiscard]] std::optional<Refusal> refuse(const Head& head, const Routes& routes,
                                            std::size_t body_limit);

// True for a head whose connection cannot be used again after a refusal.
[[nodiscard]] bool has_body(const Head& head);

// The bytes before the body: status line and headers. `date` is RFC 9110's IMF-fixdate.
[[nodiscard]] std::string head_of(const Reply& reply, std::string_view date, bool keep_alive,
                                  std::string_view allow = {});

}  // namespace cpods::server
