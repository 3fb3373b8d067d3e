#pragma once
// Expressions about members that may not be there: CEL fails where it reads one that is missing, so
// each has to be asked for first.
// Pure; any thread.

#include <string>
#include <string_view>
#include <vector>

namespace cpods::configuration::cel {

// False where there are none.
[[nodiscard]] std::string any_of(const std::vector<std::string>& alternatives);
// True where there are none.
[[nodiscard]] std::string all_of(const std::vector<std::string>& conditions);
// has(a.b) && has(a.b.c): every member of the path a.b.c below its first is there.
[[nodiscard]] std::string has(std::string_view path);
// The list at `path` is there and holds an element, called `variable`, for which `condition` is
// true.
[[nodiscard]] std::string in_each(std::string_view path, std::string_view variable,
                                  const std::string& condition);

}  // namespace cpods::configuration::cel
