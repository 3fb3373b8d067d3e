#include "node/output_folder.h"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace cpods::node {

Result<void> write_output(const std::string& folder, std::string_view name, std::string_view text) {
  namespace fs = std::filesystem;
  const fs::path path = fs::path(folder) / name;
  fs::path draft = path;
  draft += ".new";
  // An attempt that was killed may have left one that nobody may write.
  std::error_code error;
  fs::remove(draft, error);
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  error.clear();
  if (file) {
    fs::permissions(draft, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read,
                    error);
    if (!error) fs::rename(draft, path, error);
  }
  if (!file || error) {
    std::error_code ignored;
    fs::remove(draft, ignored);
    return failure(ErrorCode::Unavailable, path.string(),
                   "cannot be written" + (error ? ": " + error.message() : std::string()));
  }
  return {};
}

Result<void> remove_outputs(const std::string& folder,
                            std::initializer_list<std::string_view> names) {
  namespace fs = std::filesystem;
  for (const auto name : names) {
    for (const auto* suffix : {"", ".new"}) {
      fs::path path = fs::path(folder) / name;
      path += suffix;
      std::error_code error;
      fs::remove(path, error);
      if (error) {
        return failure(ErrorCode::Unavailable, path.string(),
                       "cannot be removed: " + error.message());
      }
    }
  }
  return {};
}

}  // namespace cpods::node
