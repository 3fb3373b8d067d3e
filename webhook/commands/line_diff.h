#pragma once
// A unified diff of two texts, by lines.
// Pure; any thread.

#include <string>
#include <string_view>

namespace cpods::commands {

// "" when equal; else the two header lines and hunks with three lines of context.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after,
                                       std::string_view before_name, std::string_view after_name);

}  // namespace cpods::commands
