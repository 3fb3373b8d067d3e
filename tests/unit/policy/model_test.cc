#include "policy/model.h"

#include <doctest/doctest.h>

using namespace cpods::policy;

TEST_CASE("model: a glob's * stands for any run of characters and nothing else does") {
  struct Row {
    const char* pattern;
    const char* name;
    bool matches;
  };
  const Row rows[] = {
      {"a", "a", true},         {"a", "ab", false},      {"a", "", false},
      {"*", "", true},          {"*", "anything", true}, {"a*", "a", true},
      {"a*", "ba", false},      {"*a", "ba", true},      {"*a", "ab", false},
      {"a*b", "ab", true},      {"a*b", "axxb", true},   {"a*b", "axbx", false},
      {"a*b*c", "abbbc", true}, {"a*b*c", "acb", false}, {"*ab*", "xaab", true},
      {"**", "x", true},        {"a**", "a", true},      {"a.c", "abc", false},
      {"db-*", "db-", true},    {"db-*", "db", false},   {"*-*", "a-b", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.name);
    CHECK(NamePattern(row.pattern).matches(row.name) == row.matches);
  }
}

TEST_CASE("model: a hostile glob takes pattern times name steps, not more") {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  CHECK_FALSE(NamePattern(pattern + "b").matches(std::string(250, 'a')));
}

TEST_CASE("model: what stands before the first * is the prefix") {
  CHECK(NamePattern("pay-*-x*").prefix() == "pay-");
  CHECK(NamePattern("pay").prefix() == "pay");
  CHECK(NamePattern("pay").is_literal());
  CHECK_FALSE(NamePattern("*").is_literal());
}
