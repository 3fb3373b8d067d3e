#pragma once
// The claims that all tokens have, and claims checked one by one: a claim of the wrong type fails
// its own check and no other. Pure; any thread.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "evidence/appraisal.h"
#include "evidence/place.h"
#include "json/node.h"

namespace cpods::evidence {

// `complaint` reads the claim, speaks of "the token", and may throw json::Malformed.
template <typename Reader>
void check_claim(std::string_view name, Doubt doubt, const Reader& complaint,
                 Appraisal& appraisal) {
  try {
    const Complaint found = complaint();
    appraisal.require(!found, name, doubt, found.value_or(""));
  } catch (const json::Malformed& wrong) {
    appraisal.fail(name, Doubt::Malformed, "a claim of the token: " + sentence_of(wrong));
  }
}

// PREFIX.exp and PREFIX.nbf: the token has an end, and now is between its beginning and that, give
// or take a minute between the clocks of node and issuer.
void check_token_times(std::string_view prefix, json::Node claims,
                       std::chrono::system_clock::time_point now, Appraisal& appraisal);

}  // namespace cpods::evidence
