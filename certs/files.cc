#include "certs/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/limits.h"

namespace cpods::certs {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::unexpected<Error> os_failure(const std::filesystem::path& path, std::string_view doing) {
  const int number = errno;
  return failure(number == ENOENT ? ErrorCode::NotFound : ErrorCode::Unavailable, path.string(),
                 "cannot " + std::string(doing) + ": " + std::strerror(number));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A rename is on the disk only when its folder is.
bool sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::fsync(fd.get()) == 0;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return os_failure(path, "open it");
  std::string bytes;
  std::array<char, 16384> chunk;
  for (;;) {
    const auto count = ::read(file.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os_failure(path, "read it");
    if (count == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    if (bytes.size() > limits::kPemBytes) {
      return failure(ErrorCode::TooLarge, path.string(),
                     "larger than " + std::to_string(limits::kPemBytes / 1024) +
                         " KiB, which no certificate chain or key is");
    }
  }
}

Result<void> write_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  std::string temporary = path.string() + ".XXXXXX";
  // mkostemp makes the file 0600; it is opened to others only when it is whole.
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return os_failure(path, "make a file beside it");
  const bool written = write_all(file.get(), bytes) && ::fchmod(file.get(), mode) == 0 &&
                       ::fsync(file.get()) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    auto error = os_failure(path, "write it");
    ::unlink(temporary.c_str());
    return error;
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (!sync_folder(folder)) return os_failure(folder, "sync the folder");
  return {};
}

}  // namespace cpods::certs
