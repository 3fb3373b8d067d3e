#pragma once
// Text of strangers, made fit to be told or compared.
// Pure; any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace cpods {

// Each control character, mark of direction and invisible character replaced by a space, and cut at
// a character, with an ellipsis, where it is longer than `limit` bytes. `text` is valid UTF-8.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t limit);

// A DNS label (RFC 1123 as Kubernetes has it): what a namespace is called.
[[nodiscard]] bool is_dns_label(std::string_view name);
// A DNS subdomain, labels with dots between them: what most other objects are called.
[[nodiscard]] bool is_dns_subdomain(std::string_view name);

// The same but for the case of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view one, std::string_view other);

// For a query (RFC 3986 §2.1): everything but letters, digits, `-`, `_` and `.` as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace cpods
