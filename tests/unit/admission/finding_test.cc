#include "admission/finding.h"

#include <doctest/doctest.h>

#include <set>

#include "base/limits.h"
#include "unit/parsed.h"

namespace cpods::admission {
namespace {

policy::Policy named(const std::string& name) {
  policy::Policy policy;
  policy.name = name;
  return policy;
}

TEST_CASE("finding: those that share an explanation share a sentence") {
  const auto a = named("a");
  const auto document = parsed(R"({"spec":{"x":[1,2]}})");
  const auto list = document.root()["spec"]["x"];
  const Finding one{.reason = Reason::SecretOffPool,
                    .policy = &a,
                    .what = "Secret \"s\"",
                    .at = list.at(0),
                    .why = "is guarded.",
                    .fix = "Do this."};
  Finding two = one;
  two.at = list.at(1);
  Finding three{.reason = Reason::NodeName,
                .policy = &a,
                .what = "spec.nodeName",
                .why = "is set.",
                .fix = "Remove it."};
  const std::vector<Finding> findings = {one, two, three};
  CHECK(tell("ns/web", findings) ==
        "ns/web: Secret \"s\" (spec.x[0]), Secret \"s\" (spec.x[1]) is guarded. Do this. "
        "spec.nodeName is set. Remove it.");
}

TEST_CASE("finding: beyond five they are counted") {
  const auto a = named("a");
  std::vector<Finding> alike(7, {.policy = &a, .what = "S", .why = "is.", .fix = "Do."});
  CHECK(tell("w", alike) == "w: S, S, S, S, S and 2 more is. Do.");
  std::vector<Finding> different;
  for (int i = 0; i < 7; ++i) {
    different.push_back({.policy = &a,
                         .what = "S" + std::to_string(i),
                         .why = "is " + std::to_string(i) + ".",
                         .fix = "Do."});
  }
  CHECK(tell("w", different) ==
        "w: S0 is 0. Do. S1 is 1. Do. S2 is 2. Do. S3 is 3. Do. S4 is 4. Do. "
        "There are 2 more findings.");
  different.pop_back();
  CHECK(tell("w", different).ends_with(" There is 1 more finding."));
}

TEST_CASE("finding: a message is one line of bounded length") {
  const auto a = named("a");
  const std::vector<Finding> findings = {
      {.policy = &a, .what = std::string(10'000, 'x'), .why = "is.", .fix = "Do."}};
  const auto text = tell("w", findings);
  CHECK(text.size() == limits::kMessageBytes);
  CHECK(text.ends_with("x\u2026"));
  const std::vector<Finding> rude = {
      {.policy = &a, .what = "a\nb\x1b[31m\x7f\tc", .why = "is.", .fix = "Do."}};
  CHECK(tell("w", rude) == "w: a b [31m  c is. Do.");
}

TEST_CASE("finding: a warning names the place where there is room") {
  const auto document = parsed(R"({"spec":{"containers":[{"env":[{}]}]}})");
  const auto at = document.root()["spec"]["containers"].at(0)["env"].at(0);
  Finding finding{.at = at, .brief = "Secret \"s\" may be used elsewhere"};
  CHECK(warning("policy \"p\": ", finding) ==
        "policy \"p\": Secret \"s\" may be used elsewhere (spec.containers[0].env[0])");
  finding.brief = std::string(90, 'x');
  CHECK(warning("lead: ", finding) == "lead: " + std::string(90, 'x'));
}

TEST_CASE("finding: a long warning ends at a character with an ellipsis") {
  for (std::size_t size = 0; size < 140; ++size) {
    CAPTURE(size);
    std::string brief(size, 'x');
    for (int i = 0; i < 10; ++i) brief += "\u00fc";
    const auto text = warning("", {.brief = brief});
    CHECK(text.size() <= limits::kWarningBytes);
    CHECK((text == brief || text.ends_with("\u2026")));
    CHECK(json::Document::parse("\"" + text + "\"").has_value());  // valid UTF-8
  }
}

TEST_CASE("finding: its identity is reason, policy, subject and content, wherever it stands") {
  const auto a = named("a");
  const auto b = named("b");
  const auto document = parsed("[1]");
  const Finding finding{.reason = Reason::StepAltered, .policy = &a, .what = "x", .seen = "1"};
  auto same = finding;
  same.at = document.root().at(0);
  same.why = "otherwise";
  CHECK(same.identity() == finding.identity());
  auto other = finding;
  other.policy = &b;
  CHECK(other.identity() != finding.identity());
  other = finding;
  other.reason = Reason::StepMissing;
  CHECK(other.identity() != finding.identity());
  other = finding;
  other.what = "y";
  CHECK(other.identity() != finding.identity());
  other = finding;
  other.seen = "2";
  CHECK(other.identity() != finding.identity());
}

TEST_CASE("finding: every reason has its own name") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasons; ++i) names.insert(name_of(static_cast<Reason>(i)));
  CHECK(names.size() == kReasons);
}

}  // namespace
}  // namespace cpods::admission
