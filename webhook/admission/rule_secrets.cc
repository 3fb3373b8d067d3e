// Threat: a Pod that may run on an ordinary node and refers to a guarded Secret carries it there;
// kubelets mount Secret volumes before any container starts, so only placement keeps it away.
// Fields: every path of pod/secret_references.cc, in all three container lists and all volume
// kinds. Never the Pod's labels: its author chooses those.

#include <array>
#include <utility>
#include <vector>

#include "admission/rules.h"

namespace cpods::admission {
namespace {

std::string quote(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

struct Words {
  Reason reason;
  std::string_view verb;
};

constexpr std::array<Words, 3> kWords = {{
    {Reason::SecretOffPool, "may only be read on"},
    {Reason::SecretOffPool, "may only be used on"},
    {Reason::UnknownSource, "may carry a secret and is only allowed on"},
}};

std::size_t words_for(pod::ReferenceKind kind) {
  if (kind == pod::ReferenceKind::Unknown) return 2;
  return kind == pod::ReferenceKind::ServiceAccount ? 1 : 0;
}

// What an unknown source names cannot be told, so it is the same one only while it says the same.
Mention mention_of(const pod::SecretReference& reference) {
  const bool unknown = reference.kind == pod::ReferenceKind::Unknown;
  return {.kind = pod::name_of(reference.kind),
          .name = reference.name,
          .at = reference.at,
          .content = unknown ? reference.at : json::Node()};
}

}  // namespace

void check_secrets(const Subject& subject, const policy::Snapshot& snapshot, Findings& findings) {
  for (const auto& concern : subject.concerns) {
    if (concern.guarded.empty() || concern.guaranteed()) continue;
    std::array<std::vector<Mention>, kWords.size()> mentions;
    for (const auto& each : concern.guarded) {
      mentions[words_for(each.kind)].push_back(mention_of(each));
    }
    const auto pool = quote(concern.policy->pool->name);
    for (std::size_t i = 0; i < kWords.size(); ++i) {
      if (mentions[i].empty()) continue;
      findings.push_back({.reason = kWords[i].reason,
                          .policy = concern.policy,
                          .mentions = std::move(mentions[i]),
                          .before = std::string(kWords[i].verb) + " pool " + pool + " (",
                          .after = "), but " + explain(concern.placement),
                          .fix = advise(concern, subject, snapshot),
                          .brief = "may be used off pool " + pool,
                          .certainty = concern.placement.certainty});
    }
  }
}

}  // namespace cpods::admission
