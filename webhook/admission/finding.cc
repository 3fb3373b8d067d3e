#include "admission/finding.h"

#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "base/text.h"

namespace cpods::admission {
namespace {

// Findings that differ by their policy alone.
struct Sentence {
  const Finding* finding;
  std::vector<const policy::Policy*> policies;
};

bool same_words(const Finding& a, const Finding& b) {
  return a.reason == b.reason && a.before == b.before && a.after == b.after && a.fix == b.fix &&
         a.brief == b.brief && a.mentions == b.mentions && a.more == b.more;
}

std::vector<Sentence> sentences_of(std::span<const Finding> findings) {
  std::vector<Sentence> sentences;
  for (const auto& finding : findings) {
    const auto same = std::ranges::find_if(
        sentences, [&](const auto& each) { return same_words(*each.finding, finding); });
    if (same == sentences.end()) {
      sentences.push_back({&finding, {finding.policy}});
    } else {
      same->policies.push_back(finding.policy);
    }
  }
  return sentences;
}

std::string and_more(std::size_t total, std::size_t told) {
  return total <= told ? std::string() : " and " + std::to_string(total - told) + " more";
}

// policy "a", or policy "a" as well as "b" and "c" and 7 more: a singular for any number of them.
std::string names_of(const std::vector<const policy::Policy*>& policies) {
  std::string out = "policy";
  for (std::size_t i = 0; i < std::min(policies.size(), limits::kFindingsTold); ++i) {
    out += (i == 0 ? " \"" : i == 1 ? " as well as \"" : " and \"") + policies[i]->name + "\"";
  }
  return out + and_more(policies.size(), limits::kFindingsTold);
}

std::string with_place(const Mention& mention) {
  const bool says_more = mention.at && !mention.kind.empty();
  return says_more ? mention.what() + " (" + mention.at.field_path() + ")" : mention.what();
}

std::size_t count_mentions(const Finding& finding) {
  return finding.mentions.size() + finding.more;
}

std::string listed(const Finding& finding) {
  std::string out;
  const auto told = std::min(finding.mentions.size(), limits::kFindingsTold);
  for (std::size_t i = 0; i < told; ++i) {
    out += (i == 0 ? "" : ", ") + with_place(finding.mentions[i]);
  }
  out += and_more(count_mentions(finding), told);
  return out.empty() ? out : out + ' ';
}

std::string text_of(const Sentence& sentence) {
  const auto& finding = *sentence.finding;
  const auto named = finding.after.empty() ? std::string() : names_of(sentence.policies);
  return listed(finding) + finding.before + named + finding.after + ' ' + finding.fix;
}

// The policy's name is as long as whoever wrote it liked; what is wrong is what has to be read.
std::string lead_of(const Sentence& sentence, std::string_view lead, std::size_t longest_name) {
  const auto& name = sentence.policies.front()->name;
  return "policy \"" + one_line(name, longest_name) + "\"" + and_more(sentence.policies.size(), 1) +
         std::string(lead) + ": ";
}

std::string warning(const Sentence& sentence, std::string_view lead, const Mention& mention) {
  constexpr std::size_t kShortName = 24;
  const auto what = mention.what();
  const auto problem = what + (what.empty() ? "" : " ") + sentence.finding->brief;
  auto text = lead_of(sentence, lead, limits::kWarningBytes) + problem;
  if (text.size() > limits::kWarningBytes) text = lead_of(sentence, lead, kShortName) + problem;
  if (mention.at && !mention.kind.empty() && text.size() < limits::kWarningBytes) {
    const auto placed = text + " (" + mention.at.field_path() + ")";
    if (placed.size() <= limits::kWarningBytes) return one_line(placed, limits::kWarningBytes);
  }
  return one_line(text, limits::kWarningBytes);
}

// What makes a mention the same problem before and after an update.
using Identity = std::tuple<std::string_view, std::string_view, std::string>;

Identity identity(const Mention& mention) {
  return {mention.name, mention.kind,
          mention.content ? json::to_text(mention.content) : std::string()};
}

// Ordered and not hashed: names are a stranger's, who could choose them all of one hash.
std::vector<Identity> identities(const std::vector<Mention>& mentions) {
  std::vector<Identity> all;
  all.reserve(mentions.size());
  for (const auto& mention : mentions) all.push_back(identity(mention));
  std::ranges::sort(all);
  return all;
}

// What makes a finding the same one, but for its mentions.
auto problem(const Finding& finding) {
  return std::tuple(finding.reason, finding.policy, finding.certainty,
                    std::string_view(finding.before));
}

}  // namespace

std::string Mention::what() const {
  if (kind.empty()) return at ? at.field_path() : std::string();
  return name.empty() ? std::string(kind) : std::string(kind) + " \"" + std::string(name) + "\"";
}

void Finding::mention(const Mention& added, std::size_t kept) {
  if (mentions.size() < kept) {
    mentions.push_back(added);
  } else {
    ++more;
  }
}

void Finding::count_beyond(std::size_t kept) {
  if (mentions.size() > kept) {
    more += mentions.size() - kept;
    mentions.resize(kept);
  }
  mentions.shrink_to_fit();  // also of what made_worse has taken out
}

Findings made_worse(Findings after, const Findings& before) {
  Findings worse;
  for (auto& finding : after) {
    const auto same = std::ranges::find(before, problem(finding), problem);
    if (same != before.end()) {
      const auto known = identities(same->mentions);
      std::erase_if(finding.mentions, [&](const auto& mention) {
        return std::ranges::binary_search(known, identity(mention));
      });
      if (finding.mentions.empty()) continue;
    }
    worse.push_back(std::move(finding));
  }
  return worse;
}

std::string tell(std::string_view who, std::span<const Finding> findings) {
  std::string out(who);
  out += ':';
  std::size_t told = 0;
  std::size_t rest = 0;
  for (const auto& sentence : sentences_of(findings)) {
    if (told++ < limits::kFindingsTold) {
      out += ' ' + text_of(sentence);
    } else {
      rest += std::max(count_mentions(*sentence.finding), std::size_t{1});
    }
  }
  if (rest == 1) out += " There is 1 more finding.";
  if (rest > 1) out += " There are " + std::to_string(rest) + " more findings.";
  return one_line(out, limits::kMessageBytes);
}

void warn(Verdict& verdict, std::span<const Finding> findings, std::string_view lead) {
  static const std::vector<Mention> kNone = {Mention{}};
  for (const auto& sentence : sentences_of(findings)) {
    const auto& mentions = sentence.finding->mentions;
    for (const auto& mention : mentions.empty() ? kNone : mentions) {
      if (verdict.warnings.size() == limits::kWarnings) return;
      verdict.warnings.push_back(warning(sentence, lead, mention));
    }
  }
}

}  // namespace cpods::admission
