#include "server/readiness.h"

#include <doctest/doctest.h>

using namespace cpods::server;

TEST_CASE("readiness: the first failing check gives the sentence, and draining comes before all") {
  Readiness readiness;
  std::optional<std::string> missing = "no namespaces seen yet.";
  readiness.require([] { return std::nullopt; });
  readiness.require([&missing] { return missing; });
  readiness.require([] { return std::optional<std::string>("second."); });
  Routes routes;
  readiness.add_routes(routes);
  const auto& readyz = routes.get.at("/readyz");

  CHECK(readyz().status == 503);
  CHECK(readyz().body == "Not ready: no namespaces seen yet.\n");
  missing.reset();
  CHECK(readyz().body == "Not ready: second.\n");
  readiness.drain();
  CHECK(readyz().body == "Not ready: stopping, and answering what is under way.\n");
  CHECK(routes.get.at("/healthz")().status == 200);
}

TEST_CASE("readiness: without objections the replica is ready") {
  Readiness readiness;
  Routes routes;
  readiness.add_routes(routes);
  CHECK(routes.get.at("/readyz")().status == 200);
  CHECK(routes.get.at("/readyz")().body == "ok\n");
}
