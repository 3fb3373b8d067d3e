#pragma once
// What a decision may ask about the cluster. Answers come from memory; nothing here waits.
// Implemented by kube's namespace cache and, for tests and offline reviews, by a map.
// Implementations may be called from any thread.

#include <memory>
#include <string_view>

#include "pod/labels.h"

namespace cpods::admission {

class Cluster {
 public:
  using Labels = std::shared_ptr<const pod::Labels>;

  virtual ~Cluster() = default;
  // The namespace's labels, or nullptr when this namespace is not known here (yet).
  [[nodiscard]] virtual Labels namespace_labels(std::string_view name) const = 0;
};

}  // namespace cpods::admission
