#include "kube/namespace_feed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace cpods::kube {
namespace {

// The map in one line: "a{team=x} b{}", ordered by name.
std::string shown(const NamespaceMap& map, std::initializer_list<const char*> names) {
  std::string out;
  for (const char* name : names) {
    const auto labels = map.find(name);
    if (!labels) continue;
    out += out.empty() ? "" : " ";
    out += std::string(name) + "{";
    for (const auto& [key, value] : labels->entries()) out += key + "=" + value;
    out += "}";
  }
  return out;
}

std::string event(const char* type, const char* name, const char* version, const char* labels) {
  return std::string(R"({"type":")") + type +
         R"(","object":{"kind":"PartialObjectMetadata","metadata":{"name":")" + name +
         R"(","resourceVersion":")" + version + R"(","labels":)" + labels + "}}}";
}

TEST_CASE("namespace_feed: each watch event changes the map and moves the version as it should") {
  struct Row {
    const char* what;
    std::string line;
    const char* map;
    const char* version;
    Next next;
    const char* why;
  };
  const std::vector<Row> rows = {
      {"added", event("ADDED", "b", "8", R"({"team":"y"})"), "a{team=x} b{team=y}", "8",
       Next::ReadOn, ""},
      {"modified", event("MODIFIED", "a", "8", R"({"team":"z"})"), "a{team=z}", "8", Next::ReadOn,
       ""},
      {"labels taken away", event("MODIFIED", "a", "8", "null"), "a{}", "8", Next::ReadOn, ""},
      {"deleted", event("DELETED", "a", "8", "{}"), "", "8", Next::ReadOn, ""},
      {"deleted, never seen", event("DELETED", "c", "8", "{}"), "a{team=x}", "8", Next::ReadOn, ""},
      {"bookmark",
       R"({"type":"BOOKMARK","object":{"kind":"Namespace","metadata":{"resourceVersion":"9"}}})",
       "a{team=x}", "9", Next::ReadOn, ""},
      {"too old",
       R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version: 7"}})",
       "a{team=x}", "7", Next::Relist, "version 7 is too old (too old resource version: 7)"},
      {"another error",
       R"({"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}})",
       "a{team=x}", "7", Next::Rewatch, "etcd is away"},
      {"not JSON", "{", "a{team=x}", "7", Next::Relist, nullptr},
      {"a type from the future", event("RENAMED", "a", "8", "{}"), "a{team=x}", "7", Next::Relist,
       R"(an event that cannot be read (/type: unknown watch event "RENAMED"))"},
      {"without a version", R"({"type":"ADDED","object":{"metadata":{"name":"b"}}})", "a{team=x}",
       "7", Next::Relist,
       "an event that cannot be read (/object/metadata: resourceVersion is missing)"},
      {"without a name", R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"8"}}})",
       "a{team=x}", "7", Next::Relist,
       "an event that cannot be read (/object: an object without metadata.name)"},
      {"labels of a wrong type", event("ADDED", "b", "8", R"(["team"])"), "a{team=x}", "7",
       Next::Relist, nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    NamespaceMap map;
    map.put("a", std::make_shared<const pod::Labels>(
                     pod::Labels(std::vector<std::pair<std::string, std::string>>{{"team", "x"}})));
    std::string version = "7";
    std::string why;
    CHECK(apply_line(row.line, map, version, why) == row.next);
    CHECK(shown(map, {"a", "b", "c"}) == row.map);
    CHECK(version == row.version);
    if (row.why) {
      CHECK(why == row.why);
    } else {
      CHECK(why.starts_with("an event that cannot be read ("));
    }
  }
}

TEST_CASE("namespace_feed: a page carries names, labels, its version and where it goes on") {
  const auto page = read_page(
      R"({"kind":"PartialObjectMetadataList","metadata":{"resourceVersion":"42","continue":"abc"},
          "items":[{"metadata":{"name":"a","labels":{"x":"1"}}},{"metadata":{"name":"b"}}]})");
  REQUIRE(page);
  CHECK(page->version == "42");
  CHECK(page->continue_token == "abc");
  REQUIRE(page->namespaces.size() == 2);
  CHECK(page->namespaces.at("a")->find("x") == "1");
  CHECK(page->namespaces.at("b")->entries().empty());
}

TEST_CASE("namespace_feed: an empty list is a list, anything else is refused with its place") {
  CHECK(read_page(R"({"metadata":{"resourceVersion":"1"},"items":null})"));
  CHECK(read_page(R"({"metadata":{"resourceVersion":"1"},"items":[]})"));
  struct Row {
    const char* body;
    const char* error;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"metadata":{},"items":[]})", "/metadata: resourceVersion is missing"},
           {R"({"metadata":{"resourceVersion":"1"},"items":{}})", "/items: items is not a list"},
           {R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{}}]})",
            "/items/0: an object without metadata.name"}}) {
    CAPTURE(row.body);
    const auto page = read_page(row.body);
    REQUIRE_FALSE(page);
    CHECK(page.error().text() == row.error);
  }
}

}  // namespace
}  // namespace cpods::kube
