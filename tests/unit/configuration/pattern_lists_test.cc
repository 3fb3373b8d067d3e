#include "configuration/pattern_lists.h"

#include <doctest/doctest.h>

namespace cpods::configuration {
namespace {

PatternLists lists_of(const std::vector<std::string>& patterns) {
  return {"secrets", {patterns.begin(), patterns.end()}};
}

std::string variables_of(const PatternLists& lists) {
  std::vector<Variable> variables;
  lists.append_variables(variables);
  std::string out;
  for (const auto& [name, expression] : variables) out += name + " = " + expression + "\n";
  return out;
}

TEST_CASE("pattern lists: each pattern stands in the plainest list that says it") {
  CHECK(variables_of(lists_of({"db", "pay-*", "a*z", "web", "*-prod", "*", "**", "*mid*"})) ==
        "secrets = [\"db\", \"web\"]\n"
        "secrets_begin = [\"pay-\", \"\"]\n"
        "secrets_end = [\"-prod\"]\n"
        "secrets_match = [\"^a.*z$\", \"^.*.*$\", \"^.*mid.*$\"]\n");
}

TEST_CASE("pattern lists: a value is held against the lists that have something in them") {
  CHECK(lists_of({}).hold("x.name") == "false");
  CHECK(variables_of(lists_of({})) == "");
  CHECK(lists_of({"db"}).hold("x.name") == "x.name in variables.secrets");
  CHECK(lists_of({"db", "pay-*", "*-prod", "a*z"}).hold("x") ==
        "x in variables.secrets || "
        "variables.secrets_begin.exists(each, x.startsWith(each)) || "
        "variables.secrets_end.exists(each, x.endsWith(each)) || "
        "variables.secrets_match.exists(each, x.matches(each))");
}

}  // namespace
}  // namespace cpods::configuration
