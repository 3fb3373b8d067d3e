#pragma once
// The mutating door's work on one Pod: the patch that makes it confidential.
// Pure; any thread.

#include "admission/subject.h"
#include "admission/verdict.h"

namespace cpods::admission {

// For a Pod being created. Refuses where policies name two pools, or where the Pod's own
// constraints rule the pool out or are too many to be judged; else allows, with the patch that is
// still needed.
[[nodiscard]] Verdict place_pod(const Subject& subject, const policy::Snapshot& snapshot);

// The part of it that a Pod template takes, at this path of its workload; nothing where place_pod()
// would refuse the Pod. `subject` is the Pod that the template makes.
[[nodiscard]] Verdict place_spec(const Subject& subject, json::Node spec, std::string_view path,
                                 const policy::Snapshot& snapshot);

// For a Pod being updated: a manifest that is applied again does not carry what was injected, and
// the API server would take that for an attempt to remove it. Gives back, verbatim, the pool's
// requirements, tolerations, step and volumes that the stored Pod has and the new one lacks; adds
// nothing that the stored Pod does not have.
[[nodiscard]] json::Patch restore_pod(json::Node stored_spec, json::Node new_spec,
                                      const policy::Snapshot& snapshot);

}  // namespace cpods::admission
