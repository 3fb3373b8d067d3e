#pragma once
// `review`'s judgement of one object: the very decisions of the two doors, one after the other.
// Pure; one thread.

#include <optional>
#include <string>
#include <vector>

#include "admission/cluster.h"
#include "admission/verdict.h"
#include "base/error.h"
#include "commands/review_input.h"
#include "policy/snapshot.h"

namespace cpods::commands {

// What the Pods of a workload would hear.
struct PodsOutcome {
  bool allowed = true;
  std::string message;
  std::string patch = "[]";
  // As the controller would send one, and with the patch applied; both null where that cannot be
  // told.
  json::Document before = json::Document::copy_of({});
  json::Document after = json::Document::copy_of({});
};

struct Outcome {
  std::string title;  // Pod payments/web
  std::string place;  // file:line:column
  bool allowed = true;
  admission::Reason reason = admission::Reason::NotConcerned;
  std::string message;
  std::vector<std::string> warnings;
  std::string patch = "[]";  // JSON Patch operations
  std::vector<std::string> policies;
  std::vector<admission::Complaint> findings;  // of policies of any action
  std::optional<PodsOutcome> pods;             // of a workload
  json::Document before;
  json::Document after;       // `before` with the patch applied
  std::string review_answer;  // of an AdmissionReview: the answer; else empty
  std::string namespace_name;

  // Something would be refused.
  [[nodiscard]] bool is_finding() const { return !allowed || (pods && !pods->allowed); }
  // The sentence of the refusal, "" where there is none.
  [[nodiscard]] const std::string& refusal() const {
    return pods && !pods->allowed ? pods->message : message;
  }
};

// Malformed, with a JSON Pointer into the object, where it cannot be read.
[[nodiscard]] Result<Outcome> judge(const InputObject& object, const policy::Snapshot& snapshot,
                                    const admission::Cluster& cluster,
                                    const std::string& default_namespace);

}  // namespace cpods::commands
