#include "evidence/ear_token.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_token.h"

namespace cpods::evidence {
namespace {

constexpr const char* kClaims =
    R"({"eat_profile":"tag:github.com,2024:confidential-containers/Trustee","exp":2000,"iat":1000,)"
    R"("submods":{"cpu0":{"ear.status":"affirming"}}})";

Appraisal judged(const std::string& claims) {
  const auto token =
      sample::compact(R"({"alg":"ES256","typ":"JWT"})", claims, sample::issuer_key());
  Appraisal appraisal;
  check_ear_token(token, std::chrono::system_clock::from_time_t(1500), appraisal);
  return appraisal;
}

TEST_CASE("ear: every submodule must be affirming") {
  CHECK(judged(kClaims).verified());
  struct Row {
    std::string submodules;
    std::string sentence;
  };
  constexpr const char* kNothing = "the token of the key broker service appraises nothing";
  const std::vector<Row> rows = {
      {R"({"cpu0":{"ear.status":"warning"}})",
       "the key broker service holds cpu0 for \"warning\" instead of \"affirming\""},
      {R"({"cpu0":{"ear.status":"affirming"},"gpu0":{"ear.status":"contraindicated"}})",
       "the key broker service holds gpu0 for \"contraindicated\" instead of \"affirming\""},
      {R"({"cpu0":{"ear.status":"Affirming"}})",
       "the key broker service holds cpu0 for \"Affirming\" instead of \"affirming\""},
      {R"({"cpu0":{}})", "the key broker service holds cpu0 for \"\" instead of \"affirming\""},
      {R"({"cpu0":{"ear.status":2}})",
       "a claim of the token: /submods/cpu0/ear.status must be a string, but is a number"},
      {R"({})", kNothing},
      {R"(null)", kNothing},
  };
  for (const auto& [submodules, sentence] : rows) {
    CAPTURE(submodules);
    const auto appraisal =
        judged(sample::with(kClaims, R"({"cpu0":{"ear.status":"affirming"}})", submodules));
    CHECK_FALSE(appraisal.verified());
    REQUIRE(appraisal.decisive() != nullptr);
    CHECK(appraisal.decisive()->name == "kbs.status");
    CHECK(appraisal.decisive()->detail == sentence);
  }
}

TEST_CASE("ear: a token that has ended, or is none, is refused") {
  CHECK(judged(sample::with(kClaims, "2000", "1400")).decisive()->detail ==
        "the token is no longer valid");
  CHECK(judged(sample::with(kClaims, R"("exp":2000,)", "")).decisive()->detail ==
        "the token says no time at which it ends");
  Appraisal appraisal;
  check_ear_token("x", std::chrono::system_clock::from_time_t(1500), appraisal);
  CHECK(appraisal.decisive()->name == "kbs.jwt");
}

}  // namespace
}  // namespace cpods::evidence
