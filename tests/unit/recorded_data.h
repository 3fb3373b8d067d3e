#pragma once
// The recorded data lies outside the checkout; tests that need it say so and pass where it is
// absent.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace cpods::recorded {

inline std::filesystem::path folder() {
  if (const char* given = std::getenv("CONFIDENTIAL_PODS_SHARED")) return given;
  return std::filesystem::path(CPODS_SOURCE_DIR).parent_path() / "shared";
}

// Whether `path` below the folder is there; tells that the test is skipped where it is not.
inline bool available(const std::filesystem::path& path) {
  if (std::filesystem::exists(folder() / path)) return true;
  MESSAGE("skipped: no recorded data at " << (folder() / path).string());
  return false;
}

inline std::string read(const std::filesystem::path& path) {
  std::ifstream file(folder() / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace cpods::recorded
