#pragma once
// The policies of a snapshot by what they reach: one Reach a distinct scope.
// Values that point nowhere; any thread.

#include <string>
#include <vector>

#include "configuration/scope.h"
#include "policy/snapshot.h"

namespace cpods::configuration {

struct Reach {
  std::string policy;  // which gave it its name
  Scope scope;
  bool enforced = false;   // one of the policies refuses
  bool places = false;     // one changes Pods
  bool templates = false;  // one has something to say about workloads
};

// By the policies' names. Of policies that share a scope it is named after the first that enforces,
// or else the first.
[[nodiscard]] std::vector<Reach> reaches_of(const policy::Snapshot& snapshot);
// All of them as one that has no limits.
[[nodiscard]] Reach everywhere(const std::vector<Reach>& reaches);

// Those that refuse, change Pods, or speak about workloads, without the ones that another of them
// covers: the API server would ask twice about the same.
[[nodiscard]] std::vector<Reach> that_enforce(const std::vector<Reach>& reaches);
[[nodiscard]] std::vector<Reach> that_place(const std::vector<Reach>& reaches);
[[nodiscard]] std::vector<Reach> that_speak_of_templates(const std::vector<Reach>& reaches);
// All; one that only warns does not stand for one that refuses.
[[nodiscard]] std::vector<Reach> that_guard(const std::vector<Reach>& reaches);

}  // namespace cpods::configuration
