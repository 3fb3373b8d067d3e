// Pods that are nearly right, through both doors: whatever comes out, the doors' promises hold, and
// what the guard says is what a naive reading of the Pod says.

#include <cstdint>

#include "fuzz/pods.h"
#include "fuzz/scene.h"
#include "naive/nodes.h"
#include "naive/references.h"

namespace {

using namespace cpods;
using admission::Door;
using admission::Reason;
using fuzz::applied;

admission::Request request_for(json::Node object, std::string_view namespace_name) {
  admission::Request request;
  request.uid = "u-1";
  request.operation = "CREATE";
  request.kind = "Pod";
  request.resource.name = "pods";
  request.namespace_name = namespace_name;
  request.object = object.rooted();
  return request;
}

// After a placed Pod, the guard may still refuse what no patch can mend.
bool is_beyond_mending(Reason reason) {
  return reason == Reason::NodeName || reason == Reason::StepAltered || reason == Reason::Malformed;
}

// What the policies of the scene guard in a namespace.
bool wants_pool(json::Node pod, std::string_view namespace_name) {
  if (namespace_name == "all" || namespace_name == "free") return namespace_name == "all";
  return std::ranges::any_of(naive::references_of(pod), [&](const auto& reference) {
    const auto& [kind, name] = reference;
    if (namespace_name == "place") return kind == "Secret";
    return namespace_name == "deny" &&
           ((kind == "Secret" && name.starts_with("db-")) || kind == "PersistentVolumeClaim");
  });
}

// The pool that they name.
const std::vector<pod::Requirement> kPool = {{"agentpool", {"snp", "snp2"}},
                                             {"security-type", {"ConfidentialVM"}}};

// Nothing where a value has a wrong type, which the prover need not meet.
std::optional<naive::Constraints> constraints_of(json::Node pod) {
  try {
    return naive::read_constraints(pod["spec"]);
  } catch (const json::Malformed&) {
    return std::nullopt;
  }
}

// The worlds of nearly all Pods are smaller; the others are not judged.
constexpr double kLargestWorld = 5000;

void check_guard(json::Node pod, std::string_view namespace_name,
                 const admission::Verdict& verdict) {
  if (verdict.reason == Reason::Malformed) return;
  const bool says_off_pool =
      verdict.reason == Reason::NotGuaranteed || verdict.reason == Reason::SecretOffPool;
  if (!wants_pool(pod, namespace_name)) {
    ++fuzz::tally.judged;
    fuzz::must(!says_off_pool, "what nothing keeps to a pool is not refused", verdict.message);
    return;
  }
  const auto constraints = constraints_of(pod);
  if (!constraints) return;
  const naive::World world(*constraints, kPool);
  if (world.size() > kLargestWorld) return;
  ++fuzz::tally.judged;
  if (naive::certainty_of(*constraints, kPool, world) == pod::Certainty::Guaranteed) {
    fuzz::must(!says_off_pool, "what keeps to the pool is not refused", verdict.message);
  } else {
    fuzz::must(!verdict.allowed, "nothing guarded gets off the pool", json::to_text(pod));
  }
}

void check_creation(json::Node pod, std::string_view namespace_name) {
  const auto request = request_for(pod, namespace_name);
  const auto verdict = fuzz::decide(Door::Place, request);
  const auto unplaced = fuzz::decide(Door::Guard, request);
  check_guard(pod, namespace_name, unplaced);
  if (!verdict.allowed) {
    // Tolerations are read by the mutating door alone.
    fuzz::must(!unplaced.allowed || verdict.reason == Reason::Malformed,
               "what cannot be placed is not let through", verdict.message);
    return;
  }
  const auto after = applied(pod, verdict.patch.text());
  const auto placed = request_for(after.root(), namespace_name);
  const auto second = fuzz::decide(Door::Place, placed);
  fuzz::must(second.allowed && second.patch.empty(), "the second patch is empty",
             second.message + second.patch.text());
  const auto guard = fuzz::decide(Door::Guard, placed);
  check_guard(after.root(), namespace_name, guard);
  if (verdict.reason == Reason::Placed && !guard.allowed) {
    fuzz::must(is_beyond_mending(guard.reason), "the guard accepts what was placed", guard.message);
  }
  if (unplaced.allowed) fuzz::must(guard.allowed, "placing makes nothing worse", guard.message);
}

void check_update(json::Node stored, json::Node fresh, std::string_view namespace_name) {
  auto request = request_for(fresh, namespace_name);
  request.operation = "UPDATE";
  request.old_object = stored.rooted();
  const auto verdict = fuzz::decide(Door::Place, request);
  fuzz::decide(Door::Guard, request);
  if (!verdict.allowed) return;
  const auto after = applied(fresh, verdict.patch.text());
  request.object = after.root();
  const auto second = fuzz::decide(Door::Place, request);
  fuzz::must(second.allowed && second.patch.empty(), "what was restored stays",
             second.message + second.patch.text());
}

void check_template(json::Node pod, std::string_view namespace_name) {
  const auto text = json::Writer()
                        .object()
                        .key("metadata")
                        .object()
                        .field("name", "shop")
                        .end()
                        .key("spec")
                        .object()
                        .key("template")
                        .node(pod)
                        .end()
                        .end()
                        .take();
  const auto workload = json::Document::parse(text);
  if (!workload) return;  // nested too deep by now
  auto request = request_for(workload->root(), namespace_name);
  request.kind = "Deployment";
  request.resource.name = "deployments";
  fuzz::decide(Door::Guard, request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices({data, size});
  static constexpr std::string_view kNamespaces[] = {"all", "deny", "place", "free"};
  const auto namespace_name = choices.among(kNamespaces);
  const auto stored = fuzz::mutated(fuzz::some_seed(choices), choices);
  const auto fresh =
      fuzz::constrained(fuzz::mutated(json::Document::copy_of(stored.root()), choices), choices);
  check_creation(fresh.root(), namespace_name);
  check_update(stored.root(), fresh.root(), namespace_name);
  check_template(fresh.root(), namespace_name);
  return 0;
}
