#include "kube/ca_bundle.h"

#include <doctest/doctest.h>

#include <vector>

#include "json/document.h"

namespace cpods::kube {
namespace {

TEST_CASE("ca_bundle: only what differs is patched, in the version that was read") {
  struct Row {
    const char* what;
    const char* webhooks;
    const char* patch;  // null: nothing to do
  };
  const std::vector<Row> rows = {
      {"absent", R"([{"name":"a","clientConfig":{}}])",
       R"([{"op":"test","path":"/metadata/resourceVersion","value":"7"},)"
       R"({"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"Q0E="}])"},
      {"right already", R"([{"name":"a","clientConfig":{"caBundle":"Q0E="}}])", nullptr},
      {"one of two is another's",
       R"([{"name":"a","clientConfig":{"caBundle":"Q0E="}},)"
       R"({"name":"b","clientConfig":{"caBundle":"WA==","service":{"name":"s"}}}])",
       R"([{"op":"test","path":"/metadata/resourceVersion","value":"7"},)"
       R"({"op":"add","path":"/webhooks/1/clientConfig/caBundle","value":"Q0E="}])"},
      {"no entries", "[]", nullptr},
      {"entries not there", "null", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto document = json::Document::parse(
        std::string(R"({"metadata":{"resourceVersion":"7"},"webhooks":)") + row.webhooks + "}");
    REQUIRE(document);
    const auto patch = ca_bundle_patch(document->root(), "CA");
    CHECK(patch.has_value() == (row.patch != nullptr));
    if (row.patch) CHECK(patch.value_or("") == row.patch);
  }
}

}  // namespace
}  // namespace cpods::kube
