// Threat: a Pod that may run on an ordinary node and refers to a guarded Secret carries it there;
// kubelets mount Secret volumes before any container starts, so only placement keeps it away.
// Fields: every path of pod/secret_references.cc, in all three container lists and all volume
// kinds. Never the Pod's labels: its author chooses those.

#include <array>
#include <utility>

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

}  // namespace

// What an unknown source names cannot be told, so it is the same one only while it says the same.
Mention mention_of(const pod::SecretReference& reference) {
  const bool unknown = reference.kind == pod::ReferenceKind::Unknown;
  return {.kind = pod::name_of(reference.kind),
          .name = reference.name,
          .at = reference.at,
          .content = unknown ? reference.at : json::Node()};
}

void check_secrets(const Concern& concern, const Judging& judging, Findings& findings) {
  if (!concern.reads_guarded || concern.guaranteed()) return;
  std::array<Finding, kWords.size()> found;
  for (const auto& each : judging.subject.references) {
    if (!is_guarded(*concern.policy, each)) continue;
    found[words_for(each.kind)].mention(mention_of(each), judging.mentions_kept);
  }
  const auto pool = quote(concern.policy->pool->name);
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    auto& finding = found[i];
    if (finding.mentions.empty()) continue;
    finding.reason = kWords[i].reason;
    finding.policy = concern.policy;
    finding.before = std::string(kWords[i].verb) + " pool " + pool + " (";
    finding.after = "), but " + explain(concern.placement);
    finding.fix = advise(concern, judging);
    finding.brief = "may be used off pool " + pool;
    finding.certainty = concern.placement.certainty;
    findings.push_back(std::move(finding));
  }
}

}  // namespace cpods::admission
