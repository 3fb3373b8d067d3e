#include "json/schema.h"

#include <doctest/doctest.h>

#include "json/document.h"

namespace {

using namespace cpods::json;

constexpr std::string_view kSchema = R"({
  "definitions": {
    "Thing": {
      "type": "object",
      "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "patternErrorMessage": "must be lower case"},
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "kind": {"type": "string", "enum": ["Deny", "Place"]},
        "tolerations": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
        "either": {
          "type": "object", "properties": {"left": {}, "right": {}},
          "minProperties": 1, "maxProperties": 1, "additionalProperties": false
        },
        "labels": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
        "quantity": {"type": ["string", "integer"]},
        "word": {"type": "string", "minLength": 1, "maxLength": 3},
        "plain": {"type": "string", "pattern": "^x"}
      },
      "required": ["name"],
      "additionalProperties": false
    }
  }
})";

std::vector<std::string> violations_of(std::string_view value) {
  const auto schema = Schema::compile(kSchema, "/definitions/Thing");
  REQUIRE(schema);
  const auto document = Document::parse(std::string(value));
  REQUIRE(document);
  std::vector<std::string> out;
  for (const auto& violation : schema->violations(document->root())) {
    out.push_back(violation.pointer + (violation.at_key ? " (key): " : ": ") + violation.sentence);
  }
  return out;
}

}  // namespace

TEST_CASE("schema: every kind of violation is one sentence with its pointer") {
  struct Row {
    std::string_view value;
    std::vector<std::string> violations;
  };
  const Row rows[] = {
      {R"({"name":"a"})", {}},
      {R"({})", {": the field \"name\" is missing"}},
      {R"([])", {": must be a mapping, but is a list"}},
      {R"({"name":"A"})", {"/name: must be lower case, not \"A\""}},
      {R"({"name":"a","plain":"y"})", {"/plain: is not of the right form, not \"y\""}},
      {R"({"name":12})", {"/name: must be a string, but is 12; write \"12\""}},
      {R"({"name":true})", {"/name: must be a string, but is true; write \"true\""}},
      {R"({"name":null})", {"/name: must be a string, but is null"}},
      {R"({"name":"a","size":1.5})", {"/size: must be a whole number, but is 1.5"}},
      {R"({"name":"a","size":"1"})", {"/size: must be a whole number, but is a string"}},
      {R"({"name":"a","size":0})", {"/size: must be at least 1"}},
      {R"({"name":"a","size":10})", {"/size: must be at most 9"}},
      {R"({"name":"a","quantity":true})",
       {"/quantity: must be a string or a whole number, but is true; write \"true\""}},
      {R"({"name":"a","kind":"deny"})",
       {"/kind: must be Deny or Place, not \"deny\"; did you mean \"Deny\"?"}},
      {R"({"name":"a","kind":"Never"})", {"/kind: must be Deny or Place, not \"Never\""}},
      {R"({"name":"a","tolerance":[]})",
       {"/tolerance (key): unknown field \"tolerance\"; did you mean \"tolerations\"?"}},
      {R"({"name":"a","zzz":1})",
       {"/zzz (key): unknown field \"zzz\"; known here: name, size, kind, tolerations, either, "
        "labels, quantity, word, plain"}},
      {R"({"name":"a","a/b~c d":1})",
       {"/a~1b~0c d (key): unknown field \"a/b~c d\"; known here: name, size, kind, tolerations, "
        "either, labels, quantity, word, plain"}},
      {R"({"name":"a","tolerations":[]})", {"/tolerations: must not be empty"}},
      {R"({"name":"a","tolerations":["a","b","c"]})",
       {"/tolerations: must have at most 2 entries"}},
      {R"({"name":"a","tolerations":["a",1]})",
       {"/tolerations/1: must be a string, but is 1; write \"1\""}},
      {R"({"name":"a","either":{}})", {"/either: must have exactly one of left or right"}},
      {R"({"name":"a","either":{"left":1,"right":2}})",
       {"/either: must have exactly one of left or right"}},
      {R"({"name":"a","labels":{}})", {"/labels: must not be empty"}},
      {R"({"name":"a","labels":{"x":1}})", {"/labels/x: must be a string, but is 1; write \"1\""}},
      {R"({"name":"a","word":""})", {"/word: must not be empty"}},
      {R"({"name":"a","word":"four"})", {"/word: must have at most 3 characters"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(violations_of(row.value) == row.violations);
  }
}

TEST_CASE("schema: all violations of a value are told at once") {
  CHECK(violations_of(R"({"size":0,"kind":"x","nmae":"a","tolerations":[1,2],"either":{"up":1}})")
            .size() == 7);
}

TEST_CASE("schema: a start that the schema does not have is an error") {
  CHECK_FALSE(Schema::compile(kSchema, "/definitions/Nothing"));
  CHECK_FALSE(Schema::compile("{", ""));
}

TEST_CASE("schema: a reference that leads nowhere is an error") {
  CHECK_FALSE(Schema::compile(R"({"properties":{"a":{"$ref":"#/definitions/None"}}})", ""));
}
