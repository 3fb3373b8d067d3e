#pragma once
// What a decision may ask about the cluster. Answers come from memory; nothing here waits.
// Implemented by kube's namespace cache and, for tests and offline reviews, by a map.
// Implementations may be called from any thread.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pod/labels.h"

namespace cpods::admission {

class Cluster {
 public:
  using Labels = std::shared_ptr<const pod::Labels>;

  virtual ~Cluster() = default;
  // The namespace's labels, or nullptr when this namespace is not known here (yet).
  [[nodiscard]] virtual Labels namespace_labels(std::string_view name) const = 0;
  // A Pod that still runs in the namespace and that a policy which the namespace is leaving
  // (admission/namespace_exit.h) keeps on its pool; "" where there is none, nothing where nobody
  // has looked.
  [[nodiscard]] virtual std::optional<std::string> kept_pod(std::string_view) const {
    return std::nullopt;
  }
};

}  // namespace cpods::admission
