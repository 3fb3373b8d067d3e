#pragma once
// The answer to one request. Plain value; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/patch.h"
#include "policy/model.h"

namespace cpods::admission {

// Stable codes: the same in metrics, logs, audit annotations and tests.
enum class Reason : std::uint8_t {
  NotConcerned,      // no policy has anything to say
  Satisfied,         // policies concern it, and it is as it should be
  Placed,            // a patch makes it so
  Restored,          // an update gets back what the stored Pod carries
  NotGuaranteed,     // may run, or can only run, off the pool
  SecretOffPool,     // may read a guarded secret off the pool
  UnknownSource,     // carries a volume or source kind this version does not know
  StepMissing,       // no attestation step
  StepAltered,       // an attestation step that is not the prescribed one
  NodeName,          // spec.nodeName goes past the scheduler
  SchedulerName,     // asks a scheduler that is none of the pool's
  PodSecurity,       // the API server would refuse the privileged step
  StepUnfit,         // the API server would refuse the step in this Pod
  LeavesPolicy,      // an update takes away the labels by which a policy selects or reaches it
  Binding,           // bound by someone who is no trusted scheduler
  NodeLabels,        // a kubelet changes what makes its node one of a pool
  Policies,          // a ConfigMap of policies that would not be taken into force
  TwoPools,          // policies name different pools for it
  NamespaceUnknown,  // the namespace's labels, or its Pods, are not known
  Malformed,         // cannot be read
  Internal,          // a bug or a broken environment
};

inline constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::Internal) + 1;

[[nodiscard]] std::string_view name_of(Reason reason);

// What a policy found, whether or not it refused for it: told in audit annotation, log and metric.
struct Complaint {
  Reason reason;
  policy::Action action;
  std::string policy;
  friend bool operator==(const Complaint&, const Complaint&) = default;
};

// SecretOffPool(db),NotGuaranteed(all); beyond twenty they are counted.
[[nodiscard]] std::string listed(const std::vector<Complaint>& complaints);

struct Verdict {
  bool allowed = true;
  Reason reason = Reason::NotConcerned;
  std::string message;  // of a refusal: who, what, why, fix
  std::vector<std::string> warnings;
  json::Patch patch;  // only ever non-empty on an allowed answer of the mutating door
  std::vector<Complaint> complaints;
  std::vector<std::string> policies;  // names of those that concern the object, in order
};

// The message is made one line of at most limits::kMessageBytes bytes: names in it are a
// stranger's.
[[nodiscard]] Verdict refuse(Reason reason, std::string_view message);
// For what went wrong inside, as `what` says. `who` begins the sentence: "payments/web: ", or "".
[[nodiscard]] Verdict refuse_internally(std::string_view who, std::string_view what);

}  // namespace cpods::admission
