#pragma once
// What becomes of the entries of one webhook configuration: those that policies need are added or
// put right, those that none needs any more go once they have been unneeded for a while, and those
// that somebody else wrote are left alone.
//
// The while is what keeps replicas apart that read an edited policy at different moments: whoever
// knows of a scope adds it at once, and only who has not needed one for long takes it away. So no
// namespace is unguarded in between.
// Plain values; any thread.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/entry.h"
#include "json/node.h"

namespace cpods::kube {

// Names of entries that are named after their content and are not among those wanted.
[[nodiscard]] std::set<std::string> unneeded(json::Node configuration,
                                             const std::vector<configuration::Entry>& wanted);

// A JSON Patch that makes the list as it should be and fails where somebody was faster; nothing
// where it is so already. `gone`: the unneeded ones to take away. `client_config`: how the API
// server reaches this server, for entries that are new. Throws json::Malformed.
[[nodiscard]] std::optional<std::string> list_patch(json::Node configuration,
                                                    const std::vector<configuration::Entry>& wanted,
                                                    const std::set<std::string>& gone,
                                                    json::Node client_config);

}  // namespace cpods::kube
