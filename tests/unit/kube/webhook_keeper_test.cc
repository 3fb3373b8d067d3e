#include "kube/webhook_keeper.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "unit/kube/fake_api_server.h"

namespace cpods::kube {
namespace {

using configuration::Entries;
using configuration::named_entry;
using std::chrono::milliseconds;
using test::eventually;
using test::FakeApiServer;
using test::refusal;
using test::Reply;
using test::Step;

const std::string kPlace =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/place.confidential.pods";
const std::string kGuard =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/guard.confidential.pods";
const std::string kBody = R"({"rules":[],"failurePolicy":"Fail"})";
const auto kPlaced = named_entry("p", "place", "/mutate", kBody);
const auto kGuarded = named_entry("p", "guard", "/validate", kBody);
const std::string kFixed =
    R"({"name":"nodes.confidential.pods","clientConfig":{"url":"https://h:1/validate"}})";

std::string stored(const configuration::Entry& entry) {
  return R"({"name":")" + entry.name + R"(","clientConfig":{"url":"https://h:1/"},)" +
         entry.body.substr(1);
}

Reply configuration(const std::string& entries) {
  return {.body = R"({"metadata":{"resourceVersion":"1"},"webhooks":[)" + entries + "]}"};
}

Entries both() {
  return {.mutating = {kPlaced}, .validating = {kGuarded}};
}

class Session {
 public:
  explicit Session(std::vector<Step> script, WebhookKeeperSettings settings = {})
      : server(std::move(script)),
        api_(*ApiClient::create(loop_,
                                [access = server.access()] { return Result<Access>(access); })),
        keeper(*api_, std::move(settings)) {
    keeper.start();
    loop_.start();
  }
  ~Session() { loop_.stop(); }

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& each : server.seen()) out.push_back(each.line.substr(0, each.line.find('?')));
    return out;
  }

  FakeApiServer server;

 private:
  Loop loop_;
  std::unique_ptr<ApiClient> api_;

 public:
  WebhookKeeper keeper;
};

TEST_CASE("webhook_keeper: asks nothing before it is told what is wanted") {
  Session session({});
  CHECK_FALSE(session.keeper.ready());
  CHECK(session.server.seen().empty());
}

TEST_CASE("webhook_keeper: writes what is wanted, the guard first") {
  Session session({{"GET " + kGuard, configuration(kFixed)},
                   {"GET " + kPlace, configuration("")},
                   {"PATCH " + kGuard, {}},
                   {"PATCH " + kPlace, {}}});
  session.keeper.want(both());
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.lines() == std::vector<std::string>{"GET " + kGuard, "GET " + kPlace,
                                                    "PATCH " + kGuard, "PATCH " + kPlace});
  const auto seen = session.server.seen();
  CHECK(seen[2].body.contains(kGuarded.name));
  // The mutating configuration has no entry that says how this server is reached.
  CHECK(seen[3].body.contains(R"("clientConfig":{"url":"https://h:1/mutate"})"));
  CHECK(session.keeper.figures().written == 2);
}

TEST_CASE("webhook_keeper: writes nothing where all is as it should be") {
  Session session({{"GET " + kGuard, configuration(kFixed + "," + stored(kGuarded))},
                   {"GET " + kPlace, configuration(stored(kPlaced))}});
  session.keeper.want(both());
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.keeper.figures().written == 0);
  CHECK(session.server.unexpected().empty());
}

TEST_CASE("webhook_keeper: an edit is written at once, long before the next look") {
  Session session({{"GET " + kGuard, configuration(kFixed)}, {"GET " + kPlace, configuration("")}});
  session.keeper.want({});
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  for (const auto& step : std::vector<Step>{{"GET " + kGuard, configuration(kFixed)},
                                            {"GET " + kPlace, configuration("")},
                                            {"PATCH " + kGuard, {}},
                                            {"PATCH " + kPlace, {}}}) {
    session.server.add(step);
  }
  session.keeper.want(both());
  CHECK(eventually([&] { return session.keeper.figures().written == 2; }));
}

TEST_CASE("webhook_keeper: where somebody was faster it reads again") {
  Session session({{"GET " + kGuard, configuration(kFixed)},
                   {"GET " + kPlace, configuration(stored(kPlaced))},
                   {"PATCH " + kGuard, refusal(422, "the test failed")},
                   {"GET " + kGuard, configuration(kFixed)},
                   {"GET " + kPlace, configuration(stored(kPlaced))},
                   {"PATCH " + kGuard, refusal(409, "conflict")},
                   {"GET " + kGuard, configuration(kFixed)},
                   {"GET " + kPlace, configuration(stored(kPlaced))},
                   {"PATCH " + kGuard, {}}});
  session.keeper.want(both());
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.keeper.figures().written == 1);
  CHECK(session.keeper.figures().failures == 0);
}

TEST_CASE("webhook_keeper: configurations that are not there yet are no failure") {
  Session session(
      {{"GET " + kGuard, refusal(404, "not found")}, {"GET " + kPlace, refusal(404, "not found")}});
  session.keeper.want(both());
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.keeper.figures().failures == 0);
}

TEST_CASE("webhook_keeper: without an entry that says how it is reached it writes nothing") {
  Session session({{"GET " + kGuard, configuration("")}, {"GET " + kPlace, configuration("")}});
  session.keeper.want(both());
  CHECK(eventually([&] { return session.keeper.figures().failures == 1; }));
  CHECK_FALSE(session.keeper.ready());
  CHECK(session.keeper.figures().written == 0);
}

TEST_CASE("webhook_keeper: what is forbidden is counted and tried again") {
  Session session({{"GET " + kGuard, refusal(403, "no")},
                   {"GET " + kPlace, configuration("")},
                   {"GET " + kGuard, configuration(kFixed + "," + stored(kGuarded))},
                   {"GET " + kPlace, configuration(stored(kPlaced))}});
  session.keeper.want(both());
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.keeper.figures().failures == 1);
}

TEST_CASE("webhook_keeper: what nobody needs stays until patience is over") {
  const auto before = kFixed + "," + stored(kGuarded);
  Session session({{"GET " + kGuard, configuration(before)},
                   {"GET " + kPlace, configuration("")},
                   {"GET " + kGuard, configuration(before)},
                   {"GET " + kPlace, configuration("")},
                   {"PATCH " + kGuard, {}},
                   {"GET " + kGuard, configuration(kFixed)},
                   {"GET " + kPlace, configuration("")}},
                  {.period = milliseconds{300}, .patience = milliseconds{200}});
  session.keeper.want({});
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.keeper.figures().written == 0);
  REQUIRE(eventually([&] { return session.keeper.figures().written == 1; }));
  for (const auto& each : session.server.seen()) {
    if (each.line.starts_with("PATCH")) CHECK_FALSE(each.body.contains(kGuarded.name));
  }
}

}  // namespace
}  // namespace cpods::kube
