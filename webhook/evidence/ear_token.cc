#include "evidence/ear_token.h"

#include "evidence/token_claims.h"
#include "evidence/web_token.h"

namespace cpods::evidence {
namespace {

Complaint not_affirming(json::Node submodules) {
  if (submodules.size() == 0) return "the token of the key broker service appraises nothing";
  for (const auto [name, appraised] : submodules.members()) {
    const auto status = appraised["ear.status"].text();
    if (status == "affirming") continue;
    return "the key broker service holds " + brief(name) + " for \"" + brief(status) +
           "\" instead of \"affirming\"";
  }
  return {};
}

}  // namespace

void check_ear_token(std::string_view token, std::chrono::system_clock::time_point now,
                     Appraisal& appraisal) {
  const auto read = read_web_token(token);
  if (!read) {
    appraisal.fail("kbs.jwt", Doubt::Malformed, read.error().sentence);
    return;
  }
  appraisal.pass("kbs.jwt");
  const auto claims = read->claims.root();
  check_token_times("kbs", claims, now, appraisal);
  check_claim(
      "kbs.status", Doubt::RemoteRefused, [&] { return not_affirming(claims["submods"]); },
      appraisal);
}

}  // namespace cpods::evidence
