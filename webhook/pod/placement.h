#pragma once
// Where a Pod may run: what its nodeSelector and required node affinity prove about a pool.
//
// A pool is a set of requirements, all of which hold on its nodes. A Pod is Guaranteed on it when
// every node that satisfies the Pod's own constraints satisfies the pool, Impossible when none can,
// and Possible in between. The scheduler's own semantics are followed (component-helpers
// scheduling/corev1/nodeaffinity): terms are ORed, expressions ANDed, empty and broken terms match
// nothing, preferences constrain nothing.
//
// Pure functions over one PodSpec; any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "json/node.h"
#include "json/patch.h"

namespace cpods::pod {

// One node label key with its allowed values.
struct Requirement {
  std::string key;
  std::vector<std::string> values;  // at least one

  // agentpool in [confidentialpool]
  [[nodiscard]] std::string text() const;
};

// All of them, with "and" between.
[[nodiscard]] std::string text_of(std::span<const Requirement> requirements);

enum class Certainty : std::uint8_t { Guaranteed, Possible, Impossible };

struct Placement {
  Certainty certainty = Certainty::Possible;
  // Why it is not guaranteed: the requirements that a term, or the Pod without terms, does not
  // imply (Possible), or the first that is contradicted (Impossible); none where no node at all
  // satisfies the Pod.
  std::vector<const Requirement*> open;
  // The nodeSelectorTerms index that shows it, if a term does.
  std::optional<std::size_t> term;
  // Impossible: the nodeSelector entry or expression that contradicts it.
  json::Node contradiction;
  // How many words about nodes the Pod has where they are more than limits::kNodeConstraints, of
  // which nothing is proven: Possible, with nothing open. Else 0.
  std::size_t unread = 0;

  // Part of a sentence: nodeSelectorTerms[1] does not require agentpool in [confidentialpool]
  [[nodiscard]] std::string why() const;
};

// `spec` is a PodSpec; `requirements` outlive the answer, which points into them.
[[nodiscard]] Placement prove_placement(json::Node spec, std::span<const Requirement> requirements);

// Adds what makes the Pod guaranteed: the requirements that are not yet implied, at the end of
// every non-empty term, or an affinity of its own. An empty term matches nothing and stays as it
// is; filling it would loosen the Pod. Nothing is added to a Pod that is guaranteed already, nor
// to one of which nothing could be proven then.
void place(json::Node spec, std::string_view spec_path, std::span<const Requirement> requirements,
           json::Patch& patch);

// Sets the required node affinity to `required` (a NodeSelector as JSON), making the parents that
// the Pod lacks and leaving its other affinities alone.
void require_affinity(json::Node spec, std::string_view spec_path, std::string_view required,
                      json::Patch& patch);

}  // namespace cpods::pod
