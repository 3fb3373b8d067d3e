#include "commands/line_diff.h"

#include <doctest/doctest.h>

#include <string>

using cpods::commands::unified_diff;

namespace {

std::string numbers(int first, int last) {
  std::string out;
  for (int i = first; i <= last; ++i) out += std::to_string(i) + "\n";
  return out;
}

}  // namespace

TEST_CASE("line_diff: equal texts have no diff") {
  CHECK(unified_diff("a\nb\n", "a\nb\n", "x", "y").empty());
}

TEST_CASE("line_diff: an insertion is shown with three lines around it") {
  const auto before = numbers(1, 9);
  const auto after = numbers(1, 5) + "new\n" + numbers(6, 9);
  CHECK(unified_diff(before, after, "x", "y") ==
        "--- x\n+++ y\n@@ -3,6 +3,7 @@\n 3\n 4\n 5\n+new\n 6\n 7\n 8\n");
}

TEST_CASE("line_diff: a text that begins is all additions") {
  CHECK(unified_diff("", "a\nb\n", "x", "y") == "--- x\n+++ y\n@@ -0,0 +1,2 @@\n+a\n+b\n");
}

TEST_CASE("line_diff: a change is a removal and an addition") {
  CHECK(unified_diff("a\nb\nc\n", "a\nB\nc\n", "x", "y") ==
        "--- x\n+++ y\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
}

TEST_CASE("line_diff: changes far apart stand in hunks of their own") {
  const auto before = numbers(1, 30);
  const auto after = "first\n" + numbers(1, 30) + "last\n";
  CHECK(unified_diff(before, after, "x", "y") ==
        "--- x\n+++ y\n@@ -1,3 +1,4 @@\n+first\n 1\n 2\n 3\n"
        "@@ -28,3 +29,4 @@\n 28\n 29\n 30\n+last\n");
}

TEST_CASE("line_diff: texts too large to align are shown as replaced") {
  const auto before = numbers(1, 3000);
  const auto after = numbers(4001, 7000);
  const auto diff = unified_diff(before, after, "x", "y");
  CHECK(diff.starts_with("--- x\n+++ y\n@@ -1,3000 +1,3000 @@\n-1\n"));
  CHECK(diff.ends_with("+7000\n"));
}
