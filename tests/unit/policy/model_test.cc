#include "policy/model.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

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

// All texts of up to `longest` of these letters.
std::vector<std::string> texts(const std::string& letters, std::size_t longest) {
  std::vector<std::string> all = {""};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == longest) break;
    for (const char letter : letters) all.push_back(all[i] + letter);
  }
  return all;
}

bool naive(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return naive(pattern.substr(1), name) || (!name.empty() && naive(pattern, name.substr(1)));
  }
  return !name.empty() && pattern[0] == name[0] && naive(pattern.substr(1), name.substr(1));
}

TEST_CASE("model: globs agree with their definition on all small patterns and names") {
  const auto names = texts("ab", 5);
  for (const auto& pattern : texts("ab*", 5)) {
    const NamePattern glob(pattern);
    for (const auto& name : names) {
      if (glob.matches(name) == naive(pattern, name)) continue;
      CAPTURE(pattern);
      CAPTURE(name);
      CHECK(glob.matches(name) == naive(pattern, name));
    }
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
