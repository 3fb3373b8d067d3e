#pragma once
// Policy files on disk: the *.yaml, *.yml and *.json of one folder, not of those below it, without
// names that begin with a dot. Each may be a symbolic link, as in a ConfigMap volume, where all of
// them lead through `..data` and an update swaps that one link.
//
// Functions: any thread. A DirectoryWatch belongs to one thread.

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "policy/loader.h"

namespace cpods::policy {

[[nodiscard]] bool is_policy_file(std::string_view name);

// Sorted by name, each named path/file; at most limits::kPolicyFileBytes + 1 bytes of each are
// read. NotFound or Unavailable, naming folder or file, where one cannot be read.
[[nodiscard]] Result<std::vector<SourceFile>> read_directory(const std::string& path);

// As load(), and an error where there is no file at all.
[[nodiscard]] Loaded load_files(const std::string& path, const std::vector<SourceFile>& files,
                                const LoadOptions& options);

// Both in one; a folder or file that cannot be read is a diagnostic.
[[nodiscard]] Loaded load_directory(const std::string& path, const LoadOptions& options);

// Tells whether a folder's policy files have changed, at the price of one stat() a file while they
// have not. What was written in the last two seconds is read again anyway: a second write within
// the same tick of the clock leaves size and times as they are.
class DirectoryWatch {
 public:
  explicit DirectoryWatch(std::string path) : path_(std::move(path)) {}
  // True at the first call, and whenever names or bytes differ from those of the last call.
  [[nodiscard]] bool changed();

 private:
  std::string path_;
  std::string stamp_;
  bool settled_ = false;
  std::optional<std::string> digest_;
};

}  // namespace cpods::policy
