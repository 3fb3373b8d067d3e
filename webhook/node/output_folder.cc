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
    return failure(ErrorCode::Unavailable, path.string(),
                   "cannot be written" + (error ? ": " + error.message() : std::string()));
  }
  return {};
}

}  // namespace cpods::node
