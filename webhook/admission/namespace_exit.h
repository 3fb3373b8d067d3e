#pragma once
// An update of a Namespace that takes it out of the reach of policies that enforce, and how to tell
// whether one of its Pods would be left behind.
// A value that points into the snapshot, which must outlive it, and nowhere else. Any thread.

#include <optional>
#include <string>
#include <vector>

#include "admission/review.h"
#include "pod/labels.h"
#include "policy/snapshot.h"

namespace cpods::admission {

struct NamespaceExit {
  std::string name;
  pod::Labels labels;                       // as they are stored
  std::vector<const policy::Policy*> left;  // at least one, by name
  std::string exempting;                    // the label that makes webhooks leave it out, if any

  // Nothing where the request is no such update. Throws json::Malformed.
  [[nodiscard]] static std::optional<NamespaceExit> of(const Request& request,
                                                       const policy::Snapshot& snapshot);
  // The policy that keeps this running Pod on its pool; nullptr where none does. `pod` is rooted;
  // what cannot be read is kept.
  [[nodiscard]] const policy::Policy* keeps(json::Node pod) const;
};

}  // namespace cpods::admission
