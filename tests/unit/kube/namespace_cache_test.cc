#include "kube/namespace_cache.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "unit/kube/fake_api_server.h"

namespace cpods::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using test::eventually;
using test::FakeApiServer;
using test::refusal;
using test::Reply;
using test::Step;
using Then = Reply::Then;

std::string item(const std::string& name, const std::string& version, const std::string& team) {
  return R"({"kind":"PartialObjectMetadata","metadata":{"name":")" + name +
         R"(","resourceVersion":")" + version + R"(","labels":{"team":")" + team + R"("}}})";
}

Reply list(const std::string& version, const std::vector<std::string>& names,
           const std::string& continue_token = "") {
  std::string items;
  for (const std::string& name : names) {
    items += (items.empty() ? "" : ",") + item(name, version, "x");
  }
  return {.body = R"({"kind":"PartialObjectMetadataList","metadata":{"resourceVersion":")" +
                  version + R"(","continue":")" + continue_token + R"("},"items":[)" + items +
                  "]}"};
}

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string bookmark(const std::string& version) {
  return event("BOOKMARK", R"({"metadata":{"resourceVersion":")" + version + R"("}})");
}

const std::string kExpired =
    event("ERROR", R"({"kind":"Status","code":410,"message":"too old resource version"})");
const std::string kFirstList = "GET /api/v1/namespaces?limit=500&resourceVersion=0";
const std::string kWatch = "GET /api/v1/namespaces?watch=true&allowWatchBookmarks=true";
const Reply kSilence{.then = Then::Hang};

std::string watch_from(const std::string& version) {
  return kWatch + "&resourceVersion=" + version + "&timeoutSeconds=";
}

// A cache of one fake server, running.
class Session {
 public:
  explicit Session(std::vector<Step> script, milliseconds stale_after = limits::kNamespaceStale)
      : server(std::move(script)),
        api_(*ApiClient::create(loop_,
                                [access = server.access()] { return Result<Access>(access); })),
        cache(*api_, stale_after) {
    cache.start();
    loop_.start();
  }
  ~Session() { loop_.stop(); }

  // "x" for a namespace with the label team=x, "-" for one that is not known.
  std::string team(const std::string& name) const {
    const auto labels = cache.namespace_labels(name);
    return labels ? std::string(labels->find("team").value_or("")) : "-";
  }
  bool soon(const std::string& name, const std::string& expected) const {
    return eventually([&] { return team(name) == expected; });
  }
  Result<NamespaceCache::Labels> look_up(const std::string& name,
                                         milliseconds limit = milliseconds{3000}) {
    asio::io_context here(1);
    auto answer = asio::co_spawn(here, cache.look_up(name, limit), asio::use_future);
    here.run();
    return answer.get();
  }

  FakeApiServer server;

 private:
  Loop loop_;
  std::unique_ptr<ApiClient> api_;

 public:
  NamespaceCache cache;
};

TEST_CASE("namespace_cache: all pages are read, then changes, in whatever pieces they come") {
  const std::string added = event("ADDED", item("c", "11", "y"));
  Session session({{kFirstList, list("10", {"a"}, "next/1")},
                   {"limit=500&continue=next%2F1", list("10", {"b"})},
                   {watch_from("10"), Reply{.pieces = {added.substr(0, 30), added.substr(30, 40),
                                                       added.substr(70) + bookmark("12")},
                                            .delay = milliseconds{20}}},
                   {watch_from("12"), Reply{.pieces = {event("DELETED", item("a", "13", "x")) +
                                                       event("MODIFIED", item("b", "14", "z"))},
                                            .then = Then::Hang}}});
  CHECK(session.soon("c", "y"));
  CHECK(session.soon("b", "z"));
  CHECK(session.team("a") == "-");
  CHECK(session.cache.synced());
  CHECK(session.server.unexpected().empty());
  const auto figures = session.cache.figures();
  CHECK(figures.namespaces == 2);
  CHECK(figures.lists == 1);
  CHECK(figures.events == 4);
  CHECK(figures.failures == 0);
  CHECK(figures.staleness_seconds < 5);
  const auto seen = session.server.seen();
  CHECK(seen.at(0).head.find("as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json") !=
        std::string::npos);
  CHECK(seen.at(2).head.find("as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json") !=
        std::string::npos);
}

TEST_CASE("namespace_cache: after a 410 it lists anew, and what was deleted meanwhile is gone") {
  for (const auto& [what, gone] : std::vector<std::pair<const char*, Reply>>{
           {"inside the stream", {.pieces = {kExpired}}},
           {"as the answer", refusal(410, "too old resource version")},
           {"a line that cannot be read", {.pieces = {"{\n"}}},
       }) {
    CAPTURE(what);
    Session session({{kFirstList, list("10", {"a", "b"})},
                     {watch_from("10"), gone},
                     {"GET /api/v1/namespaces?limit=500", list("20", {"b", "c"})},
                     {watch_from("20"), kSilence}});
    CHECK(session.soon("c", "x"));
    CHECK(session.team("a") == "-");
    CHECK(session.cache.figures().lists == 2);
    CHECK(eventually([&] { return session.server.seen().size() == 4; }));
    CHECK(session.server.seen().at(2).line == "GET /api/v1/namespaces?limit=500");
    CHECK(session.server.unexpected().empty());
  }
}

TEST_CASE("namespace_cache: a list whose later pages expired begins again and shows nothing half") {
  Session session({{kFirstList, list("10", {"a"}, "p2")},
                   {"continue=p2", refusal(410, "the continue token has expired")},
                   {kFirstList, list("11", {"b"})},
                   {watch_from("11"), kSilence}});
  CHECK(session.soon("b", "x"));
  CHECK(session.team("a") == "-");
  CHECK(session.cache.figures().failures == 1);
}

TEST_CASE("namespace_cache: a broken watch goes on from the last version without a list") {
  for (const auto& [what, broken] : std::vector<std::pair<const char*, Reply>>{
           {"cut in the middle of a line", {.pieces = {R"({"type":)"}, .then = Then::Cut}},
           {"500", refusal(500, "etcd is away")},
           {"429", refusal(429, "slow down")},
           {"an error in the stream", {.pieces = {event("ERROR", R"({"code":500})")}}},
           {"ended without a word", {.body = ""}},
           {"401", refusal(401, "Unauthorized")},
       }) {
    CAPTURE(what);
    Session session({{kFirstList, list("10", {"a"})},
                     {watch_from("10"), broken},
                     {watch_from("10"), Reply{.pieces = {event("ADDED", item("c", "11", "y"))},
                                              .then = Then::Hang}}});
    CHECK(session.soon("c", "y"));
    CHECK(session.team("a") == "x");
    CHECK(session.cache.figures().lists == 1);
    CHECK(session.server.unexpected().empty());
  }
}

TEST_CASE("namespace_cache: a watch turned away with Retry-After waits as long") {
  Session session({{kFirstList, list("10", {"a"})},
                   {watch_from("10"), refusal(429, "slow down", "Retry-After: 1\r\n")},
                   {watch_from("10"),
                    Reply{.pieces = {event("ADDED", item("c", "11", "y"))}, .then = Then::Hang}}});
  CHECK(session.soon("a", "x"));
  const auto before = std::chrono::steady_clock::now();
  CHECK(session.soon("c", "y"));
  CHECK(std::chrono::steady_clock::now() - before > milliseconds{900});
}

TEST_CASE("namespace_cache: it is not synced before the first list, and keeps asking") {
  Session session({{kFirstList, refusal(403, "forbidden")},
                   {kFirstList, Reply{.body = "<html>a proxy</html>"}},
                   {kFirstList, Reply{.body = R"({"kind":"Status"})"}}});
  CHECK(eventually([&] { return session.cache.figures().failures >= 2; }));
  CHECK_FALSE(session.cache.synced());
  CHECK(session.team("a") == "-");
  session.server.add({kFirstList, list("1", {"a"})});
  session.server.add({watch_from("1"), kSilence});
  CHECK(session.soon("a", "x"));
  CHECK(session.cache.synced());
}

TEST_CASE("namespace_cache: labels last seen are told while the API server is away") {
  Session session({{kFirstList, list("10", {"a"})}});
  CHECK(session.soon("a", "x"));
  CHECK(eventually([&] { return session.cache.figures().failures >= 2; }));
  CHECK(session.team("a") == "x");
  CHECK(session.cache.synced());
}

// The API server goes on calling a webhook that it does not let watch any more, and a label that
// was set meanwhile would be missed for ever.
TEST_CASE("namespace_cache: what was last seen is not believed for ever without a watch") {
  // The second watch is refused.
  Session session(
      {{kFirstList, list("10", {"a"})},
       {watch_from("10"), Reply{.pieces = {bookmark("11")}, .delay = milliseconds{300}}}},
      milliseconds{1500});
  CHECK(session.soon("a", "x"));
  CHECK(eventually([&] { return session.cache.figures().failures >= 1; }));
  CHECK(session.team("a") == "x");
  CHECK(session.soon("a", "-"));
  CHECK(session.cache.stale());
  session.server.add({"GET /api/v1/namespaces/a", {.body = item("a", "11", "y")}});
  const auto labels = session.look_up("a");
  REQUIRE_MESSAGE(labels, (labels ? "" : labels.error().text()));
  CHECK((*labels)->find("team") == "y");
  CHECK(session.look_up("a").error().code == ErrorCode::Unavailable);
  session.server.add({watch_from("11"), kSilence});
  CHECK(eventually([&] { return !session.cache.stale(); }));
  CHECK(session.team("a") == "x");
}

TEST_CASE("namespace_cache: each who asks waits for as long as it can itself") {
  Session session({{kFirstList, list("10", {})},
                   {watch_from("10"), kSilence},
                   {"GET /api/v1/namespaces/new",
                    {.body = item("new", "11", "y"), .delay = milliseconds{500}}}});
  CHECK(eventually([&] { return session.cache.synced(); }));
  std::thread impatient([&] {
    CHECK(session.look_up("new", milliseconds{50}).error().code == ErrorCode::Unavailable);
  });
  CHECK(eventually([&] { return session.cache.figures().look_ups == 1; }));
  CHECK(session.look_up("new", milliseconds{3000}));
  impatient.join();
  CHECK(session.cache.figures().look_ups == 1);
}

// The failure is there before anybody waits for it: spawning runs a coroutine to its first pause.
TEST_CASE("namespace_cache: a question that fails at once is a failure") {
  FakeApiServer server({});
  auto access = server.access();
  access.token = "one\ntwo";  // no header can hold it
  Loop loop;
  const auto api = ApiClient::create(loop, [&] { return Result<Access>(access); });
  NamespaceCache cache(**api);
  cache.start();
  loop.start();
  asio::io_context here(1);
  auto answer = asio::co_spawn(here, cache.look_up("n", milliseconds{1}), asio::use_future);
  here.run();
  CHECK(answer.get().error().code == ErrorCode::Unavailable);
  loop.stop();
}

TEST_CASE("namespace_cache: a namespace not seen yet is asked for once, and kept") {
  Session session({{kFirstList, list("10", {"a"})}, {watch_from("10"), kSilence}});
  CHECK(session.soon("a", "x"));
  session.server.add({"GET /api/v1/namespaces/new", {.body = item("new", "11", "y")}});
  const auto labels = session.look_up("new");
  REQUIRE_MESSAGE(labels, (labels ? "" : labels.error().text()));
  CHECK((*labels)->find("team") == "y");
  CHECK(session.team("new") == "y");
  CHECK(session.look_up("new"));
  CHECK(session.look_up("a"));
  CHECK(session.cache.figures().look_ups == 1);
}

TEST_CASE("namespace_cache: all who ask for one name at once share one question") {
  Session session({{kFirstList, list("10", {})},
                   {watch_from("10"), kSilence},
                   {"GET /api/v1/namespaces/new",
                    {.body = item("new", "11", "y"), .delay = milliseconds{200}}}});
  CHECK(eventually([&] { return session.cache.synced(); }));
  std::vector<std::thread> askers;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 10; ++i) {
    askers.emplace_back([&] {
      if (session.look_up("new")) ++answered;
    });
  }
  for (std::thread& asker : askers) asker.join();
  CHECK(answered == 10);
  CHECK(session.cache.figures().look_ups == 1);
  CHECK(session.server.unexpected().empty());
}

TEST_CASE("namespace_cache: what the API server does not know, cannot be, or says too late") {
  Session session(
      {{kFirstList, list("10", {})},
       {watch_from("10"), kSilence},
       {"GET /api/v1/namespaces/absent", refusal(404, "namespaces \"absent\" not found")},
       {"GET /api/v1/namespaces/secret", refusal(403, "forbidden")},
       {"GET /api/v1/namespaces/odd", {.body = "{}"}},
       {"GET /api/v1/namespaces/slow", {.body = "{}", .delay = milliseconds{3000}}}});
  CHECK(eventually([&] { return session.cache.synced(); }));
  const auto absent = session.look_up("absent");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == ErrorCode::NotFound);
  CHECK(absent.error().message ==
        "GET /api/v1/namespaces/absent: status 404, namespaces \"absent\" not found");
  CHECK(session.look_up("secret").error().code == ErrorCode::Unavailable);
  CHECK(session.look_up("odd").error().code == ErrorCode::Malformed);

  const auto before = std::chrono::steady_clock::now();
  CHECK(session.look_up("slow", milliseconds{300}).error().code == ErrorCode::Unavailable);
  CHECK(std::chrono::steady_clock::now() - before < milliseconds{1500});

  const std::size_t asked = session.server.seen().size();
  for (const char* name : {"", "../secrets", "UPPER", "a b", "a?b"}) {
    CAPTURE(name);
    CHECK(session.look_up(name).error().code == ErrorCode::NotFound);
  }
  CHECK(session.server.seen().size() == asked);
}

TEST_CASE("namespace_cache: many unknown names at once do not become many questions") {
  std::vector<Step> script{{kFirstList, list("10", {})}, {watch_from("10"), kSilence}};
  constexpr int kMost = limits::kNamespaceLookups;
  for (int i = 0; i < kMost + 4; ++i) {
    script.push_back({"GET /api/v1/namespaces/n", {.delay = milliseconds{2000}}});
  }
  Session session(std::move(script));
  CHECK(eventually([&] { return session.cache.synced(); }));
  std::vector<std::thread> askers;
  std::atomic<int> turned_away = 0;
  for (int i = 0; i < kMost + 4; ++i) {
    askers.emplace_back([&session, &turned_away, i] {
      const auto answer = session.look_up("n" + std::to_string(i), milliseconds{500});
      if (!answer && answer.error().message.ends_with("64 look-ups are under way")) ++turned_away;
    });
  }
  for (std::thread& asker : askers) asker.join();
  CHECK(turned_away == 4);
  CHECK(session.cache.figures().look_ups == kMost);
}

// The thread that resumes after a look-up.
asio::awaitable<std::thread::id> resumed_on(NamespaceCache* cache) {
  const auto answer = co_await cache->look_up("a", milliseconds{3000});
  REQUIRE(answer);
  co_return std::this_thread::get_id();
}

TEST_CASE("namespace_cache: a look-up resumes on the thread that asked") {
  Session session({{kFirstList, list("10", {"a"})}, {watch_from("10"), kSilence}});
  CHECK(session.soon("a", "x"));
  asio::io_context here(1);
  auto thread = asio::co_spawn(here, resumed_on(&session.cache), asio::use_future);
  here.run();
  CHECK(thread.get() == std::this_thread::get_id());
}

TEST_CASE("namespace_cache: stopping is quick while a watch and a look-up wait") {
  FakeApiServer server({{kFirstList, list("10", {})},
                        {watch_from("10"), kSilence},
                        {"GET /api/v1/namespaces/n", {.delay = milliseconds{4000}}}});
  Loop loop;
  const auto api =
      ApiClient::create(loop, [access = server.access()] { return Result<Access>(access); });
  NamespaceCache cache(**api);
  cache.start();
  loop.start();
  asio::io_context here(1);
  auto answer = asio::co_spawn(here, cache.look_up("n", milliseconds{4000}), asio::use_future);
  std::thread asking([&here] { here.run(); });
  CHECK(eventually([&] { return server.seen().size() == 3; }));
  const auto before = std::chrono::steady_clock::now();
  loop.stop();
  CHECK(std::chrono::steady_clock::now() - before < milliseconds{1000});
  asking.join();
  CHECK(answer.get().error().code == ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cpods::kube
