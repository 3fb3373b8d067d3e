#pragma once
// The folder that the step leaves its results in, for the application to read: each file whole or
// not at all, readable by everybody and writable by nobody. Functions; any thread.

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cpods::node {

// Unavailable, with the path, where it cannot be written.
[[nodiscard]] Result<void> write_output(const std::string& folder, std::string_view name,
                                        std::string_view text);

// Takes away what is there of these, and drafts of them. Unavailable, with the path, where one
// stays.
[[nodiscard]] Result<void> remove_outputs(const std::string& folder,
                                          std::initializer_list<std::string_view> names);

}  // namespace cpods::node
