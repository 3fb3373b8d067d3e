#include "server/incoming_body.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/limits.h"

using namespace cpods;
using server::Budget;
using server::IncomingBody;

namespace {

constexpr std::size_t kFree = limits::kSmallBytes;
constexpr std::size_t kNoLimit = limits::kReviewBytes;

std::string text_of(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

server::Request whole(IncomingBody& body) {
  server::Request request("/", {});
  body.hand_over(request);
  return request;
}

}  // namespace

TEST_CASE("incoming body: it arrives whole whatever its size and however it is cut") {
  for (const std::size_t size : {0UL, 1UL, kFree, kFree + 1, 3 * kFree, 1'000'000UL}) {
    for (const std::size_t piece : {7'000UL, 65'536UL, 2'000'000UL}) {
      CAPTURE(size);
      CAPTURE(piece);
      Budget budget(1'000'000);
      IncomingBody body(size, kNoLimit, budget);
      const auto text = text_of(size) + "next";
      std::size_t taken = 0;
      while (body.missing() > 0) taken += body.take(std::string_view(text).substr(taken, piece));
      CHECK(taken == size);
      CHECK(body.take("next") == 0);
      const auto request = whole(body);
      CHECK_FALSE(request.cut);
      CHECK(request.body + "next" == text);
    }
  }
}

TEST_CASE("incoming body: room is taken as bytes arrive, and the first bytes are free") {
  Budget budget(100 * kFree);
  {
    IncomingBody body(64 * kFree, kNoLimit, budget);
    CHECK(budget.take(100 * kFree));  // nothing is taken by the claim
    budget.give_back(100 * kFree);
    body.take(text_of(kFree));
    CHECK(budget.take(100 * kFree));
    budget.give_back(100 * kFree);
    body.take("x");
    CHECK_FALSE(budget.take(99 * kFree + 1));
    CHECK(budget.take(99 * kFree));
    budget.give_back(99 * kFree);
  }
  CHECK(budget.take(100 * kFree));
}

TEST_CASE("incoming body: where no room is left it keeps its front and gives back the rest") {
  Budget budget(3 * kFree);
  IncomingBody body(8 * kFree, kNoLimit, budget);
  const auto text = text_of(8 * kFree);
  CHECK(body.take(std::string_view(text).substr(0, 3 * kFree)) == 3 * kFree);
  CHECK(body.take(std::string_view(text).substr(3 * kFree)) == 5 * kFree);
  CHECK(body.missing() == 0);
  CHECK(budget.take(3 * kFree));
  const auto request = whole(body);
  REQUIRE(request.cut);
  CHECK(request.cut->status == 503);
  CHECK(request.body == text.substr(0, limits::kFrontBytes));
}

TEST_CASE("incoming body: one over the limit keeps its front and takes nothing") {
  Budget budget(0);
  IncomingBody body(10'000, 9'999, budget);
  const auto text = text_of(10'000);
  CHECK(body.room().size() == limits::kFrontBytes);
  CHECK(body.take(text) == 10'000);
  CHECK(body.room().empty());
  const auto request = whole(body);
  REQUIRE(request.cut);
  CHECK(request.cut->status == 413);
  CHECK(request.body == text.substr(0, limits::kFrontBytes));
}
