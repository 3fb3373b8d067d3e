#pragma once
// What went wrong, where, and in which words: the one value that carries a failure between rooms.
// A refusal of a Pod is not an Error; it is an ordinary answer (admission/verdict.h).
// Plain values, owned by whoever holds them; any thread.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace cpods {

enum class ErrorCode : std::uint8_t {
  Malformed,    // the bytes are not what they should be: syntax, encoding, wrong type
  TooLarge,     // a limit of base/limits.h was exceeded
  Invalid,      // well formed, but not allowed: unknown field, unknown pool, bad value
  NotFound,     // the thing named does not exist
  Unavailable,  // a peer or a device did not answer; trying again may help
  Denied,       // a peer answered and refused
  Internal,     // a bug or a broken environment
};

[[nodiscard]] std::string_view name_of(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string where;    // JSON Pointer, file:line:column, or endpoint; may be empty
  std::string message;  // a sentence without the place

  // "where: message", or the message alone.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(ErrorCode code, std::string where,
                                                    std::string message) {
  return std::unexpected(Error{code, std::move(where), std::move(message)});
}

}  // namespace cpods
