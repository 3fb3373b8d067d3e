#include "node/device_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <thread>

namespace cpods::node {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenTries{50};

// /dev/tpmN, without the kernel's resource manager.
bool opens_once(std::string_view device) {
  constexpr std::string_view kPrefix = "/dev/tpm";
  if (!device.starts_with(kPrefix) || device.size() == kPrefix.size()) return false;
  return std::ranges::all_of(device.substr(kPrefix.size()),
                             [](char c) { return c >= '0' && c <= '9'; });
}

bool lock_in_time(int file, std::chrono::milliseconds limit) {
  const auto end = steady_clock::now() + limit;
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (steady_clock::now() + kBetweenTries > end) return false;
    std::this_thread::sleep_for(kBetweenTries);
  }
  return true;
}

}  // namespace

DeviceLock::DeviceLock(const std::string& device, std::chrono::milliseconds limit) {
  if (opens_once(device)) return;
  file_ = ::open(device.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file_ < 0 || lock_in_time(file_, limit)) return;
  ::close(file_);
  file_ = -1;
}

DeviceLock::~DeviceLock() {
  if (file_ >= 0) ::close(file_);  // and the lock with it
}

}  // namespace cpods::node
