#include "configuration/cel.h"

#include <doctest/doctest.h>

namespace cpods::configuration::cel {
namespace {

std::string matching(const std::vector<std::string>& patterns) {
  return matches_any("x", {patterns.begin(), patterns.end()});
}

TEST_CASE("cel: a pattern becomes the plainest expression that says it") {
  CHECK(matching({"web"}) == R"(x == "web")");
  CHECK(matching({"pay-*"}) == R"(x.startsWith("pay-"))");
  CHECK(matching({"*-prod"}) == R"(x.endsWith("-prod"))");
  CHECK(matching({"*"}) == "true");
  CHECK(matching({"a*z"}) == R"(x.matches("^a.*z$"))");
  CHECK(matching({"*mid*"}) == R"(x.matches("^.*mid.*$"))");
  CHECK(matching({"a.b*c.d"}) == R"re(x.matches("^a\\.b.*c\\.d$"))re");
  CHECK(matching({"web", "pay-*"}) == R"(x == "web" || x.startsWith("pay-"))");
  CHECK(matching({}) == "false");
}

TEST_CASE("cel: a name cannot end its literal") {
  CHECK(matching({R"(a" || true || ")"}) == R"(x == "a\" || true || \"")");
  CHECK(matching({R"(a\)"}) == R"(x == "a\\")");
  CHECK(matching({"(a|b)[c]{1}^$+?*z"}) ==
        R"re(x.matches("^\\(a\\|b\\)\\[c\\]\\{1\\}\\^\\$\\+\\?.*z$"))re");
  CHECK(matching({"a\nb"}) == R"(x == "a\nb")");
}

TEST_CASE("cel: lists") {
  CHECK(list(std::vector<std::string>{}) == "[]");
  CHECK(list(std::vector<std::string>{"a", "b\""}) == R"(["a", "b\""])");
}

}  // namespace
}  // namespace cpods::configuration::cel
