#include "admission/verdict.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace cpods::admission {
namespace {

// The character that `text`, valid UTF-8, begins with.
std::string_view first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  return text.substr(0, lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4);
}

// Control characters of ASCII and Latin-1, line and paragraph separators, and the marks that turn
// the direction of writing: they would act on the reader's terminal, or show a name as another one.
bool is_control(std::string_view character) {
  static constexpr std::array<std::string_view, 14> kMarks = {
      "\u061C", "\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u202B",
      "\u202C", "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"};
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
  if (lead == 0xC2) return static_cast<unsigned char>(character[1]) < 0xA0;
  return std::ranges::find(kMarks, character) != kMarks.end();
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

std::string one_line(std::string_view text, std::size_t limit) {
  static constexpr std::string_view kEllipsis = "\u2026";
  std::string out;
  std::size_t cut = 0;  // where there is still room for the ellipsis
  while (!text.empty()) {
    const auto character = first_character(text);
    out += is_control(character) ? " " : character;
    if (out.size() > limit) return out.substr(0, cut).append(kEllipsis);
    if (out.size() + kEllipsis.size() <= limit) cut = out.size();
    text.remove_prefix(character.size());
  }
  return out;
}

Verdict refuse(Reason reason, std::string_view message) {
  Verdict verdict;
  verdict.allowed = false;
  verdict.reason = reason;
  verdict.message = one_line(message, limits::kMessageBytes);
  return verdict;
}

}  // namespace cpods::admission
