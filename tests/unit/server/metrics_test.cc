#include "server/metrics.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace cpods::server;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: answers are counted by path and code from many threads") {
  Metrics metrics;
  auto& answers = metrics.answers("/mutate");
  CHECK(&answers == &metrics.answers("/mutate"));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&answers] {
        for (int n = 0; n < 1000; ++n) answers.count(n % 2 ? 200 : 413);
      });
    }
  }
  answers.count(99);
  answers.count(600);
  const auto text = metrics.exposition().body;
  CAPTURE(text);
  CHECK(contains(text,
                 "confidential_pods_http_requests_total{code=\"200\",path=\"/mutate\"} 2000\n"));
  CHECK(contains(text,
                 "confidential_pods_http_requests_total{code=\"413\",path=\"/mutate\"} 2000\n"));
  CHECK_FALSE(contains(text, "code=\"99\""));
  CHECK_FALSE(contains(text, "code=\"600\""));
}

TEST_CASE("metrics: the exposition names its format and holds every counter from the start") {
  Metrics metrics;
  const auto reply = metrics.exposition();
  CHECK(reply.status == 200);
  CHECK(reply.content_type == "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* line :
       {"confidential_pods_connections_open 0\n",
        "confidential_pods_connections_total{outcome=\"over_limit\"} 0\n",
        "confidential_pods_tls_handshake_failures_total{reason=\"plain_http\"} 0\n",
        "confidential_pods_connection_timeouts_total{awaited=\"request\"} 0\n",
        "confidential_pods_certificate_loads_total{outcome=\"refused\"} 0\n",
        "confidential_pods_handler_exceptions_total 0\n"}) {
    CAPTURE(line);
    CHECK(contains(reply.body, line));
  }
}
