#pragma once
// What a service says where it does not give what it was asked for. Pure; any thread.

#include <string>
#include <string_view>

#include "net/client.h"

namespace cpods::node {

// The service's own words out of its answer: `message` of Azure's errors, `detail` of RFC 7807;
// empty where it has none. Cut to what a line of a log bears.
[[nodiscard]] std::string words_of(const net::Response& answer);

// "it answers HTTP 400: …"
[[nodiscard]] std::string answers(const net::Response& answer);

}  // namespace cpods::node
