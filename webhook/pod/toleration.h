#pragma once
// Tolerations let a Pod onto a tainted pool; they never pull it there.
// Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/node.h"
#include "json/patch.h"

namespace cpods::pod {

// core/v1 Toleration. Empty key with Exists tolerates everything, empty effect every effect.
struct Toleration {
  std::string key;
  std::string op = "Equal";  // Equal | Exists
  std::string value;
  std::string effect;  // "" | NoSchedule | PreferNoSchedule | NoExecute
  std::optional<std::int64_t> seconds = std::nullopt;  // how long; for ever where there is none

  [[nodiscard]] static Toleration read(json::Node toleration);
  [[nodiscard]] std::string json() const;
  // Every taint that `other` tolerates is tolerated by this one too, for as long.
  [[nodiscard]] bool covers(const Toleration& other) const;
  // Some taint is tolerated by both.
  [[nodiscard]] bool overlaps(const Toleration& other) const;
  friend bool operator==(const Toleration&, const Toleration&) = default;
};

// The tolerations of `wanted` that none in the Pod covers.
[[nodiscard]] std::vector<Toleration> missing_tolerations(json::Node spec,
                                                          const std::vector<Toleration>& wanted);

// Adds them to the Pod's list: at its end, or at its front where one of the Pod's own tolerates one
// of the same taints for a time only. The first that tolerates a taint says for how long
// (component-helpers GetMatchingTolerations).
void tolerate(json::Node spec, std::string_view spec_path, const std::vector<Toleration>& missing,
              json::Patch& patch);

}  // namespace cpods::pod
