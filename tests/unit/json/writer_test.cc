#include "json/writer.h"

#include <doctest/doctest.h>

#include "json/document.h"

namespace cpods::json {
namespace {

TEST_CASE("writer: writes what it is told, in that order, with commas where they belong") {
  Writer out;
  out.object().field("uid", "u").key("allowed").flag(true).key("list").array();
  out.number(-1).text("x").null().object().end().array().end().end();
  out.key("last").flag(false).end();
  CHECK(out.take() == R"({"uid":"u","allowed":true,"list":[-1,"x",null,{},[]],"last":false})");
}

TEST_CASE("writer: raw text and nodes stand where a value stands") {
  const auto document = Document::parse(R"({"b":[1,2]})");
  REQUIRE(document);
  Writer out;
  out.array().raw(R"({"a":1})").node(document->root()["b"]).node({}).end();
  CHECK(out.take() == R"([{"a":1},[1,2],null])");
}

TEST_CASE("writer: every character comes back as it was") {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  all += "ü€𝄞";
  const auto document = Document::parse(Writer().object().field(all, all).end().take());
  REQUIRE(document);
  CHECK(document->root()[all].text() == all);
}

TEST_CASE("writer: quotes, backslashes and controls are escaped, nothing else is") {
  CHECK(quoted("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(quoted("\n\r\t") == R"("\n\r\t")");
  CHECK(quoted(std::string_view("\0\x01\x1f\x7f", 4)) == "\"\\u0000\\u0001\\u001f\x7f\"");
  CHECK(quoted("ü") == "\"ü\"");
  CHECK(quoted("") == "\"\"");
}

}  // namespace
}  // namespace cpods::json
