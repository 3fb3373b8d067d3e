#include "base/text.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace cpods {
namespace {

// The last character is whole: as many bytes follow its lead as the lead announces.
bool ends_at_a_character(const std::string& text) {
  std::size_t lead = text.size();
  while (lead > 0 && (static_cast<unsigned char>(text[--lead]) & 0xC0) == 0x80) {
  }
  const auto first = static_cast<unsigned char>(text[lead]);
  return text.size() - lead == (first < 0xC0 ? 1U : first < 0xE0 ? 2U : first < 0xF0 ? 3U : 4U);
}

TEST_CASE("one line: what acts on a terminal or turns the writing becomes a space") {
  const std::string acting[] = {
      "\n",     "\r",     "\t",     "\x1b",   "\x7f",      std::string(1, '\0'),
      "\u0080", "\u0085", "\u009b", "\u009f", "\u2028",    "\u2029",
      "\u202a", "\u202e", "\u2066", "\u2069", "\u200e",    "\u200f",
      "\u061c", "\u200b", "\u2060", "\ufeff", "\U000e0041"};
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
      CHECK(ends_at_a_character(cut));
    }
  }
}

TEST_CASE("names: labels and subdomains as Kubernetes has them") {
  for (const auto& name : std::vector<std::string>{"a", "0", "pay-1", std::string(63, 'x')}) {
    CAPTURE(name);
    CHECK(is_dns_label(name));
    CHECK(is_dns_subdomain(name));
  }
  for (const auto& name : std::vector<std::string>{"", "-a", "a-", "A", "a_b", "a b", "a/b", "a.b",
                                                   std::string(64, 'x')}) {
    CAPTURE(name);
    CHECK_FALSE(is_dns_label(name));
  }
  CHECK(is_dns_subdomain("guard.confidential.pods"));
  CHECK(is_dns_subdomain(std::string(253, 'x')));
  for (const auto& name :
       std::vector<std::string>{"", ".a", "a.", "a..b", "a.-b", std::string(254, 'x')}) {
    CAPTURE(name);
    CHECK_FALSE(is_dns_subdomain(name));
  }
}

TEST_CASE("equal but for case: ASCII letters only") {
  CHECK(equals_ignoring_case("Application/JSON", "application/json"));
  CHECK(equals_ignoring_case("", ""));
  CHECK_FALSE(equals_ignoring_case("secretName", "secretNames"));
  CHECK_FALSE(equals_ignoring_case("@[", "`{"));  // 32 apart, as the cases of a letter are
}

}  // namespace
}  // namespace cpods
