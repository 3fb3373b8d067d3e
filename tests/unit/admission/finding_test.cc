#include "admission/finding.h"

#include <doctest/doctest.h>

#include <functional>

#include "base/limits.h"
#include "unit/parsed.h"

namespace cpods::admission {
namespace {

policy::Policy named(const std::string& name) {
  policy::Policy policy;
  policy.name = name;
  return policy;
}

const policy::Policy kA = named("a");
const policy::Policy kB = named("b");
const policy::Policy kC = named("c");

// "S0 is 0 (policy "a"). Do."
Finding simple(int i, const policy::Policy* policy = &kA) {
  static constexpr std::string_view kNames[] = {"S0", "S1", "S2", "S3", "S4", "S5", "S6"};
  return {.reason = Reason::SecretOffPool,
          .policy = policy,
          .mentions = {{.kind = kNames[i]}},
          .before = "is " + std::to_string(i) + " (",
          .after = ").",
          .fix = "Do."};
}

TEST_CASE("finding: places that share an explanation share a sentence") {
  const auto document = parsed(R"({"spec":{"x":[1,2]}})");
  const auto list = document.root()["spec"]["x"];
  Finding secrets = simple(0);
  secrets.mentions = {{.kind = "Secret", .name = "s", .at = list.at(0)},
                      {.kind = "Secret", .name = "t", .at = list.at(1)}};
  Finding place = simple(1);
  place.mentions = {{.at = list.at(1)}};
  Finding own_subject{
      .policy = &kA, .before = "", .after = " keeps it.", .fix = "Let it.", .brief = "is kept"};
  Finding no_policy{.policy = &kA, .before = "All is wrong.", .fix = "Mend it."};
  const Findings findings = {secrets, place, own_subject, no_policy};
  CHECK(tell("ns/web", findings) ==
        "ns/web: Secret \"s\" (spec.x[0]), Secret \"t\" (spec.x[1]) is 0 (policy \"a\"). Do. "
        "spec.x[1] is 1 (policy \"a\"). Do. policy \"a\" keeps it. Let it. All is wrong. Mend it.");
}

TEST_CASE("finding: policies that say the same are told in one sentence") {
  const Findings findings = {simple(0), simple(1), simple(0, &kB), simple(0, &kC), simple(1, &kC)};
  CHECK(tell("w", findings) ==
        "w: S0 is 0 (policy \"a\" as well as \"b\" and \"c\"). Do. "
        "S1 is 1 (policy \"a\" as well as \"c\"). Do.");
  Verdict verdict;
  warn(verdict, Findings{simple(0), simple(0, &kB)}, " will");
  CHECK(verdict.warnings == std::vector<std::string>{"policy \"a\" and 1 more will: S0 "});
}

TEST_CASE("finding: what differs in anything but the policy is told apart") {
  const std::function<void(Finding&)> changes[] = {
      [](Finding& it) { it.reason = Reason::UnknownSource; },
      [](Finding& it) { it.before = "otherwise"; },
      [](Finding& it) { it.after = "otherwise"; },
      [](Finding& it) { it.fix = "otherwise"; },
      [](Finding& it) { it.brief = "otherwise"; },
      [](Finding& it) { it.mentions[0].kind = "otherwise"; },
      [](Finding& it) { it.more = 1; },
  };
  int change_number = 0;
  for (const auto& change : changes) {
    CAPTURE(change_number);
    ++change_number;
    auto other = simple(0, &kB);
    CHECK(tell("w", Findings{simple(0), other}).find("as well as") != std::string::npos);
    change(other);
    CHECK(tell("w", Findings{simple(0), other}).find("as well as") == std::string::npos);
  }
}

TEST_CASE("finding: eighty policies with long names leave room for the reason and the fix") {
  std::vector<policy::Policy> policies;
  for (int i = 0; i < 80; ++i)
    policies.push_back(named(std::to_string(10 + i) + std::string(54, 'n')));
  Findings findings;
  for (const auto& policy : policies) findings.push_back(simple(0, &policy));
  for (auto& finding : findings) finding.brief = "may be used off the pool";
  const auto text = tell("w", findings);
  CHECK(text.starts_with("w: S0 is 0 (policy \"10nnn"));
  CHECK(text.ends_with("nnn\" and 75 more). Do."));
  CHECK(text.size() < 400);
  Verdict verdict;
  warn(verdict, findings, " will refuse its Pods");
  CHECK(verdict.warnings ==
        std::vector<std::string>{"policy \"10" + std::string(19, 'n') +
                                 "\u2026\" and 79 more will "
                                 "refuse its Pods: S0 may be used off the pool"});
}

TEST_CASE("finding: beyond five they are counted") {
  const auto document = parsed("[1]");
  Finding alike = simple(0);
  alike.mentions.assign(7, {.kind = "S"});
  CHECK(tell("w", Findings{alike}) == "w: S, S, S, S, S and 2 more is 0 (policy \"a\"). Do.");
  Findings different;
  for (int i = 0; i < 7; ++i) different.push_back(simple(i));
  const std::string five =
      "w: S0 is 0 (policy \"a\"). Do. S1 is 1 (policy \"a\"). Do. S2 is 2 (policy \"a\"). Do. "
      "S3 is 3 (policy \"a\"). Do. S4 is 4 (policy \"a\"). Do.";
  CHECK(tell("w", different) == five + " There are 2 more findings.");
  different.back().mentions.assign(3, {.kind = "S"});
  CHECK(tell("w", different) == five + " There are 4 more findings.");
  different.pop_back();
  CHECK(tell("w", different) == five + " There is 1 more finding.");
  Finding counted = simple(0);
  for (int i = 0; i < 9; ++i) counted.mention({.kind = "S"}, 6);
  CHECK(counted.mentions.size() == 6);
  counted.count_beyond(2);
  CHECK(counted.mentions.size() == 2);
  CHECK(tell("w", Findings{counted}) == "w: S0, S and 8 more is 0 (policy \"a\"). Do.");
}

TEST_CASE("finding: a message is one line of bounded length") {
  const std::string long_name(10'000, 'x');
  Finding finding = simple(0);
  finding.mentions = {{.kind = long_name}};
  const auto text = tell("w", Findings{finding});
  CHECK(text.size() == limits::kMessageBytes);
  CHECK(text.ends_with("x\u2026"));
  finding.mentions = {{.kind = "a\nb\x1b[31m\x7f\tc"}};
  CHECK(tell("w", Findings{finding}).starts_with("w: a b [31m  c is"));
}

TEST_CASE("finding: a warning names the place where there is room") {
  const auto document = parsed(R"({"spec":{"containers":[{"env":[{}]}]}})");
  const auto at = document.root()["spec"]["containers"].at(0)["env"].at(0);
  const auto warning = [&](const Mention& mention, const std::string& brief) {
    Verdict verdict;
    warn(verdict, Findings{{.policy = &kA, .mentions = {mention}, .brief = brief}});
    REQUIRE(verdict.warnings.size() == 1);
    return verdict.warnings[0];
  };
  const Mention secret{.kind = "Secret", .name = "s", .at = at};
  CHECK(warning(secret, "may be used elsewhere") ==
        "policy \"a\": Secret \"s\" may be used elsewhere (spec.containers[0].env[0])");
  CHECK(warning(secret, std::string(90, 'x')) ==
        "policy \"a\": Secret \"s\" " + std::string(90, 'x'));
  // `policy "a": Secret "s" ` is 23 bytes, ` (spec.containers[0].env[0])` 28: 69 fill the line.
  CHECK(warning(secret, std::string(69, 'x')) ==
        "policy \"a\": Secret \"s\" " + std::string(69, 'x') + " (spec.containers[0].env[0])");
  CHECK(warning(secret, std::string(70, 'x')) ==
        "policy \"a\": Secret \"s\" " + std::string(70, 'x'));
  CHECK(warning({.at = at}, "is wrong") == "policy \"a\": spec.containers[0].env[0] is wrong");
}

TEST_CASE("finding: a policy's name is cut where the problem would be, and only there") {
  const auto policy = named(std::string(60, 'n'));
  const auto warning = [&](std::size_t length) {
    Verdict verdict;
    warn(verdict, Findings{{.policy = &policy, .brief = std::string(length, 'x')}});
    REQUIRE(verdict.warnings.size() == 1);
    return verdict.warnings[0];
  };
  const auto most = limits::kWarningBytes - std::string_view("policy \"\": ").size() - 60;
  CHECK(warning(most) == "policy \"" + policy.name + "\": " + std::string(most, 'x'));
  CHECK(warning(most + 1) ==
        "policy \"" + std::string(21, 'n') + "\u2026\": " + std::string(most + 1, 'x'));
}

TEST_CASE("finding: warnings are few, and none at all is said once") {
  Finding finding = simple(0);
  finding.mentions.assign(40'000, {.kind = "S"});
  Verdict verdict;
  warn(verdict, Findings{finding});
  CHECK(verdict.warnings.size() == limits::kWarnings);
  Verdict whole;
  warn(whole, Findings{{.policy = &kA, .brief = "may run off the pool"}});
  CHECK(whole.warnings == std::vector<std::string>{"policy \"a\": may run off the pool"});
}

// Whether an update from a Pod with `before` to one with `after` makes it worse.
bool is_worse(const Finding& before, const Finding& after) {
  return !made_worse({after}, {before}).empty();
}

TEST_CASE(
    "finding: an update is worse where reason, policy, certainty, subject or content is new") {
  const auto document = parsed(R"([{"v":1},{"v":1},{"v":2}])");
  const auto list = document.root();
  Finding finding{.reason = Reason::UnknownSource,
                  .policy = &kA,
                  .mentions = {{"source", "x", list.at(0), list.at(0)}},
                  .brief = "is unknown",
                  .certainty = pod::Certainty::Impossible};
  auto other = finding;
  other.mentions[0].at = other.mentions[0].content = list.at(1);
  other.after = other.fix = other.brief = "otherwise";
  CHECK_FALSE(is_worse(finding, other));
  const std::function<void(Finding&)> changes[] = {
      [](Finding& it) { it.reason = Reason::SecretOffPool; },
      [](Finding& it) { it.policy = &kB; },
      [](Finding& it) { it.certainty = pod::Certainty::Possible; },
      [](Finding& it) { it.before = "is something else"; },
      [](Finding& it) { it.mentions[0].kind = "Secret"; },
      [](Finding& it) { it.mentions[0].name = "y"; },
      [&](Finding& it) { it.mentions[0].content = list.at(2); },
  };
  int change_number = 0;
  for (const auto& change : changes) {
    CAPTURE(change_number);
    ++change_number;
    other = finding;
    change(other);
    CHECK(is_worse(finding, other));
    CHECK(is_worse(other, finding));
  }
}

TEST_CASE("finding: of an update only what is new is told") {
  Finding before = simple(0);
  before.mentions = {{.kind = "S", .name = "old"}, {.kind = "S", .name = "gone"}};
  Finding after = simple(0);
  after.mentions = {{.kind = "S", .name = "old"}, {.kind = "S", .name = "new"}};
  Finding whole = simple(1);
  whole.mentions.clear();
  CHECK(tell("w", made_worse({after, whole}, {whole, before})) ==
        "w: S \"new\" is 0 (policy \"a\"). Do.");
  CHECK(made_worse({before, whole}, {whole, before}).empty());
  CHECK(made_worse({whole}, {before}).size() == 1);
}

}  // namespace
}  // namespace cpods::admission
