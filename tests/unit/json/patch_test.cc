#include "json/patch.h"

#include <doctest/doctest.h>

namespace cpods::json {
namespace {

Document parsed(std::string text) {
  auto document = Document::parse(std::move(text));
  REQUIRE(document);
  return std::move(*document);
}

// The document after the patch, or the refusal.
std::string applied(const std::string& target, std::string_view patch) {
  const auto document = parsed(target);
  const auto result = json::apply(document.root(), patch);
  if (result) return to_text(result->root());
  return std::string(name_of(result.error().code)) + ": " + result.error().text();
}

TEST_CASE("patch: an absent or null list is created whole, a present one gets one add an element") {
  struct Row {
    std::string parent;
    std::string patch;
    std::string after;
  };
  const Row rows[] = {
      {"{}", R"([{"op":"add","path":"/p/l","value":[1,{}]}])", R"({"p":{"l":[1,{}]}})"},
      {R"({"l":null})", R"([{"op":"add","path":"/p/l","value":[1,{}]}])", R"({"p":{"l":[1,{}]}})"},
      {R"({"l":[]})",
       R"([{"op":"add","path":"/p/l/-","value":1},{"op":"add","path":"/p/l/-","value":{}}])",
       R"({"p":{"l":[1,{}]}})"},
      {R"({"l":[0]})",
       R"([{"op":"add","path":"/p/l/-","value":1},{"op":"add","path":"/p/l/-","value":{}}])",
       R"({"p":{"l":[0,1,{}]}})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.parent);
    const auto document = parsed(R"({"p":)" + row.parent + "}");
    Patch patch;
    patch.append(document.root()["p"], "/p", "l", {"1", "{}"});
    CHECK(patch.text() == row.patch);
    CHECK(to_text(json::apply(document.root(), patch.text())->root()) == row.after);
  }
}

TEST_CASE("patch: nothing to append is no operation") {
  const auto document = parsed("{}");
  Patch patch;
  patch.append(document.root(), "", "l", {});
  CHECK(patch.empty());
  CHECK(patch.text() == "[]");
}

TEST_CASE("patch: prepending goes before the first element or makes the list") {
  struct Row {
    std::string parent;
    std::string patch;
    std::string after;
  };
  const Row rows[] = {
      {"{}", R"([{"op":"add","path":"/l","value":[9]}])", R"({"l":[9]})"},
      {R"({"l":null})", R"([{"op":"add","path":"/l","value":[9]}])", R"({"l":[9]})"},
      {R"({"l":[]})", R"([{"op":"add","path":"/l","value":[9]}])", R"({"l":[9]})"},
      {R"({"l":[1,2]})", R"([{"op":"add","path":"/l/0","value":9}])", R"({"l":[9,1,2]})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.parent);
    const auto document = parsed(row.parent);
    Patch patch;
    patch.prepend(document.root(), "", "l", "9");
    CHECK(patch.text() == row.patch);
    CHECK(applied(row.parent, patch.text()) == row.after);
  }
}

TEST_CASE("patch: paths are written as JSON strings") {
  Patch patch;
  patch.remove("/a\"b");
  CHECK(patch.text() == R"([{"op":"remove","path":"/a\"b"}])");
}

TEST_CASE("apply: operations act in order on a copy") {
  struct Row {
    std::string target;
    std::string patch;
    std::string after;
  };
  const Row rows[] = {
      {R"({"a":1})", "[]", R"({"a":1})"},
      {R"({"a":1})", R"([{"op":"add","path":"/a","value":2}])", R"({"a":2})"},
      {R"({"z":1})", R"([{"op":"add","path":"/a","value":{"b":[]}},
                         {"op":"add","path":"/a/b/0","value":1},
                         {"op":"add","path":"/a/b/0","value":0},
                         {"op":"add","path":"/a/b/2","value":2}])",
       R"({"z":1,"a":{"b":[0,1,2]}})"},
      {R"({"a/b":{"~":[1,2,3]}})", R"([{"op":"remove","path":"/a~1b/~0/1"}])",
       R"({"a/b":{"~":[1,3]}})"},
      {R"({"":{"":1}})", R"([{"op":"add","path":"//","value":2}])", R"({"":{"":2}})"},
      {R"({"a":1,"b":2,"c":3})", R"([{"op":"remove","path":"/b"}])", R"({"a":1,"c":3})"},
      {R"({"0":1})", R"([{"op":"add","path":"/0","value":2}])", R"({"0":2})"},
      {R"({"a":{}})", R"([{"op":"add","path":"/a/-","value":2}])", R"({"a":{"-":2}})"},
      {R"({"a":[]})", R"([{"op":"add","path":"/a/-","value":null}])", R"({"a":[null]})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.patch);
    CHECK(applied(row.target, row.patch) == row.after);
  }
}

TEST_CASE("apply: what cannot be done is refused with the operation's index") {
  struct Row {
    std::string patch;
    std::string refusal;
  };
  // The target is {"a":[1],"s":"x"}.
  const Row rows[] = {
      {R"([{"op":"add","path":"/x/y","value":1}])", "Invalid: /0: cannot add /x/y"},
      {R"([{"op":"add","path":"/a/2","value":1}])", "Invalid: /0: cannot add /a/2"},
      {R"([{"op":"add","path":"/a/01","value":1}])", "Invalid: /0: cannot add /a/01"},
      {R"([{"op":"add","path":"/a/-1","value":1}])", "Invalid: /0: cannot add /a/-1"},
      {R"([{"op":"add","path":"/a/x","value":1}])", "Invalid: /0: cannot add /a/x"},
      {R"([{"op":"add","path":"/a/","value":1}])", "Invalid: /0: cannot add /a/"},
      {R"([{"op":"add","path":"/a/99999999999","value":1}])",
       "Invalid: /0: cannot add /a/99999999999"},
      {R"([{"op":"add","path":"/s/y","value":1}])", "Invalid: /0: cannot add /s/y"},
      {R"([{"op":"add","path":"","value":1}])", "Invalid: /0: cannot add "},
      {R"([{"op":"add","path":"a","value":1}])", "Invalid: /0: cannot add a"},
      {R"([{"op":"add","path":"#/a/0","value":1}])", "Invalid: /0: cannot add #/a/0"},
      {R"([{"op":"add","path":"/~2","value":1}])", "Invalid: /0: cannot add /~2"},
      {R"([{"op":"add","path":"/b"}])", "Invalid: /0: cannot add /b"},
      {R"([{"op":"remove","path":"/b"}])", "Invalid: /0: cannot remove /b"},
      {R"([{"op":"remove","path":"/a/1"}])", "Invalid: /0: cannot remove /a/1"},
      {R"([{"op":"remove","path":"/a/-"}])", "Invalid: /0: cannot remove /a/-"},
      {R"([{"op":"remove","path":"/a"},{"op":"remove","path":"/a"}])",
       "Invalid: /1: cannot remove /a"},
      {R"([{"op":"replace","path":"/a","value":1}])", "Invalid: /0: cannot replace /a"},
      {R"([{"path":"/a"}])", "Invalid: /0: cannot  /a"},
      {R"([{"op":1,"path":"/a"}])", "Invalid: /0/op: must be a string, but is a number"},
      {R"([[]])", "Invalid: /0: must be an object, but is an array"},
      {"{}", "Invalid: must be an array, but is an object"},
      {"[", "Malformed: offset 1: Invalid value"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.patch);
    CHECK(applied(R"({"a":[1],"s":"x"})", row.patch) == row.refusal);
  }
}

TEST_CASE("apply: a refused patch leaves the target as it was") {
  const auto document = parsed(R"({"a":1})");
  CHECK_FALSE(json::apply(document.root(),
                          R"([{"op":"add","path":"/b","value":1},{"op":"remove","path":"/c"}])"));
  CHECK(to_text(document.root()) == R"({"a":1})");
}

}  // namespace
}  // namespace cpods::json
