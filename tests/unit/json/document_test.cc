#include "json/document.h"

#include <doctest/doctest.h>

#include <vector>

namespace cpods::json {
namespace {

// Outlives everything that its thread keeps, which must not trouble its end.
const Document kStatic = std::move(*Document::parse(R"({"a":[1,2,3]})"));

// What parse() says of a text that it refuses; "read" where it does not refuse.
std::string refusal_of(std::string text) {
  const auto document = Document::parse(std::move(text));
  if (document) return "read";
  return std::string(name_of(document.error().code)) + ": " + document.error().text();
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

// {"k0":0,"k1":1,…} with `extra` as the last member.
std::string object_of(int size, const std::string& extra) {
  std::string text = "{";
  for (int i = 0; i < size; ++i) {
    text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  }
  return text + extra + "}";
}

TEST_CASE("document: what is read comes out again, in its order") {
  const std::string_view rows[] = {"{}",
                                   "[]",
                                   "null",
                                   "true",
                                   "0",
                                   "-1",
                                   "1.5",
                                   R"("")",
                                   R"({"z":1,"a":[null,true,false,{"b":"\"\\/"}]})",
                                   "9223372036854775807",
                                   "-9223372036854775808",
                                   "18446744073709551615",
                                   R"("ü𝄞€")"};
  for (const auto row : rows) {
    CAPTURE(row);
    const auto document = Document::parse(std::string(row));
    REQUIRE(document);
    CHECK(to_text(document->root()) == row);
  }
}

TEST_CASE("document: white space around the value is not text after it") {
  CHECK(refusal_of(" \t\r\n{} \t\r\n") == "read");
}

TEST_CASE("document: text that is not one strict JSON value is refused with its place") {
  struct Row {
    std::string text;
    std::string refusal;
  };
  const Row rows[] = {
      {"", "Malformed: offset 0: The document is empty"},
      {"  ", "Malformed: offset 2: The document is empty"},
      {"{} {}", "Malformed: offset 3: The document root must not be followed by other values"},
      {"{}x", "Malformed: offset 2: The document root must not be followed by other values"},
      {"[1,]", "Malformed: offset 3: Invalid value"},
      {R"({"a":1,})", "Malformed: offset 7: Missing a name for object member"},
      {R"({a:1})", "Malformed: offset 1: Missing a name for object member"},
      {R"({"a" 1})", "Malformed: offset 5: Missing a colon after a name of object member"},
      {R"({"a":1 "b":2})", "Malformed: offset 7: Missing a comma or '}' after an object member"},
      {"[1 2]", "Malformed: offset 3: Missing a comma or ']' after an array element"},
      {"// c\n{}", "Malformed: offset 0: Invalid value"},
      {"{}/**/", "Malformed: offset 2: The document root must not be followed by other values"},
      {"NaN", "Malformed: offset 0: Invalid value"},
      {"Infinity", "Malformed: offset 0: Invalid value"},
      {"-Infinity", "Malformed: offset 1: Invalid value"},
      {"1e400", "Malformed: offset 0: Number too big to be stored in double"},
      {"01", "Malformed: offset 1: The document root must not be followed by other values"},
      {"+1", "Malformed: offset 0: Invalid value"},
      {"1.", "Malformed: offset 2: Miss fraction part in number"},
      {"1e", "Malformed: offset 2: Miss exponent in number"},
      {"tru", "Malformed: offset 3: Invalid value"},
      {"'a'", "Malformed: offset 0: Invalid value"},
      {R"("a)", "Malformed: offset 2: Missing a closing quotation mark in string"},
      {"\"a\nb\"", "Malformed: offset 2: Invalid encoding in string"},
      {R"("\x")", "Malformed: offset 1: Invalid escape character in string"},
      {R"("\u12g4")", "Malformed: offset 1: Incorrect hex digit after \\u escape in string"},
      {R"("\ud800")", "Malformed: offset 1: The surrogate pair in string is invalid"},
      {R"("\ud800\u0041")", "Malformed: offset 1: The surrogate pair in string is invalid"},
      {R"("\udc00")", "Malformed: offset 1: The surrogate pair in string is invalid"},
      {"\xEF\xBB\xBF{}", "Malformed: offset 0: Invalid value"},
      {"\"\x80\"", "Malformed: the text is not valid UTF-8"},
      {"\"\xC0\xAF\"", "Malformed: the text is not valid UTF-8"},
      {"\"\xED\xA0\x80\"", "Malformed: the text is not valid UTF-8"},
      {"\"\xF4\x90\x80\x80\"", "Malformed: the text is not valid UTF-8"},
      {"\"\xE2\x82\"", "Malformed: the text is not valid UTF-8"},
      {std::string("{}\0", 3), "Malformed: offset 2: a NUL byte is not JSON"},
      {std::string("{\"a\":\"\0\"}", 9), "Malformed: offset 6: a NUL byte is not JSON"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(refusal_of(row.text) == row.refusal);
  }
}

TEST_CASE("document: escapes are decoded, also the escaped NUL") {
  const auto document = Document::parse(R"(["\ud834\udd1e","a\u0000b","\u00fc\n\/"])");
  REQUIRE(document);
  CHECK(document->root().at(0).text() == "\xF0\x9D\x84\x9E");
  CHECK(document->root().at(1).text() == std::string_view("a\0b", 3));
  CHECK(document->root().at(2).text() == "ü\n/");
}

TEST_CASE("document: a key that appears twice is refused at every size and depth") {
  CHECK(refusal_of(R"({"a":1,"a":1})") == "Malformed: /a: the key \"a\" appears twice");
  CHECK(refusal_of(R"({"a":1,"\u0061":2})") == "Malformed: /a: the key \"a\" appears twice");
  CHECK(refusal_of(R"([0,{"x":{"":1,"":2}}])") == "Malformed: /1/x/: the key \"\" appears twice");
  CHECK(refusal_of(R"({"a/b~c":1,"a/b~c":2})") ==
        "Malformed: /a~1b~0c: the key \"a/b~c\" appears twice");
  for (const int size : {1, 2, 15, 16, 17, 18, 64, 1000}) {
    CAPTURE(size);
    CHECK(refusal_of(object_of(size, R"("z":1)")) == "read");
    CHECK(refusal_of(object_of(size, R"("k0":1)")) ==
          "Malformed: /k0: the key \"k0\" appears twice");
    const auto last = "k" + std::to_string(size - 1);
    CHECK(refusal_of(object_of(size, "\"" + last + "\":1")) ==
          "Malformed: /" + last + ": the key \"" + last + "\" appears twice");
  }
}

TEST_CASE("document: keys that differ only after an escaped NUL are two keys") {
  CHECK(refusal_of(R"({"a\u0000b":1,"a\u0000c":2,"a":3})") == "read");
  CHECK(refusal_of(R"({"a\u0000b":1,"a\u0000b":2})").starts_with("Malformed"));
}

TEST_CASE("document: nesting ends at the limit") {
  CHECK(refusal_of(nested(64)) == "read");
  CHECK(refusal_of(nested(65)) == "TooLarge: offset 65: nested deeper than 64 levels");
  CHECK(refusal_of(std::string(1'000'000, '[')) ==
        "TooLarge: offset 65: nested deeper than 64 levels");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  CHECK(refusal_of(objects).starts_with("TooLarge: "));
  CHECK(refusal_of("[" + nested(63) + "," + nested(63) + "]") == "read");
  REQUIRE_FALSE(Document::parse("[[[]]]", 2));
  CHECK(Document::parse("[[[]]]", 2).error().message == "nested deeper than 2 levels");
}

TEST_CASE("document: nodes stay valid when their document moves") {
  auto first = Document::parse(R"({"a":"short","b":"a text that is too long for a small string"})");
  REQUIRE(first);
  const auto node = first->root()["b"];
  const Document second = std::move(*first);
  CHECK(node.text() == "a text that is too long for a small string");
  CHECK(node.pointer() == "/b");
}

TEST_CASE("document: memory is used again without traces of what it held before") {
  CHECK(to_text(kStatic.root()) == R"({"a":[1,2,3]})");
  for (int round = 0; round < 20; ++round) {
    std::vector<Document> several;
    for (int size : {1, 100, 20'000, 3}) {
      const auto text = object_of(size, R"("z":"last")");
      auto document = Document::parse(text);
      REQUIRE(document);
      CHECK(to_text(document->root()) == text);
      several.push_back(Document::copy_of(document->root()));
      CHECK_FALSE(Document::parse(text + "]"));
    }
    CHECK(several[2].root().size() == 20'001);
    CHECK(to_text(several[3].root()) == object_of(3, R"("z":"last")"));
  }
}

TEST_CASE("document: a copy outlives what it was copied from") {
  auto copy = Document::copy_of({});
  CHECK(copy.root().kind() == Kind::Null);
  {
    const auto original = Document::parse(R"({"a":{"b":["text",1]}})");
    REQUIRE(original);
    copy = Document::copy_of(original->root()["a"]);
  }
  CHECK(to_text(copy.root()) == R"({"b":["text",1]})");
  CHECK(copy.root()["b"].at(0).pointer() == "/b/0");
}

}  // namespace
}  // namespace cpods::json
