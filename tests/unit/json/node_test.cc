#include "json/node.h"

#include <doctest/doctest.h>

#include <functional>

#include "json/document.h"

namespace cpods::json {
namespace {

Document parsed(std::string text) {
  auto document = Document::parse(std::move(text));
  REQUIRE(document);
  return std::move(*document);
}

// "/pointer: sentence" of the Malformed that `read` throws; "read" where it throws none.
std::string refusal_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const Malformed& malformed) {
    return malformed.where() + ": " + malformed.what();
  }
  return "read";
}

// An object counts its members: a reader that asked for the size alone took the first for an
// element.
TEST_CASE("node: only an array has elements") {
  const auto document = parsed(R"({"list":[1],"object":{"a":1}})");
  CHECK(document.root()["list"].at(0).integer() == 1);
  CHECK(document.root()["object"].size() == 1);
  CHECK(refusal_of([&] { static_cast<void>(document.root()["object"].at(0)); }) ==
        "/object: must be an array, but is an object");
}

TEST_CASE("node: missing stays missing all the way down") {
  const auto document = parsed(R"({"null":null})");
  const Node rows[] = {Node(), document.root()["absent"], document.root()["absent"]["deeper"],
                       document.root()["null"], document.root()["null"]["deeper"]};
  for (const auto& node : rows) {
    CAPTURE(static_cast<int>(node.kind()));
    CHECK_FALSE(node.present());
    CHECK_FALSE(node);
    CHECK(node.size() == 0);
    CHECK(node.text().empty());
    CHECK_FALSE(node.flag());
    CHECK(node.flag(true));
    CHECK_FALSE(node.integer());
    for (const Node each : node.elements()) CHECK_FALSE(each.present());
    CHECK_FALSE(node.elements().begin() != node.elements().end());
    CHECK_FALSE(node.members().begin() != node.members().end());
    CHECK(to_text(node) == "null");
  }
  CHECK(Node().kind() == Kind::Missing);
  CHECK(document.root()["null"].kind() == Kind::Null);
}

TEST_CASE("node: every kind is told apart") {
  const auto document =
      parsed(R"({"n":null,"t":true,"f":false,"i":1,"d":1.5,"s":"","a":[],"o":{}})");
  const std::pair<std::string_view, Kind> rows[] = {
      {"n", Kind::Null},   {"t", Kind::Boolean}, {"f", Kind::Boolean}, {"i", Kind::Number},
      {"d", Kind::Number}, {"s", Kind::String},  {"a", Kind::Array},   {"o", Kind::Object}};
  for (const auto& [key, kind] : rows) {
    CAPTURE(key);
    CHECK(document.root()[key].kind() == kind);
  }
}

TEST_CASE("node: a value of the wrong type is never taken for an absent one") {
  const auto document =
      parsed(R"({"o":{},"a":[],"s":"x","t":true,"i":1,"big":18446744073709551615,"d":1.5})");
  const auto root = document.root();
  struct Row {
    std::function<void()> read;
    std::string refusal;
  };
  const Row rows[] = {
      {[&] { (void)root["a"]["key"]; }, "/a: must be an object, but is an array"},
      {[&] { (void)root["s"]["key"]; }, "/s: must be an object, but is a string"},
      {[&] { (void)root["o"].elements(); }, "/o: must be an array, but is an object"},
      {[&] { (void)root["t"].elements(); }, "/t: must be an array, but is a boolean"},
      {[&] { (void)root["a"].members(); }, "/a: must be an object, but is an array"},
      {[&] { (void)root["i"].members(); }, "/i: must be an object, but is a number"},
      {[&] { (void)root["s"].size(); }, "/s: must be an array, but is a string"},
      {[&] { (void)root["i"].text(); }, "/i: must be a string, but is a number"},
      {[&] { (void)root["o"].text(); }, "/o: must be a string, but is an object"},
      {[&] { (void)root["s"].flag(); }, "/s: must be a boolean, but is a string"},
      {[&] { (void)root["s"].integer(); }, "/s: must be a number, but is a string"},
      {[&] { (void)root["d"].integer(); }, "/d: must be a whole number within 64 bits"},
      {[&] { (void)root["big"].integer(); }, "/big: must be a whole number within 64 bits"},
      {[&] { (void)root["o"]["x"]["y"]; }, "read"},
  };
  for (const auto& row : rows) CHECK(refusal_of(row.read) == row.refusal);
}

TEST_CASE("node: elements and members come in the order of the text") {
  const auto document = parsed(R"({"z":1,"a":[1,2],"m":{}})");
  std::string keys;
  for (const auto [key, value] : document.root().members()) {
    keys += std::string(key) + "=" + to_text(value) + " ";
  }
  CHECK(keys == "z=1 a=[1,2] m={} ");
  std::string elements;
  for (const Node each : document.root()["a"].elements()) elements += to_text(each) + " ";
  CHECK(elements == "1 2 ");
  CHECK(document.root().size() == 3);
  CHECK(document.root()["a"].size() == 2);
}

TEST_CASE("node: a place is told as a pointer and as a field path") {
  const auto document = parsed(
      R"({"spec":{"containers":[{"env":[{},{}]}],"nodeSelector":{"a/b":"","k~y":"","x.y":""},
          "":{"q\"":1},"a b":1}})");
  const auto spec = document.root()["spec"];
  struct Row {
    Node node;
    std::string pointer;
    std::string field_path;
  };
  const Row rows[] = {
      {document.root(), "", ""},
      {spec, "/spec", "spec"},
      {spec["containers"].at(0)["env"].at(1), "/spec/containers/0/env/1",
       "spec.containers[0].env[1]"},
      {spec["nodeSelector"]["a/b"], "/spec/nodeSelector/a~1b", R"(spec.nodeSelector["a/b"])"},
      {spec["nodeSelector"]["k~y"], "/spec/nodeSelector/k~0y", "spec.nodeSelector.k~y"},
      {spec["nodeSelector"]["x.y"], "/spec/nodeSelector/x.y", R"(spec.nodeSelector["x.y"])"},
      {spec["a b"], "/spec/a b", R"(spec["a b"])"},
      {spec[""], "/spec/", R"(spec[""])"},
      {Node(), "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pointer);
    CHECK(row.node.pointer() == row.pointer);
    CHECK(row.node.field_path() == row.field_path);
  }
  CHECK(spec["containers"].at(0).rooted()["env"].at(0).field_path() == "env[0]");
}

TEST_CASE("node: equality is by value, whatever the order of members") {
  struct Row {
    std::string a;
    std::string b;
    bool equal;
  };
  const Row rows[] = {
      {R"({"a":1,"b":[{"c":null}]})", R"({"b":[{"c":null}],"a":1})", true},
      {R"({"a":1})", R"({"a":1,"b":2})", false},
      {R"({"a":1,"b":2})", R"({"a":1})", false},
      {R"({"a":1,"b":2})", R"({"a":1,"c":2})", false},
      {"[1,2]", "[2,1]", false},
      {"[1]", "[1,1]", false},
      {"1", "1.0", true},
      {"1", R"("1")", false},
      {"true", "false", false},
      {"null", "false", false},
      {R"("a")", R"("\u0061")", true},
      {"{}", "[]", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    const auto a = parsed(row.a);
    const auto b = parsed(row.b);
    CHECK(a.root().equals(b.root()) == row.equal);
    CHECK(b.root().equals(a.root()) == row.equal);
  }
  const auto null = parsed("null");
  CHECK(Node().equals(Node()));
  CHECK_FALSE(Node().equals(null.root()));
}

TEST_CASE("node: very large objects in another order compare quickly") {
  std::string forth = "{";
  std::string back = "{";
  constexpr int kSize = 100'000;
  for (int i = 0; i < kSize; ++i) {
    forth += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    back += (i == 0 ? "\"" : ",\"") + std::to_string(kSize - 1 - i) + "\":0";
  }
  const auto a = parsed(forth + "}");
  const auto b = parsed(back + "}");
  CHECK(a.root().equals(b.root()));
}

TEST_CASE("node: the same place is more than the same value") {
  const auto document = parsed(R"([{"a":1},{"a":1}])");
  CHECK(document.root().at(0).equals(document.root().at(1)));
  CHECK_FALSE(document.root().at(0).is(document.root().at(1)));
  CHECK(document.root().at(0).is(document.root().at(0)));
}

}  // namespace
}  // namespace cpods::json
