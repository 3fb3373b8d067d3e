#pragma once
// What the Pods of a workload would hear, told when the workload is applied.
// Pure; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "admission/finding.h"
#include "admission/review.h"
#include "admission/subject.h"
#include "pod/templates.h"
#include "policy/snapshot.h"

namespace cpods::admission {

// The Pod of a template, as it would be created and then patched.
struct Rehearsal {
  json::Document pod;             // as its controller would send it
  json::Document placed;          // after the patch
  Verdict place;                  // of the mutating door
  std::vector<Finding> findings;  // of the guard
  std::vector<std::string> policies;
};

// `name` is the workload's. Throws json::Malformed with a place
// in the workload.
[[nodiscard]] Rehearsal rehearse(const Namespace& home, std::string_view name,
                                 const pod::Template& found, const policy::Snapshot& snapshot);

// The guard's answer about the workload itself, by each policy's `templates` setting. On UPDATE an
// unchanged template is not judged again; one that cannot be read is a finding of each policy.
[[nodiscard]] Verdict check_template(const Request& request, const Namespace& home,
                                     const policy::Snapshot& snapshot);

// The mutating door's answer about a workload: a DaemonSet whose Pods want a pool gets the pool's
// requirements and tolerations into its template. What cannot be placed or read is left alone.
[[nodiscard]] Verdict place_template(const Request& request, const Namespace& home,
                                     const policy::Snapshot& snapshot);

}  // namespace cpods::admission
