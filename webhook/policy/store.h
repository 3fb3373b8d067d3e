#pragma once
// The policies in force: the last good snapshot of a folder. A bad edit leaves it as it is.
//
// reload() and reload_if_changed() belong to one thread; everything else may be called from any.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "policy/directory.h"
#include "policy/loader.h"
#include "policy/snapshot.h"

namespace cpods::policy {

struct Reload {
  bool tried = false;     // false: nothing had changed
  bool accepted = false;  // the files are good and in force now
  std::vector<Diagnostic> diagnostics;
};

class Store {
 public:
  // Reads nothing yet.
  Store(std::string directory, LoadOptions options);

  Reload reload();
  // Cheap enough to call every second.
  Reload reload_if_changed();

  // nullptr until a first load succeeds; never again then.
  [[nodiscard]] std::shared_ptr<const Snapshot> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  // 0 before the first good load, then 1, 2, … whenever the files differ from those in force.
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(); }
  // Loads that were refused, since the start.
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(); }

 private:
  Reload load();
  void take(std::shared_ptr<const Snapshot> snapshot);

  std::string directory_;
  LoadOptions options_;
  DirectoryWatch watch_;
  // A lock for the copy of one pointer: libstdc++ 12's atomic<shared_ptr> lets a reader's load race
  // with the next store.
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
};

}  // namespace cpods::policy
