#pragma once
// One thing that is wrong with a Pod in the eyes of one policy, and how it is told.
//
// A finding may be about thousands of places, because sizes are a stranger's to choose: its words
// are there once, and a place is only searched for when it is told.
//
// Pure; any thread. Findings point into the Snapshot and the document that they come from.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admission/verdict.h"
#include "json/node.h"
#include "policy/model.h"

namespace cpods::admission {

// What a finding is about: Secret "db" (spec.containers[0].env[2]).
struct Mention {
  std::string_view kind = {};  // Secret; empty: the place says it all
  std::string_view name = {};  // db; may be empty
  json::Node at = {};          // where, if that says more
  json::Node content = {};     // what makes it another problem when an update changes it

  [[nodiscard]] std::string what() const;  // Secret "db", or the place
  friend bool operator==(const Mention& a, const Mention& b) {
    return a.kind == b.kind && a.name == b.name && a.at.is(b.at);
  }
};

struct Finding {
  Reason reason = Reason::Internal;
  const policy::Policy* policy = nullptr;
  std::vector<Mention> mentions = {};  // told before the sentence; none: it has its own subject
  std::size_t more = 0;                // mentions that are only counted
  // The sentence, with the policy's name between the two parts, or nowhere where `after` is empty:
  // policies that say the same are told in one sentence.
  std::string before = {};
  std::string after = {};
  std::string fix = {};                                   // a sentence of its own
  std::string brief = {};                                 // both in few words, for warnings
  pod::Certainty certainty = pod::Certainty::Guaranteed;  // of the Pod, on the policy's pool

  // Adds one; beyond `kept` it is counted.
  void mention(const Mention& added, std::size_t kept);
  // Only counts those beyond the first `kept` from here on, and frees their memory.
  void count_beyond(std::size_t kept);
};

using Findings = std::vector<Finding>;

// What `after` has and `before` has not: an update is held to what it makes worse, so that a policy
// that arrives later never holds up a running Pod's labels, finalizers or status. A problem is the
// same one wherever it stands. Mentions that are only counted are not compared.
[[nodiscard]] Findings made_worse(Findings after, const Findings& before);

// The refusal's text: "payments/web: …". Beyond limits::kFindingsTold sentences, or mentions or
// policies in one, they are counted. One line of at most limits::kMessageBytes bytes.
[[nodiscard]] std::string tell(std::string_view who, std::span<const Finding> findings);

// Adds a warning for each mention, up to limits::kWarnings in all: policy "db" LEAD: brief. Each is
// at most limits::kWarningBytes bytes, cut at a character with an ellipsis; names the place where
// there is room for it. Of several policies one is named and the rest counted, and a long name is
// cut where the problem would be.
void warn(Verdict& verdict, std::span<const Finding> findings, std::string_view lead = "");

}  // namespace cpods::admission
