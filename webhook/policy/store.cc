#include "policy/store.h"

namespace cpods::policy {

Store::Store(std::string directory, LoadOptions options)
    : directory_(std::move(directory)), options_(std::move(options)), watch_(directory_) {}

Reload Store::reload() {
  (void)watch_.changed();  // what is read next is what later changes are measured by
  return load();
}

Reload Store::reload_if_changed() {
  return watch_.changed() ? load() : Reload{};
}

Reload Store::load() {
  auto loaded = load_directory(directory_, options_);
  const bool accepted = loaded.snapshot != nullptr;
  if (accepted) {
    take(std::move(loaded.snapshot));
  } else {
    ++failures_;
  }
  return {true, accepted, std::move(loaded.diagnostics)};
}

// A bad edit that is taken back leaves generation and snapshot alone.
void Store::take(std::shared_ptr<const Snapshot> snapshot) {
  const auto before = current();
  if (before != nullptr && before->digest() == snapshot->digest()) return;
  {
    const std::lock_guard lock(mutex_);
    current_ = std::move(snapshot);
  }
  ++generation_;
}

}  // namespace cpods::policy
