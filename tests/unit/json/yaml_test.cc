#include "json/yaml.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

#include "json/writer.h"
#include "json/yaml_scalar.h"

namespace {

using namespace cpods::json;

std::string text_of(const TextError& error) {
  return std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + ": " +
         error.message;
}

std::vector<std::string> errors_of(std::string_view text, Dialect dialect) {
  std::vector<std::string> out;
  for (const auto& error : read_documents(text, dialect).errors) out.push_back(text_of(error));
  return out;
}

// All documents, one a line.
std::string values_of(std::string_view text, Dialect dialect) {
  const auto read = read_documents(text, dialect);
  std::string out;
  for (const auto& error : read.errors) out += text_of(error) + "\n";
  for (const auto& document : read.documents) out += to_text(document.root()) + "\n";
  return out;
}

struct Typing {
  std::string_view plain;
  std::string_view policy;  // as JSON
  std::string_view manifest;
};

}  // namespace

TEST_CASE(
    "yaml: a plain scalar is typed by YAML 1.2 in policies and as kubectl does in manifests") {
  const Typing rows[] = {
      {"yes", R"("yes")", "true"},
      {"y", R"("y")", "true"},
      {"N", R"("N")", "false"},
      {"on", R"("on")", "true"},
      {"Off", R"("Off")", "false"},
      {"yEs", R"("yEs")", R"("yEs")"},
      {"TRUE", "true", "true"},
      {"False", "false", "false"},
      {"null", "null", "null"},
      {"~", "null", "null"},
      {"12", "12", "12"},
      {"-12", "-12", "-12"},
      {"+12", "12", "12"},
      {"010", "10", "8"},
      {"08", "8", "8"},
      {"0o10", "8", "8"},
      {"0x1F", "31", "31"},
      {"-0x1F", R"("-0x1F")", "-31"},
      {"0b101", R"("0b101")", "5"},
      {"-0b101", R"("-0b101")", "-5"},
      {"1_000", R"("1_000")", "1000"},
      {"9223372036854775807", "9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615", "18446744073709551615"},
      {"1.5", "1.5", "1.5"},
      {"1.", "1.0", "1"},
      {".5", "0.5", "0.5"},
      {"1e3", "1000.0", "1000"},
      {"1e400", "error", R"("1e400")"},
      {"1e30", "1e30", "1e30"},
      {"-0.0", "-0.0", "0"},
      {"2001-12-14", R"("2001-12-14")", R"("2001-12-14")"},
      {"12:30:45", R"("12:30:45")", R"("12:30:45")"},
      {"1.2.3", R"("1.2.3")", R"("1.2.3")"},
      {"0x", R"("0x")", R"("0x")"},
      {"+", R"("+")", R"("+")"},
      {"<<", R"("<<")", R"("<<")"},
      {".inf", "error", "error"},
      {"-.INF", "error", "error"},
      {".NaN", "error", "error"},
      {"18446744073709551616", "error", "18446744073709552000.0"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.plain);
    const auto text = "- " + std::string(row.plain);
    for (const auto dialect : {Dialect::Policy, Dialect::Manifest}) {
      const auto expected = dialect == Dialect::Policy ? row.policy : row.manifest;
      if (expected == "error") {
        CHECK(errors_of(text, dialect).size() == 1);
      } else {
        CHECK(values_of(text, dialect) == "[" + std::string(expected) + "]\n");
      }
    }
  }
}

TEST_CASE("yaml: quotes and blocks are strings in both dialects") {
  const std::string_view text = "a: 'yes'\nb: \"12\"\nc: |\n  1\nd: >-\n  no\n";
  const std::string expected = "{\"a\":\"yes\",\"b\":\"12\",\"c\":\"1\\n\",\"d\":\"no\"}\n";
  CHECK(values_of(text, Dialect::Policy) == expected);
  CHECK(values_of(text, Dialect::Manifest) == expected);
}

TEST_CASE("yaml: a policy file refuses what makes YAML surprising, each at its place") {
  struct Row {
    std::string_view text;
    std::vector<std::string> errors;
  };
  const Row rows[] = {
      {"a: &x 1",
       {"1:4: an anchor: policy files have no anchors and aliases; write the value out"}},
      {"a: 1\nb: &x {c: 2}\nd: *x",
       {"2:4: an anchor: policy files have no anchors and aliases; write the value out",
        "3:4: the alias *x: policy files have no anchors and aliases; write the value out"}},
      {"a: !!str 1",
       {"1:4: the tag !!str: policy files have no tags; quote the value if it is a string"}},
      {"a: !mine {}",
       {"1:4: the tag !mine: policy files have no tags; quote the value if it is a string"}},
      {"<<: {a: 1}", {"1:1: a merge key (<<): policy files have none; write the fields out"}},
      {"1: a", {"1:1: the key 1 is a number; write it in quotes: \"1\""}},
      {"true: a", {"1:1: the key true is a boolean; write it in quotes: \"true\""}},
      {"~: a", {"1:1: the key ~ is null; write it in quotes: \"~\""}},
      {"[a]: b", {"1:1: a key must be a string, not a list or a mapping"}},
      {"a: 1\nb: 2\na: 3", {"3:1: duplicate key \"a\"; it stands on line 1 already"}},
      {"a: .inf", {"1:4: .inf is not a JSON number; quote it if it is a string"}},
      {"a: 1e999", {"1:4: the number 1e999 is too large; quote it if it is a string"}},
      {"a: 'b",
       {"1:6: found unexpected end of stream, while scanning a quoted scalar that begins "
        "on line 1"}},
      {"a:\n\tb: 1", {"2:1: a tab; YAML indents with spaces"}},
      {"a: [*]", {"1:5: * begins an alias in YAML; write \"*\" in quotes"}},
      {"a:\n- *\n", {"2:3: * begins an alias in YAML; write \"*\" in quotes"}},
      {"a: b: c", {"1:5: mapping values are not allowed in this context"}},
      {"a: \x01", {"1:4: control characters are not allowed"}},
      {"a: *nobody", {"1:4: the alias *nobody has no anchor before it"}},
      {"a: \xff", {"1:4: not valid UTF-8; save the file as UTF-8"}},
      {std::string_view("a: \0", 4), {"1:4: a NUL byte; only UTF-8 text is read"}},
      {"a: 1\n---\na: 1\na: 2\n---\nb: 1\nb: 2",
       {"4:1: duplicate key \"a\"; it stands on line 3 already",
        "7:1: duplicate key \"b\"; it stands on line 6 already"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(errors_of(row.text, Dialect::Policy) == row.errors);
  }
}

TEST_CASE("yaml: a manifest is read as kubectl reads it") {
  struct Row {
    std::string_view text;
    std::string_view values;
  };
  // Recorded from sigs.k8s.io/yaml 1.6.0, which sorts keys; these are sorted already.
  const Row rows[] = {
      {"a: &x {b: 1}\nc: *x", R"({"a":{"b":1},"c":{"b":1}})"},
      {"a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3", R"({"a":{"b":1,"c":2},"d":{"b":3,"c":2}})"},
      {"a: &x {b: 1}\nd:\n  b: 3\n  <<: *x", R"({"a":{"b":1},"d":{"b":1}})"},
      {"a: {<<: [{b: 1}, {b: 2, c: 3}]}", R"({"a":{"b":1,"c":3}})"},
      {"yes: 1", R"({"true":1})"},
      {"010: a", R"({"8":"a"})"},
      {"1.5: a", R"({"1.5":"a"})"},
      {"1e6: a", R"({"1e+06":"a"})"},
      {".inf: a", R"({".inf":"a"})"},
      {"a: 0x+1", R"({"a":"0x+1"})"},
      {"a: !!str 12", R"({"a":"12"})"},
      {"a: !!int '12'", R"({"a":12})"},
      {"a: !!binary aGVsbG8=", R"({"a":"hello"})"},
      {"!!binary ZW52RnJvbQ==: 1", R"({"envFrom":1})"},
      {"a: !mine 12", R"({"a":"12"})"},
      {"a: 2001-12-14t21:59:43.10-05:00", R"({"a":"2001-12-14t21:59:43.10-05:00"})"},
      {"a:", R"({"a":null})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(values_of(row.text, Dialect::Manifest) == std::string(row.values) + "\n");
  }
}

TEST_CASE("yaml: a manifest that kubectl refuses is refused") {
  CHECK(errors_of("a: 1\na: 2", Dialect::Manifest) ==
        std::vector<std::string>{"2:1: duplicate key \"a\"; it stands on line 1 already"});
  CHECK(errors_of("~: 1", Dialect::Manifest) ==
        std::vector<std::string>{"1:1: the key ~ cannot be a JSON name; write it in quotes"});
  CHECK(errors_of("a: !!int x", Dialect::Manifest) ==
        std::vector<std::string>{"1:4: \"x\" is no !!int"});
  CHECK(errors_of("a: {<<: 1}", Dialect::Manifest) ==
        std::vector<std::string>{"1:5: a merge key (<<) needs a mapping or a list of mappings"});
  CHECK(errors_of("a: &x [*x]", Dialect::Manifest) ==
        std::vector<std::string>{"1:8: the alias *x stands inside its own anchor"});
}

TEST_CASE("yaml: anchors cannot make a small text large or deep") {
  std::string values = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  std::string merges = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 12; ++i) {
    const auto name = "a" + std::to_string(i);
    const auto before = "*a" + std::to_string(i - 1);
    std::string nine = before;
    for (int j = 1; j < 9; ++j) nine += ", " + before;
    values += name + ": &" + name + " [" + nine + "]\n";
    merges += name + ": &" + name + " {<<: [" + nine + "]}\n";
  }
  CHECK(errors_of(values, Dialect::Manifest).back().ends_with("more than 2000000 values"));
  CHECK(errors_of(merges, Dialect::Manifest)
            .back()
            .ends_with("the merge keys (<<) expand to too much"));

  std::string chain = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 5000; ++i) {
    const auto name = "a" + std::to_string(i);
    chain += name + ": &" + name + " {<<: *a" + std::to_string(i - 1) + "}\n";
  }
  CHECK_FALSE(errors_of(chain, Dialect::Manifest).empty());
}

TEST_CASE("yaml: nesting ends at 64 levels, and soon") {
  const std::string deepest = std::string(64, '[') + std::string(64, ']');
  CHECK(errors_of(deepest, Dialect::Policy).empty());
  CHECK(read_yaml(deepest, Dialect::Policy).errors.empty());
  const std::string too_deep(100'000, '[');
  CHECK(text_of(read_yaml(too_deep, Dialect::Policy).errors.at(0)) ==
        "1:65: nested deeper than 64 levels");
  CHECK(text_of(read_json(too_deep).errors.at(0)) == "1:65: nested deeper than 64 levels");
}

TEST_CASE("yaml: aliases may repeat a text, up to what a file could hold") {
  const std::string text(1024 * 1024, 'x');
  const auto repeated = [&](int times) {
    std::string yaml = "a: &a " + text + "\nb:\n";
    for (int i = 0; i < times; ++i) yaml += "- *a\n";
    return read_yaml(yaml, Dialect::Manifest);
  };
  CHECK(repeated(60).errors.empty());
  CHECK(text_of(repeated(70).errors.at(0)) == "1:4: more than 64 MiB of text");
}

TEST_CASE("yaml: a policy file is YAML 1.2 and need not say so") {
  CHECK(errors_of("%YAML 1.1\n---\na: 1\n", Dialect::Policy) ==
        std::vector<std::string>{
            "1:1: a %YAML directive: policy files are YAML 1.2 always; leave it out"});
  CHECK(values_of("%YAML 1.1\n---\na: on\n", Dialect::Manifest) == "{\"a\":true}\n");
}

TEST_CASE("yaml: several documents, empty ones left out") {
  CHECK(values_of("# nothing\n---\n---\na: 1\n...\n---\nb: 2\n", Dialect::Policy) ==
        "{\"a\":1}\n{\"b\":2}\n");
  CHECK(values_of("", Dialect::Policy).empty());
  CHECK(values_of("\xEF\xBB\xBF# only a comment\n", Dialect::Manifest).empty());
}

TEST_CASE("yaml: a text in brackets is JSON, with YAML as the second try") {
  CHECK(values_of("{\"a\": \"\\ud83d\\ude00\"}", Dialect::Policy) ==
        "{\"a\":\"\xF0\x9F\x98\x80\"}\n");
  CHECK(values_of("{\t\"a\": 1}", Dialect::Policy) == "{\"a\":1}\n");
  CHECK(values_of("{\"a\": 1}\n{\"b\": 2}\n", Dialect::Manifest) == "{\"a\":1}\n{\"b\":2}\n");
  CHECK(values_of("{a: 1}", Dialect::Policy) == "{\"a\":1}\n");
  CHECK(errors_of("{\"a\": 1,}x\"", Dialect::Policy) ==
        std::vector<std::string>{"1:9: Missing a name for object member"});
  CHECK(errors_of("{\"a\": 1, \"a\": 2}", Dialect::Policy) ==
        std::vector<std::string>{"1:10: duplicate key \"a\"; it stands on line 1 already"});
}

TEST_CASE("yaml: every value and every key knows its place, in YAML and in JSON") {
  const auto yaml = read_yaml("a:\n  b/c: [1, {d: 2}]\n  \xC3\xA9: {f: 3}\n", Dialect::Policy);
  const auto json =
      read_json("{\n  \"a\": {\n    \"b/c\": [1, {\"d\" : 2}],\n    \"\xC3\xA9\":{\"f\":3}}}");
  struct Row {
    std::string_view pointer;
    Place yaml_key, yaml_value, json_key, json_value;
  };
  const Row rows[] = {
      {"", {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"/a", {1, 1}, {2, 3}, {2, 3}, {2, 8}},
      {"/a/b~1c", {2, 3}, {2, 8}, {3, 5}, {3, 12}},
      {"/a/b~1c/0", {2, 9}, {2, 9}, {3, 13}, {3, 13}},
      {"/a/b~1c/1/d", {2, 13}, {2, 16}, {3, 17}, {3, 23}},
      {"/a/\xC3\xA9/f", {3, 7}, {3, 10}, {4, 10}, {4, 14}},
      {"/a/missing", {1, 1}, {2, 3}, {2, 3}, {2, 8}},
      {"/a/b~1c/7", {2, 3}, {2, 8}, {3, 5}, {3, 12}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pointer);
    CHECK(yaml.documents.at(0).key_place_of(row.pointer) == row.yaml_key);
    CHECK(yaml.documents.at(0).place_of(row.pointer) == row.yaml_value);
    CHECK(json.documents.at(0).key_place_of(row.pointer) == row.json_key);
    CHECK(json.documents.at(0).place_of(row.pointer) == row.json_value);
  }
}

TEST_CASE("yaml: to_yaml writes blocks, and quotes what a reader would retype") {
  const auto document = Document::parse(
      R"({"kind":"Pod","spec":{"containers":[{"name":"a","args":["y","1e3","x: y","-","#"],)"
      R"("env":[]},{"name":"b","on":true}],"x":{}},"text":"one\ntwo\n","also":"a\nb","n":12,)"
      R"("e":"","date":"2001-12-14","path":"/dev/tpmrm0","image":"busybox:1.36","bell":"\u0007"})");
  REQUIRE(document);
  CHECK(to_yaml(document->root()) ==
        "kind: Pod\n"
        "spec:\n"
        "  containers:\n"
        "  - name: a\n"
        "    args:\n"
        "    - \"y\"\n"
        "    - \"1e3\"\n"
        "    - \"x: y\"\n"
        "    - \"-\"\n"
        "    - \"#\"\n"
        "    env: []\n"
        "  - name: b\n"
        "    \"on\": true\n"
        "  x: {}\n"
        "text: |\n"
        "  one\n"
        "  two\n"
        "also: |-\n"
        "  a\n"
        "  b\n"
        "\"n\": 12\n"
        "e: \"\"\n"
        "date: \"2001-12-14\"\n"
        "path: /dev/tpmrm0\n"
        "image: busybox:1.36\n"
        "bell: \"\\x07\"\n");
}

namespace {

// Text that is hard on YAML: words, signs, line ends, odd characters.
rc::Gen<std::string> hard_text() {
  const auto piece = rc::gen::element<std::string>(
      "a", "yes", "no", "on", "y", "null", "~", "1", "0", "x", "e", ".", "-", "+", "_", ":", "#",
      " ", "\n", "\t", "\r", "'", "\"", "\\", "{", "]", "*", "&", "!", "|", ">", "%", "@", "?", ",",
      "---", "...", "<<", "=", "\x01", "\x7F", "\xC2\x85", "\xC2\xA0", "\xC3\xA9", "\xE2\x80\xA8",
      "\xEF\xBB\xBF", "\xEF\xBF\xBE", "\xF0\x9F\x98\x80");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string out;
                        for (const auto& each : pieces) out += each;
                        return out;
                      });
}

std::string any_value(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 7 : 5);
  Writer out;
  if (kind == 0) return "null";
  if (kind == 1) return *rc::gen::arbitrary<bool>() ? "true" : "false";
  if (kind == 2) return std::to_string(*rc::gen::arbitrary<std::int64_t>());
  if (kind < 5) return quoted(*hard_text());
  const int size = *rc::gen::inRange(0, 4);
  if (kind == 5) {
    out.array();
    for (int i = 0; i < size; ++i) out.raw(any_value(depth - 1));
    return out.end().take();
  }
  std::map<std::string, std::string> members;
  for (int i = 0; i < size; ++i) members[*hard_text()] = any_value(depth - 1);
  out.object();
  for (const auto& [key, value] : members) out.key(key).raw(value);
  return out.end().take();
}

}  // namespace

TEST_CASE("yaml: what to_yaml writes is read back as the same value") {
  CHECK(rc::check("round trip", [] {
    const auto text = any_value(4);
    const auto document = Document::parse(text);
    RC_ASSERT(document.has_value());
    const auto written = to_yaml(document->root());
    RC_LOG() << text << "\n" << written;
    const auto read = read_yaml(written, Dialect::Manifest);
    RC_ASSERT(read.errors.empty());
    if (document->root().kind() == Kind::Null) return;
    RC_ASSERT(read.documents.size() == 1u);
    RC_ASSERT(to_text(read.documents.at(0).root()) == to_text(document->root()));
  }));
}

TEST_CASE("yaml: a key longer than libyaml's simple keys survives") {
  const auto text = "{" + quoted(std::string(3000, 'k')) + ":{\"a\":[1]}}";
  const auto document = Document::parse(text);
  REQUIRE(document);
  CHECK(values_of(to_yaml(document->root()), Dialect::Manifest) == text + "\n");
}
