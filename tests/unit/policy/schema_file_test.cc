#include "policy/schema_text.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "json/document.h"

using namespace cpods;

namespace {

// RapidJSON's of draft-04, annotations, and our own words for a pattern. What is not here would be
// ignored.
const std::set<std::string> kSupported = {"$schema",       "id",
                                          "$ref",          "definitions",
                                          "title",         "description",
                                          "default",       "type",
                                          "enum",          "properties",
                                          "required",      "additionalProperties",
                                          "minProperties", "maxProperties",
                                          "items",         "minItems",
                                          "maxItems",      "minLength",
                                          "maxLength",     "pattern",
                                          "minimum",       "patternErrorMessage",
                                          "maximum",       "anyOf"};

// Keywords whose members are names of the schema's own choice, each with a schema below it.
bool names_schemas(std::string_view keyword) {
  return keyword == "properties" || keyword == "definitions";
}

// Schemas are objects; enum, required, type and default hold plain values.
void collect(json::Node schema, std::set<std::string>& keywords) {
  if (schema.kind() == json::Kind::Array) {
    for (const json::Node each : schema.elements()) collect(each, keywords);
    return;
  }
  if (schema.kind() != json::Kind::Object) return;
  for (const auto [keyword, value] : schema.members()) {
    keywords.insert(std::string(keyword));
    if (names_schemas(keyword)) {
      for (const auto [name, each] : value.members()) collect(each, keywords);
    } else {
      collect(value, keywords);
    }
  }
}

void check_strict(json::Node schema) {
  if (schema.kind() == json::Kind::Array) {
    for (const json::Node each : schema.elements()) check_strict(each);
    return;
  }
  if (schema.kind() != json::Kind::Object) return;
  if (schema["type"].kind() == json::Kind::String && schema["type"].text() == "object") {
    CAPTURE(schema.pointer());
    CHECK(schema["additionalProperties"].kind() != json::Kind::Missing);
  }
  for (const auto [keyword, value] : schema.members()) {
    if (!names_schemas(keyword)) check_strict(value);
    if (!names_schemas(keyword)) continue;
    for (const auto [name, each] : value.members()) check_strict(each);
  }
}

json::Document schema() {
  auto document = json::Document::parse(std::string(policy::kSchemaText));
  REQUIRE(document);
  return std::move(*document);
}

}  // namespace

TEST_CASE("schema: the policy schema uses only keywords that the validator knows") {
  const auto document = schema();
  std::set<std::string> keywords;
  collect(document.root(), keywords);
  for (const auto& keyword : keywords) {
    CAPTURE(keyword);
    CHECK(kSupported.contains(keyword));
  }
}

TEST_CASE("schema: every mapping of the policy schema says what else it may hold") {
  const auto document = schema();
  check_strict(document.root());
}

TEST_CASE("schema: every pattern of the policy schema has words for people") {
  const auto document = schema();
  const auto check = [](const auto& self, json::Node node) -> void {
    if (node.kind() == json::Kind::Array) {
      for (const json::Node each : node.elements()) self(self, each);
    } else if (node.kind() == json::Kind::Object) {
      CAPTURE(node.pointer());
      CHECK(node["pattern"].present() == node["patternErrorMessage"].present());
      for (const auto [key, value] : node.members()) self(self, value);
    }
  };
  check(check, document.root());
}
