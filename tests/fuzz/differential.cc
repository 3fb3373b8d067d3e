// The walker of references and the placement prover, each beside a naive implementation that shares
// no code with it: on any Pod both find the same.

#include <cstdint>

#include "fuzz/pods.h"
#include "fuzz/scene.h"
#include "naive/nodes.h"
#include "naive/references.h"
#include "pod/placement.h"
#include "pod/secret_references.h"

namespace {

using namespace cpods;

void check_references(json::Node pod) {
  naive::References found;
  try {
    for (const auto& reference : pod::secret_references(pod["spec"])) {
      if (reference.kind == pod::ReferenceKind::Unknown) continue;
      found.emplace(name_of(reference.kind), reference.name);
    }
  } catch (const json::Malformed&) {
    return;
  }
  fuzz::must(found == naive::references_of(pod), "both walkers find the same", json::to_text(pod));
}

std::vector<pod::Requirement> some_pool(fuzz::Choices& choices) {
  static const std::vector<std::vector<std::string>> kPools = {
      {"snp", "snp2"}, {"snp"}, {"other", "4"}, {"", "05"}};
  std::vector<pod::Requirement> pool = {{"agentpool", choices.among(kPools)}};
  if (choices.below(2) == 0) pool.push_back({"security-type", {"ConfidentialVM"}});
  return pool;
}

// Larger worlds cost too much; nearly all Pods have smaller ones.
constexpr double kLargestWorld = 5000;

void check_placement(json::Node pod, const std::vector<pod::Requirement>& pool) {
  const auto constraints = naive::read_constraints(pod["spec"]);
  const naive::World world(constraints, pool);
  if (world.size() > kLargestWorld) return;
  const auto expected = naive::certainty_of(constraints, pool, world);
  fuzz::must(pod::prove_placement(pod["spec"], pool).certainty == expected,
             "both provers say the same", json::to_text(pod));
  json::Patch patch;
  pod::place(pod["spec"], "/spec", pool, patch);
  const auto after = fuzz::applied(pod, patch.text());
  const auto placed = naive::read_constraints(after.root()["spec"]);
  world.for_each_node([&](const auto& node) {
    fuzz::must(matches(placed, world, node) ==
                   (is_on(pool, world, node) && matches(constraints, world, node)),
               "a placed Pod matches the nodes that it matched on the pool", patch.text());
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices({data, size});
  const auto pool = some_pool(choices);
  const auto pod = fuzz::constrained(fuzz::mutated(fuzz::some_seed(choices), choices), choices);
  if (pod.root()["spec"].kind() != json::Kind::Object) return 0;
  check_references(pod.root());
  try {
    check_placement(pod.root(), pool);
  } catch (const json::Malformed&) {
    // A value of a wrong type, which either of the two may meet alone: they need not read all.
  }
  return 0;
}
