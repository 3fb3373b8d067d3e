#include "admission/finding.h"

#include <algorithm>

#include "base/limits.h"

namespace cpods::admission {
namespace {

bool told_together(const Finding& a, const Finding& b) {
  return a.policy == b.policy && a.reason == b.reason && a.why == b.why && a.fix == b.fix;
}

// The findings from `begin` on that share one sentence; returns where they end.
std::size_t end_of_group(std::span<const Finding> findings, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < findings.size() && told_together(findings[begin], findings[end])) ++end;
  return end;
}

std::string subjects(std::span<const Finding> group) {
  std::string out;
  for (std::size_t i = 0; i < group.size() && i < limits::kFindingsTold; ++i) {
    out += (i == 0 ? "" : ", ") + group[i].subject();
  }
  if (group.size() > limits::kFindingsTold) {
    out += " and " + std::to_string(group.size() - limits::kFindingsTold) + " more";
  }
  return out;
}

// Without control characters, which would act on the reader's terminal, and cut at a character.
std::string one_line(std::string text, std::size_t limit) {
  static constexpr std::string_view kEllipsis = "\u2026";
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  if (text.size() <= limit) return text;
  std::size_t end = limit - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end).append(kEllipsis);
}

}  // namespace

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::NotConcerned:
      return "NotConcerned";
    case Reason::Satisfied:
      return "Satisfied";
    case Reason::Placed:
      return "Placed";
    case Reason::Restored:
      return "Restored";
    case Reason::NotGuaranteed:
      return "NotGuaranteed";
    case Reason::SecretOffPool:
      return "SecretOffPool";
    case Reason::UnknownSource:
      return "UnknownSource";
    case Reason::StepMissing:
      return "StepMissing";
    case Reason::StepAltered:
      return "StepAltered";
    case Reason::NodeName:
      return "NodeName";
    case Reason::TwoPools:
      return "TwoPools";
    case Reason::NamespaceUnknown:
      return "NamespaceUnknown";
    case Reason::Malformed:
      return "Malformed";
    case Reason::Internal:
      return "Internal";
  }
  return "Internal";
}

Verdict refuse(Reason reason, std::string message) {
  Verdict verdict;
  verdict.allowed = false;
  verdict.reason = reason;
  verdict.message = std::move(message);
  return verdict;
}

std::string Finding::identity() const {
  return std::string(name_of(reason)) + '\n' + policy->name + '\n' + what + '\n' + seen;
}

std::string Finding::subject() const {
  return at ? what + " (" + at.field_path() + ")" : what;
}

std::string tell(std::string_view who, std::span<const Finding> findings) {
  std::string out(who);
  out += ':';
  std::size_t sentences = 0;
  for (std::size_t begin = 0; begin < findings.size(); ++sentences) {
    if (sentences == limits::kFindingsTold) {
      const auto rest = findings.size() - begin;
      out += rest == 1 ? " There is 1 more finding."
                       : " There are " + std::to_string(rest) + " more findings.";
      break;
    }
    const auto end = end_of_group(findings, begin);
    out += ' ' + subjects(findings.subspan(begin, end - begin)) + ' ' + findings[begin].why + ' ' +
           findings[begin].fix;
    begin = end;
  }
  return one_line(std::move(out), limits::kMessageBytes);
}

std::string warning(std::string_view lead, const Finding& finding) {
  const auto text = std::string(lead) + finding.brief;
  if (finding.at && text.size() < limits::kWarningBytes) {
    const auto placed = text + " (" + finding.at.field_path() + ")";
    if (placed.size() <= limits::kWarningBytes) return one_line(placed, limits::kWarningBytes);
  }
  return one_line(text, limits::kWarningBytes);
}

}  // namespace cpods::admission
