#include "configuration/scope.h"

#include <doctest/doctest.h>

#include "snapshots.h"

namespace cpods::configuration {
namespace {

Scope scope_of(const std::string& spec) {
  return Scope::of(*snapshot_of({{"p", spec + ", podSelector: {}"}})->policies().at(0));
}

const std::string kNever = R"({"key":"kubernetes.io/metadata.name","operator":"NotIn",)"
                           R"("values":["kube-system","kube-public","kube-node-lease",)"
                           R"("confidential-pods"]}]})";

TEST_CASE("scope: labels and names are a selector, globs a condition") {
  struct Row {
    std::string spec;
    std::string selected;  // before the namespaces that nobody is asked about
    std::string condition;
  };
  const std::vector<Row> rows = {
      {"namespaces: ['*']", "", ""},
      {"namespaces: [pay-*, '*', b]", "", ""},
      {"namespaces: [b, a, b]",
       R"({"key":"kubernetes.io/metadata.name","operator":"In","values":["a","b"]},)", ""},
      {"namespaces: [pay-*]", "", R"(request.namespace.startsWith("pay-"))"},
      {"namespaces: [pay-*, a]", "",
       R"(request.namespace == "a" || request.namespace.startsWith("pay-"))"},
      {"namespaceSelector: {matchLabels: {b: x, a: y}}",
       R"({"key":"a","operator":"In","values":["y"]},{"key":"b","operator":"In","values":["x"]},)",
       ""},
      {"namespaceSelector: {matchExpressions: [{key: a, operator: Exists}, {key: b, operator: "
       "NotIn, values: [z, y]}, {key: c, operator: DoesNotExist}]}",
       R"({"key":"a","operator":"Exists"},{"key":"b","operator":"NotIn","values":["y","z"]},)"
       R"({"key":"c","operator":"DoesNotExist"},)",
       ""},
      {"namespaces: [n], namespaceSelector: {matchLabels: {a: y}}",
       R"({"key":"a","operator":"In","values":["y"]},)"
       R"({"key":"kubernetes.io/metadata.name","operator":"In","values":["n"]},)",
       ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    const auto scope = scope_of(row.spec);
    CHECK(scope.namespace_selector() == R"({"matchExpressions":[)" + row.selected + kNever);
    CHECK(scope.condition().value_or("") == row.condition);
  }
}

TEST_CASE("scope: the same said in another order is the same") {
  CHECK(scope_of("namespaces: [b, a]").key() == scope_of("namespaces: [a, b, a]").key());
  CHECK(scope_of("namespaceSelector: {matchLabels: {a: x, b: y}}").key() ==
        scope_of("namespaceSelector: {matchExpressions: [{key: b, operator: In, values: [y]}, "
                 "{key: a, operator: In, values: [x]}]}")
            .key());
  CHECK(scope_of("namespaces: [a]").key() != scope_of("namespaces: ['a*']").key());
}

// The words alone, evaluated without any of the product's own.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    for (std::size_t i = 0; i <= name.size(); ++i) {
      if (matches(pattern.substr(1), name.substr(i))) return true;
    }
    return false;
  }
  return !name.empty() && name.front() == pattern.front() &&
         matches(pattern.substr(1), name.substr(1));
}

bool reaches(const Scope& scope, const std::string& name, bool labelled) {
  bool by_name = scope.names.empty();
  for (const auto& pattern : scope.names) by_name |= matches(pattern, name);
  return by_name && (scope.labels.empty() || labelled);
}

TEST_CASE("scope: what one covers, it reaches") {
  const std::vector<std::string> patterns = {"a",    "b", "a*", "*a",  "a*b",
                                             "*ab*", "*", "ab", "b*a*"};
  std::vector<std::string> names = {""};
  for (std::size_t i = 0; i < names.size() && names[i].size() < 5; ++i) {
    for (const char c : {'a', 'b'}) names.push_back(names[i] + c);
  }
  std::vector<Scope> scopes;
  for (const auto& one : patterns) {
    for (const auto& other : patterns) {
      for (const std::string labels : {"", ", namespaceSelector: {matchLabels: {k: v}}"}) {
        scopes.push_back(scope_of("namespaces: ['" + one + "', '" + other + "']" + labels));
      }
    }
  }
  std::size_t covered = 0;
  for (const auto& wide : scopes) {
    for (const auto& narrow : scopes) {
      if (!wide.covers(narrow)) continue;
      ++covered;
      for (const auto& name : names) {
        for (const bool labelled : {false, true}) {
          if (reaches(narrow, name, labelled) && !reaches(wide, name, labelled)) {
            FAIL_CHECK(wide.key() << " does not reach " << name << ", which " << narrow.key());
          }
        }
      }
    }
  }
  CHECK(covered > scopes.size());
}

}  // namespace
}  // namespace cpods::configuration
