#pragma once
// One thing that is wrong with a Pod in the eyes of one policy, and how it is told.
// Pure; any thread. Findings point into the Snapshot that they come from.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admission/verdict.h"
#include "json/node.h"
#include "policy/model.h"

namespace cpods::admission {

struct Finding {
  Reason reason = Reason::Internal;
  const policy::Policy* policy = nullptr;
  std::string what;   // what is wrong, briefly: Secret "db"
  json::Node at;      // where, if that says more: a place is only searched for when it is told
  std::string why;    // the rest of the sentence that explains it
  std::string fix;    // a sentence of its own
  std::string brief;  // the whole in few words, for warnings
  std::string seen;   // content that, when an update changes it, makes this another problem

  // Two findings of the same identity are the same problem before and after an update.
  [[nodiscard]] std::string identity() const;
  // Secret "db" (spec.containers[0].env[2])
  [[nodiscard]] std::string subject() const;
};

// The refusal's text: "payments/web: …". Findings that share policy, reason and explanation are
// told in one sentence; beyond limits::kFindingsTold they are counted. One line of at most
// limits::kMessageBytes bytes.
[[nodiscard]] std::string tell(std::string_view who, std::span<const Finding> findings);

// At most limits::kWarningBytes bytes, cut at a character with an ellipsis; names the place where
// there is room for it.
[[nodiscard]] std::string warning(std::string_view lead, const Finding& finding);

}  // namespace cpods::admission
