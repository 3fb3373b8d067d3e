#pragma once
// The only place that says yes or no. No I/O, no clock, no state: the request, the snapshot and
// what is known of the cluster go in, the verdict comes out. Any thread.
//
// Fail closed: a Pod that cannot be read where a policy enforces, a namespace whose labels are not
// known where a policy asks for them, and any exception are refusals.

#include <cstdint>

#include "admission/cluster.h"
#include "admission/review.h"
#include "admission/verdict.h"
#include "policy/snapshot.h"

namespace cpods::admission {

enum class Door : std::uint8_t { Place, Guard };  // /mutate and /validate

[[nodiscard]] Verdict decide(Door door, const Request& request, const policy::Snapshot& snapshot,
                             const Cluster& cluster);

// Whether the request concerns an object that this product looks at: a Pod, its ephemeral
// containers or status, its binding, or a workload with a Pod template.
[[nodiscard]] bool is_looked_at(const Request& request);

// One of the eight built-in kinds that hold the template of a Pod; a custom resource of the same
// name may look quite different.
[[nodiscard]] bool is_workload(const Request& request);

// Whether policies are asked about it at this door, so that the labels of its namespace matter:
// neither on its way out, nor an update that changes nothing or is only given back what it lost.
[[nodiscard]] bool is_judged(Door door, const Request& request);

}  // namespace cpods::admission
