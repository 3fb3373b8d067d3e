#include "pod/labels.h"

#include <doctest/doctest.h>

#include "unit/parsed.h"

namespace cpods::pod {
namespace {

TEST_CASE("labels: found by key, whatever the order they came in") {
  const auto document = parsed(R"({"z":"1","a":"2","m":null})");
  auto labels = Labels::read(document.root());
  CHECK(labels.find("z") == "1");
  CHECK(labels.find("a") == "2");
  CHECK(labels.find("m") == "");
  CHECK_FALSE(labels.find("b"));
  CHECK_FALSE(Labels().find("a"));
  CHECK(Labels::read({}) == Labels());
  labels.set("b", "3");
  labels.set("a", "4");
  CHECK(labels == Labels({{"a", "4"}, {"b", "3"}, {"m", ""}, {"z", "1"}}));
}

TEST_CASE("labels: a label that is no string is malformed, not ignored") {
  const auto document = parsed(R"({"a":1})");
  CHECK_THROWS_AS((void)Labels::read(document.root()), json::Malformed);
  const auto list = parsed("[]");
  CHECK_THROWS_AS((void)Labels::read(list.root()), json::Malformed);
}

TEST_CASE("labels: a selector is the AND of its requirements, as apimachinery reads them") {
  const Labels labels({{"env", "prod"}, {"empty", ""}});
  struct Row {
    std::vector<LabelRequirement> requirements;
    bool matches;
  };
  const Row rows[] = {
      {{}, true},
      {{{"env", Operator::In, {"prod"}}}, true},
      {{{"env", Operator::In, {"test", "prod"}}}, true},
      {{{"env", Operator::In, {"test"}}}, false},
      {{{"absent", Operator::In, {"prod"}}}, false},
      {{{"absent", Operator::In, {""}}}, false},
      {{{"empty", Operator::In, {""}}}, true},
      {{{"env", Operator::NotIn, {"test"}}}, true},
      {{{"env", Operator::NotIn, {"prod"}}}, false},
      {{{"absent", Operator::NotIn, {"prod"}}}, true},
      {{{"env", Operator::Exists, {}}}, true},
      {{{"empty", Operator::Exists, {}}}, true},
      {{{"absent", Operator::Exists, {}}}, false},
      {{{"env", Operator::DoesNotExist, {}}}, false},
      {{{"absent", Operator::DoesNotExist, {}}}, true},
      {{{"env", Operator::In, {"prod"}}, {"absent", Operator::Exists, {}}}, false},
      {{{"env", Operator::In, {"prod"}}, {"absent", Operator::DoesNotExist, {}}}, true},
  };
  int index = 0;
  for (const auto& row : rows) {
    CAPTURE(index++);
    CHECK(LabelSelector{row.requirements}.matches(labels) == row.matches);
  }
}

}  // namespace
}  // namespace cpods::pod
