#include "server/http.h"

#include <doctest/doctest.h>

using namespace cpods::server;
using namespace std::chrono_literals;

TEST_CASE("http: a target is split at its first question mark") {
  const Request plain("/mutate", "{}");
  CHECK(plain.path() == "/mutate");
  CHECK(plain.query().empty());
  const Request asked("/validate?a=1&b=?", "");
  CHECK(asked.path() == "/validate");
  CHECK(asked.query() == "a=1&b=?");
}

TEST_CASE("http: a moved request keeps its path") {
  Request request("/a?timeout=2s", "body");
  const Request moved = std::move(request);
  CHECK(moved.path() == "/a");
  CHECK(moved.body == "body");
}

TEST_CASE("http: the timeout is read as the API server writes it") {
  struct Row {
    std::string target;
    std::optional<std::chrono::milliseconds> timeout;
  };
  for (const auto& row : {
           Row{"/m?timeout=10s", 10s},
           Row{"/m?a=b&timeout=500ms", 500ms},
           Row{"/m?timeout=1m&timeout=2s", 1min},
           Row{"/m", std::nullopt},
           Row{"/m?timeout=", std::nullopt},
           Row{"/m?timeout=10", std::nullopt},
           Row{"/m?timeout=-1s", std::nullopt},
           Row{"/m?timeout=99999999999s", std::nullopt},
           Row{"/m?timeout=86400001s", std::nullopt},
           Row{"/m?xtimeout=1s&&", std::nullopt},
           Row{"/m?timeout=1s5ms", std::nullopt},
       }) {
    CAPTURE(row.target);
    CHECK(Request(row.target, "").timeout() == row.timeout);
  }
}
