#include "commands/attest_report.h"

#include <iomanip>

#include "json/writer.h"

namespace cpods::commands {

void print_checks(const evidence::Appraisal& appraisal, std::ostream& out) {
  constexpr int kStatusWidth = 10;
  constexpr int kNameWidth = 30;
  for (const auto& check : appraisal.checks()) {
    out << std::left << std::setw(kStatusWidth) << name_of(check.status);
    if (check.detail.empty()) {
      out << check.name << "\n";
    } else {
      out << std::setw(kNameWidth) << check.name << check.detail << "\n";
    }
  }
  out << sentence_of(appraisal) << "\n";
}

std::string to_json(const evidence::Appraisal& appraisal) {
  json::Writer out;
  out.object().key("verified").flag(appraisal.verified()).key("checks").array();
  for (const auto& check : appraisal.checks()) {
    out.object().field("name", check.name).field("status", name_of(check.status));
    out.field("detail", check.detail).end();
  }
  return out.end().end().take();
}

std::string sentence_of(const evidence::Appraisal& appraisal) {
  if (const auto* check = appraisal.decisive()) return check->name + ": " + check->detail;
  if (!appraisal.verified()) return "not verified: some checks could not be made";
  std::string unpinned;
  for (const auto& check : appraisal.checks()) {
    if (check.status != evidence::Status::Unpinned) continue;
    unpinned += (unpinned.empty() ? "" : ", ") + check.name;
  }
  return unpinned.empty() ? "verified" : "verified; unpinned: " + unpinned;
}

}  // namespace cpods::commands
