#pragma once
// Parts of expressions in the Common Expression Language, as the API server evaluates it in
// matchConditions and admission policies.
// Pure; any thread.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model.h"

namespace cpods::configuration::cel {

// The API server parses no expression longer than this (cel-go's ExpressionSizeCodePointLimit, as
// it leaves it), in characters; all that is written into expressions is ASCII.
inline constexpr std::size_t kExpressionBytes = 100'000;

// A string literal. JSON's escapes are CEL's too.
[[nodiscard]] std::string quoted(std::string_view text);
// ["a", "b"]
[[nodiscard]] std::string list(std::span<const std::string> texts);
// RE2: a pattern's text, anchored, with `*` for any run of characters and all else for itself.
[[nodiscard]] std::string regular_expression(std::string_view pattern);
// True where the string `value` matches one of the patterns: value == "web" ||
// value.startsWith("pay-").
[[nodiscard]] std::string matches_any(std::string_view value,
                                      const std::vector<policy::NamePattern>& patterns);

}  // namespace cpods::configuration::cel
