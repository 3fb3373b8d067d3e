#include "policy/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/bytes.h"
#include "base/limits.h"

namespace cpods::policy {
namespace {

constexpr int kReads = 3;  // an update may swap the link while the files are read
constexpr std::chrono::seconds kUnsettled{2};

std::unexpected<Error> system_failure(std::string where) {
  const auto code = errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Unavailable;
  return failure(code, std::move(where), std::string("cannot be read: ") + std::strerror(errno));
}

// Names alone, sorted.
Result<std::vector<std::string>> list(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return system_failure(path);
  std::vector<std::string> names;
  errno = 0;
  while (const auto* entry = readdir(folder.get())) {
    if (is_policy_file(entry->d_name)) names.emplace_back(entry->d_name);
  }
  if (errno != 0) return system_failure(path);
  std::ranges::sort(names);
  return names;
}

class OpenFile {
 public:
  // A pipe would make open() wait; it is refused by its type then.
  explicit OpenFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Result<std::string> read_file(const std::string& path) {
  const OpenFile file(path);
  struct stat status{};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return system_failure(path);
  if (!S_ISREG(status.st_mode)) {
    return failure(ErrorCode::Unavailable, path, "is not a file");
  }
  std::string text;
  std::array<char, 16384> buffer;
  while (text.size() <= limits::kPolicyFileBytes) {
    const auto count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0) return system_failure(path);
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string data_link(const std::string& path) {
  std::error_code none;
  return std::filesystem::read_symlink(path + "/..data", none).string();
}

Result<std::vector<SourceFile>> read_once(const std::string& path) {
  const auto names = list(path);
  if (!names) return std::unexpected(names.error());
  std::vector<SourceFile> files;
  for (const auto& name : *names) {
    auto text = read_file(path + "/" + name);
    if (!text) return std::unexpected(text.error());
    files.push_back({path + "/" + name, *std::move(text)});
  }
  return files;
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

struct Stamp {
  std::string text;
  bool settled = true;
};

Stamp stamp_of(const std::string& path) {
  Stamp stamp{data_link(path)};
  const auto names = list(path);
  if (!names) return {names.error().text(), false};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  for (const auto& name : *names) {
    struct stat status{};
    if (stat((path + "/" + name).c_str(), &status) != 0) return {stamp.text, false};
    for (const auto number : {static_cast<long>(status.st_ino), static_cast<long>(status.st_size),
                              status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                              status.st_ctim.tv_nsec}) {
      stamp.text += " " + std::to_string(number);
    }
    stamp.text += " " + name;
    const auto written =
        std::chrono::seconds(std::max(status.st_mtim.tv_sec, status.st_ctim.tv_sec));
    stamp.settled = stamp.settled && now - written > kUnsettled;
  }
  return stamp;
}

std::string content_digest(const std::string& path) {
  const auto files = read_directory(path);
  if (!files) return files.error().text();
  std::string all;
  for (const auto& file : *files) {
    all += file.name + '\0' + std::to_string(file.text.size()) + '\0' + file.text;
  }
  return hex_encode(sha256(as_bytes(all)));
}

}  // namespace

bool is_policy_file(std::string_view name) {
  return !name.starts_with('.') &&
         (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

Result<std::vector<SourceFile>> read_directory(const std::string& path) {
  const auto folder = without_slash(path);
  for (int attempt = 1;; ++attempt) {
    const auto before = data_link(folder);
    auto files = read_once(folder);
    if (data_link(folder) == before || attempt == kReads) return files;
  }
}

Loaded load_files(const std::string& path, const std::vector<SourceFile>& files,
                  const LoadOptions& options) {
  if (!files.empty()) return load(files, options);
  const auto message = "no policy files (*.yaml, *.yml, *.json) in " + path;
  return {nullptr, {{Severity::Error, {}, message}}};
}

Loaded load_directory(const std::string& path, const LoadOptions& options) {
  const auto files = read_directory(path);
  if (files) return load_files(path, *files, options);
  const auto& error = files.error();
  return {nullptr, {{Severity::Error, {error.where, 0, 0}, error.message}}};
}

bool DirectoryWatch::changed() {
  const auto stamp = stamp_of(path_);
  if (digest_ && settled_ && stamp.text == stamp_) return false;
  stamp_ = stamp.text;
  settled_ = stamp.settled;
  auto digest = content_digest(path_);
  const bool differs = digest_ != digest;
  digest_ = std::move(digest);
  return differs;
}

}  // namespace cpods::policy
