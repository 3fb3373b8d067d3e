#include "evidence/token_claims.h"

namespace cpods::evidence {
namespace {

constexpr std::int64_t kClockSkewSeconds = 60;

std::int64_t unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void check_token_times(std::string_view prefix, json::Node claims,
                       std::chrono::system_clock::time_point now, Appraisal& appraisal) {
  const auto seconds = unix_seconds(now);
  const auto name = std::string(prefix);
  const auto has_ended = [&]() -> Complaint {
    const auto end = claims["exp"].integer();
    if (!end) return "the token says no time at which it ends";
    if (*end >= seconds - kClockSkewSeconds) return {};
    return "the token is no longer valid";
  };
  const auto has_not_begun = [&]() -> Complaint {
    const auto begin = claims["nbf"].integer();
    if (!begin || *begin <= seconds + kClockSkewSeconds) return {};
    return "the token is not valid yet";
  };
  check_claim(name + ".exp", Doubt::Freshness, has_ended, appraisal);
  check_claim(name + ".nbf", Doubt::Freshness, has_not_begun, appraisal);
}

}  // namespace cpods::evidence
