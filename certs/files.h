#pragma once
// Files that hold keys and certificates: read whole and bounded, written so that a reader sees the
// old bytes or the new ones and a key is never readable by others, not even for a moment.
// Blocking; any thread.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cpods::certs {

inline constexpr mode_t kPublicFile = 0644;
inline constexpr mode_t kPrivateFile = 0600;

// NotFound, TooLarge (limits::kPemBytes) or Unavailable, with the path as the place.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);

// Writes a new file beside `path`, syncs it and renames it into place.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, std::string_view bytes,
                                      mode_t mode);

}  // namespace cpods::certs
