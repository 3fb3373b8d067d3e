#pragma once
// One step of a node at a time: an advisory lock on the file of the device, which every Pod that
// has the device by hostPath opens as the same inode. A courtesy, not a guard: where the file
// cannot be locked in time, the work goes on without. Owns the lock; one thread.

#include <chrono>
#include <string>

namespace cpods::node {

class DeviceLock {
 public:
  // Waits for it at most `limit`. A device that can be opened only once, as /dev/tpm0, is its own
  // lock and is left alone.
  DeviceLock(const std::string& device, std::chrono::milliseconds limit);
  ~DeviceLock();
  DeviceLock(const DeviceLock&) = delete;
  DeviceLock& operator=(const DeviceLock&) = delete;

  [[nodiscard]] bool held() const { return file_ >= 0; }

 private:
  int file_ = -1;
};

}  // namespace cpods::node
