// What an update gets back.
//
// `kubectl apply` of a manifest that sets its own node affinity or tolerations sends those lists as
// its author wrote them, without what was injected at creation, because both lists are atomic. The
// API server then refuses the update as a change of immutable fields. So the parts are given back
// verbatim from the stored Pod, whatever today's policies would inject: the stored affinity is
// restored only where the new one is that affinity without appended expressions on a pool's keys.
// Who wrote those expressions cannot be told; the API server lets nobody take them away either way.
// Any other edit still meets its own error.

#include <algorithm>
#include <array>

#include "admission/place.h"
#include "pod/containers.h"
#include "pod/names.h"

namespace cpods::admission {
namespace {

bool is_pool_key(const policy::Snapshot& snapshot, std::string_view key) {
  return std::ranges::any_of(snapshot.pools(), [&](const auto& pool) {
    return std::ranges::any_of(pool->requirements,
                               [&](const auto& requirement) { return requirement.key == key; });
  });
}

// `stored` is `fresh` with zero or more expressions on pool keys appended.
bool is_extension(json::Node stored, json::Node fresh, const policy::Snapshot& snapshot) {
  if (stored.size() < fresh.size()) return false;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto expression = stored.at(i);
    if (i < fresh.size() ? !expression.equals(fresh.at(i))
                         : !is_pool_key(snapshot, expression["key"].text())) {
      return false;
    }
  }
  return true;
}

// Every stored term extends the term of the same place; a wholly injected affinity has one term.
bool lost_requirements(json::Node stored, json::Node fresh, const policy::Snapshot& snapshot) {
  const auto stored_terms = stored["nodeSelectorTerms"];
  const auto fresh_terms = fresh["nodeSelectorTerms"];
  if (!fresh) {
    return stored_terms.size() == 1 &&
           is_extension(stored_terms.at(0)["matchExpressions"], {}, snapshot) &&
           stored_terms.at(0)["matchFields"].size() == 0;
  }
  if (stored_terms.size() != fresh_terms.size() || stored.equals(fresh)) return false;
  for (std::size_t i = 0; i < stored_terms.size(); ++i) {
    const auto before = stored_terms.at(i);
    const auto after = fresh_terms.at(i);
    const auto fields = before["matchFields"];
    const bool same_fields = fields.size() == after["matchFields"].size() &&
                             (fields.size() == 0 || fields.equals(after["matchFields"]));
    if (!same_fields ||
        !is_extension(before["matchExpressions"], after["matchExpressions"], snapshot)) {
      return false;
    }
  }
  return true;
}

void restore_affinity(json::Node stored, json::Node fresh, const policy::Snapshot& snapshot,
                      json::Patch& patch) {
  const auto before = stored["affinity"]["nodeAffinity"][names::kRequiredAffinity];
  const auto after = fresh["affinity"]["nodeAffinity"][names::kRequiredAffinity];
  if (before && lost_requirements(before, after, snapshot)) {
    pod::require_affinity(fresh, "/spec", json::to_text(before), patch);
  }
}

bool is_pool_toleration(const pod::Toleration& toleration, const policy::Snapshot& snapshot) {
  return std::ranges::any_of(snapshot.pools(), [&](const auto& pool) {
    return std::ranges::find(pool->tolerations, toleration) != pool->tolerations.end();
  });
}

// Each once, however often a Pod repeats it: so there are no more than the pools have.
void restore_tolerations(json::Node stored, json::Node fresh, const policy::Snapshot& snapshot,
                         json::Patch& patch) {
  std::vector<pod::Toleration> carried;
  for (const json::Node each : stored["tolerations"].elements()) {
    auto toleration = pod::Toleration::read(each);
    if (is_pool_toleration(toleration, snapshot) &&
        std::ranges::find(carried, toleration) == carried.end()) {
      carried.push_back(std::move(toleration));
    }
  }
  pod::tolerate(fresh, "/spec", pod::missing_tolerations(fresh, carried), patch);
}

void restore_step(json::Node stored, json::Node fresh, json::Patch& patch) {
  using pod::find_named;
  const auto step = find_named(stored["initContainers"], names::kStep);
  if (!step || find_named(fresh["initContainers"], names::kStep)) return;
  patch.prepend(fresh, "/spec", "initContainers", json::to_text(step));
  std::vector<std::string> volumes;
  for (const auto name : {names::kOutputVolume, names::kNoTokenVolume, names::kDeviceVolume}) {
    const auto volume = find_named(stored["volumes"], name);
    if (volume && !find_named(fresh["volumes"], name)) volumes.push_back(json::to_text(volume));
  }
  patch.append(fresh, "/spec", "volumes", volumes);
}

}  // namespace

json::Patch restore_pod(json::Node stored_spec, json::Node new_spec,
                        const policy::Snapshot& snapshot) {
  json::Patch patch;
  restore_affinity(stored_spec, new_spec, snapshot, patch);
  restore_tolerations(stored_spec, new_spec, snapshot, patch);
  restore_step(stored_spec, new_spec, patch);
  return patch;
}

}  // namespace cpods::admission
