#include "admission/verdict.h"

#include <doctest/doctest.h>

#include <set>

#include "base/limits.h"

namespace cpods::admission {
namespace {

TEST_CASE("verdict: every reason has its own name") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasons; ++i) names.insert(name_of(static_cast<Reason>(i)));
  CHECK(names.size() == kReasons);
}

TEST_CASE("verdict: every refusal is one line of bounded length") {
  CHECK(refuse(Reason::Malformed, "a\nb").message == "a b");
  const auto verdict = refuse(Reason::Internal, std::string(10'000, 'x'));
  CHECK_FALSE(verdict.allowed);
  CHECK(verdict.message.size() == limits::kMessageBytes);
  CHECK(verdict.message.ends_with("x\u2026"));
}

TEST_CASE("verdict: twenty complaints are listed, the rest is counted") {
  const auto tail = [](std::size_t count) {
    const std::vector<Complaint> all(count, {Reason::Binding, policy::Action::Audit, "p"});
    return listed(all).substr(std::string_view("Binding(p),").size() * 20 - 1);
  };
  CHECK(tail(20) == "");
  CHECK(tail(21) == " and 1 more");
  CHECK(tail(27) == " and 7 more");
}

}  // namespace
}  // namespace cpods::admission
