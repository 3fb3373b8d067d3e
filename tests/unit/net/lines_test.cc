#include "net/lines.h"

#include <doctest/doctest.h>

#include <vector>

using cpods::net::LineSplitter;
using State = LineSplitter::State;

namespace {

struct Collected {
  std::vector<std::string> lines;
  std::size_t most = 100;
  LineSplitter splitter{[this](std::string_view line) {
                          lines.emplace_back(line);
                          return lines.size() < most;
                        },
                        5};
};

}  // namespace

TEST_CASE("lines: pieces are joined and split at line breaks, wherever they are cut") {
  const std::string text = "ab\n\ncdefg\nh";
  for (std::size_t cut = 1; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    Collected collected;
    for (std::size_t i = 0; i < text.size(); i += cut) {
      REQUIRE(collected.splitter.feed(text.substr(i, cut)) == State::Open);
    }
    CHECK(collected.splitter.finish() == State::Open);
    CHECK(collected.lines == std::vector<std::string>{"ab", "", "cdefg", "h"});
  }
}

TEST_CASE("lines: a line over the limit is an end, in one piece or in many") {
  Collected whole;
  CHECK(whole.splitter.feed("abcdef\n") == State::TooLong);
  Collected pieces;
  CHECK(pieces.splitter.feed("abc") == State::Open);
  CHECK(pieces.splitter.feed("def") == State::TooLong);
  CHECK(pieces.splitter.feed("\n") == State::TooLong);
  CHECK(pieces.lines.empty());
}

TEST_CASE("lines: the handler stops it, and nothing more is handed on") {
  Collected collected;
  collected.most = 2;
  CHECK(collected.splitter.feed("a\nb\nc\n") == State::Stopped);
  CHECK(collected.splitter.feed("d\n") == State::Stopped);
  CHECK(collected.splitter.finish() == State::Stopped);
  CHECK(collected.lines == std::vector<std::string>{"a", "b"});
}
