#include "admission/verdict.h"

#include <doctest/doctest.h>

#include <set>

#include "base/limits.h"
#include "json/document.h"

namespace cpods::admission {
namespace {

TEST_CASE("verdict: every reason has its own name") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasons; ++i) names.insert(name_of(static_cast<Reason>(i)));
  CHECK(names.size() == kReasons);
}

TEST_CASE("verdict: every refusal is one line of bounded length") {
  CHECK(refuse(Reason::Malformed, "a\nb").message == "a b");
  const auto verdict = refuse(Reason::Internal, std::string(10'000, 'x'));
  CHECK_FALSE(verdict.allowed);
  CHECK(verdict.message.size() == limits::kMessageBytes);
  CHECK(verdict.message.ends_with("x\u2026"));
}

TEST_CASE("one line: what acts on a terminal or turns the writing becomes a space") {
  const std::string acting[] = {
      "\n",     "\r",     "\t",     "\x1b",   "\x7f",   std::string(1, '\0'),
      "\u0080", "\u0085", "\u009b", "\u009f", "\u2028", "\u2029",
      "\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f",
      "\u061c"};
  for (const auto& each : acting) {
    CAPTURE(each);
    CHECK(one_line("a" + each + "b", 100) == "a b");
  }
  const std::string harmless[] = {"\u00a0", "\u00fc", "\u2026", "\u2027",     "\u202f", "\u2065",
                                  "\u206a", "\u200d", "\u65e5", "\U0001f512", " ",      "~"};
  for (const auto& each : harmless) {
    CAPTURE(each);
    CHECK(one_line("a" + each + "b", 100) == "a" + each + "b");
  }
}

TEST_CASE("one line: it is cut at a character, and ends with an ellipsis then") {
  for (const std::string letter : {"x", "\u00fc", "\u65e5", "\U0001f512"}) {
    for (std::size_t size = 0; size < 60; ++size) {
      CAPTURE(letter);
      CAPTURE(size);
      std::string text(size, 'x');
      for (int i = 0; i < 10; ++i) text += letter;
      const auto cut = one_line(text, 40);
      CHECK(cut.size() <= 40);
      CHECK((cut == text) == (text.size() <= 40));
      CHECK((cut == text || (cut.ends_with("\u2026") && cut.size() > 40 - 4)));
      CHECK(json::Document::parse("\"" + cut + "\"").has_value());  // valid UTF-8
    }
  }
}

TEST_CASE("one line: text that is not valid UTF-8 never comes through the parser") {
  for (const std::string text : {"\"\xff\"", "\"\xc2\"", "\"\xe2\x80\"", "\"\\ud800\"",
                                 "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\xed\xa0\x80\""}) {
    CAPTURE(text);
    CHECK_FALSE(json::Document::parse(text).has_value());
  }
}

}  // namespace
}  // namespace cpods::admission
