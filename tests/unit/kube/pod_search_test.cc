#include "kube/pod_search.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "unit/kube/fake_api_server.h"

namespace cpods::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::eventually;
using test::FakeApiServer;
using test::refusal;
using test::Reply;
using test::Step;

std::string request_of(std::size_t pods) {
  return "GET /api/v1/namespaces/payments/pods?limit=" + std::to_string(pods) +
         "&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";
}
const std::string kFirst = request_of(40);

// Pods of these names on one page.
Reply page(const std::vector<std::string>& names, const std::string& next = "") {
  std::string items;
  for (const auto& name : names) {
    items += (items.empty() ? "" : ",") + (R"({"metadata":{"name":")" + name + R"("}})");
  }
  return {.body = R"({"kind":"PodList","metadata":{"continue":")" + next + R"("},"items":[)" +
                  items + "]}"};
}

bool is_kept(json::Node pod) {
  return pod["metadata"]["name"].text().starts_with("kept");
}

// A search of one fake server, running.
class Session {
 public:
  explicit Session(std::vector<Step> script)
      : server(std::move(script)),
        api_(*ApiClient::create(loop_,
                                [access = server.access()] { return Result<Access>(access); })),
        search(*api_) {
    loop_.start();
  }
  ~Session() { loop_.stop(); }

  Result<std::string> find(const std::string& name_space = "payments",
                           PodSearch::Matches matches = is_kept,
                           milliseconds limit = milliseconds{3000}) {
    asio::io_context here(1);
    auto answer =
        asio::co_spawn(here, search.find(name_space, std::move(matches), limit), asio::use_future);
    here.run();
    return answer.get();
  }
  // The name found, or the failure's code and words.
  std::string told(const Result<std::string>& found) const {
    return found ? "found " + *found
                 : std::string(name_of(found.error().code)) + ": " + found.error().text();
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& each : server.seen()) lines.push_back(each.line);
    return lines;
  }
  void stop() { loop_.stop(); }

  FakeApiServer server;

 private:
  Loop loop_;
  std::unique_ptr<ApiClient> api_;

 public:
  PodSearch search;
};

using Lines = std::vector<std::string>;

TEST_CASE("pod_search: all pages are read, each by the token that came with the one before") {
  Session session({{kFirst, page({"a", "b"}, "eyJ2Ijo=/+&x y")},
                   {"continue=", page({"c"}, "3")},
                   {"continue=", page({"kept"})}});
  CHECK(session.told(session.find()) == "found kept");
  CHECK(session.lines() == Lines{kFirst, request_of(80) + "&continue=eyJ2Ijo%3D%2F%2B%26x%20y",
                                 request_of(160) + "&continue=3"});
}

TEST_CASE("pod_search: pages grow up to a bound, and shrink where they are too long to be held") {
  const Reply too_long{.body = std::string(limits::kPodsPageBytes + 1, ' ')};
  Session session({{kFirst, page({"a"}, "2")},
                   {"continue=2", page({"a"}, "3")},
                   {"continue=3", page({"a"}, "4")},
                   {"continue=4", page({"a"}, "5")},
                   {"continue=5", too_long},
                   {"continue=5", too_long},
                   {"continue=5", too_long},
                   {"continue=5", page({"a"}, "6")},
                   {"continue=6", page({"kept"})}});
  CHECK(session.told(session.find()) == "found kept");
  std::vector<std::size_t> asked;
  for (const auto& line : session.lines()) {
    const auto at = line.find("limit=") + 6;
    asked.push_back(std::stoul(line.substr(at)));
  }
  CHECK(asked == std::vector<std::size_t>{40, 80, 160, 320, 320, 40, 5, 1, 2});
}

TEST_CASE("pod_search: a Pod that alone is too long is a failure") {
  std::vector<Step> script;
  for (int i = 0; i < 3; ++i) {
    script.push_back({"GET", {.body = std::string(limits::kPodsPageBytes + 1, ' ')}});
  }
  Session session(std::move(script));
  CHECK(session.told(session.find()).starts_with("Unavailable: GET "));
  CHECK(session.lines().size() == 3);
}

TEST_CASE("pod_search: the first that matches ends it") {
  Session session({{kFirst, page({"a", "kept-1", "kept-2"}, "2")}});
  std::vector<std::string> looked_at;
  CHECK(session.told(session.find("payments", [&](json::Node pod) {
    looked_at.emplace_back(pod["metadata"]["name"].text());
    return is_kept(pod);
  })) == "found kept-1");
  CHECK(looked_at == std::vector<std::string>{"a", "kept-1"});
  CHECK(session.lines() == Lines{kFirst});
}

TEST_CASE("pod_search: where none matches the answer is no name") {
  for (const auto& [what, reply] : std::vector<std::pair<std::string, Reply>>{
           {"other Pods", page({"a", "b"})},
           {"no Pods", page({})},
           {"a list of none, as Go writes it", {.body = R"({"metadata":{},"items":null})"}},
       }) {
    CAPTURE(what);
    Session session({{kFirst, reply}});
    CHECK(session.told(session.find()) == "found ");
    CHECK(session.lines().size() == 1);
  }
}

TEST_CASE("pod_search: each Pod is read as the root of its own paths") {
  Session session({{kFirst, page({"a"})}});
  std::string place;
  CHECK(session.find("payments", [&](json::Node pod) {
    place = pod["metadata"]["name"].field_path();
    return false;
  }));
  CHECK(place == "metadata.name");
}

TEST_CASE("pod_search: what cannot be listed is a failure, never an absence") {
  struct Row {
    std::string what;
    std::vector<Step> script;
    std::string told;
  };
  for (const auto& [what, script, told] : std::vector<Row>{
           {"forbidden",
            {{kFirst, refusal(403, "pods is forbidden")}},
            "Unavailable: GET /api/v1/namespaces/payments/pods: status 403, pods is forbidden"},
           {"a later page that expired",
            {{kFirst, page({"a"}, "2")}, {"continue=2", refusal(410, "the token has expired")}},
            "Unavailable: GET /api/v1/namespaces/payments/pods: status 410, the token has expired"},
           {"no JSON",
            {{kFirst, {.body = "<html>a proxy</html>"}}},
            "Malformed: offset 0: Invalid value"},
           {"another object",
            {{kFirst, {.body = R"({"kind":"Status"})"}}},
            "Malformed: items: must be a list of Pods"},
           {"items that are no list",
            {{kFirst, {.body = R"({"items":{}})"}}},
            "Malformed: items: must be a list of Pods"},
       }) {
    CAPTURE(what);
    Session session(script);
    CHECK(session.told(session.find()) == told);
  }
  for (const std::string wrong :
       {R"([])", R"("x")", R"({"items":[1]})", R"({"items":[],"metadata":5})",
        R"({"items":[],"metadata":{"continue":5}})", R"({"items":[{"metadata":{"name":5}}]})"}) {
    CAPTURE(wrong);
    Session session({{kFirst, {.body = wrong}}});
    CHECK(session.told(session.find()).starts_with("Malformed: "));
  }
}

// "" would say that there is none.
TEST_CASE("pod_search: a Pod that matches and has no name is not taken for none") {
  for (const std::string nameless :
       {R"({"items":[{"metadata":{}}]})", R"({"items":[{"metadata":{"name":""}}]})"}) {
    CAPTURE(nameless);
    Session session({{kFirst, {.body = nameless}}});
    CHECK(session.told(session.find("payments", [](json::Node) { return true; }))
              .starts_with("Malformed: "));
  }
}

TEST_CASE("pod_search: whoever asks waits no longer than it can itself") {
  SUBCASE("one page is slow") {
    Session session({{kFirst, {.body = "{}", .delay = milliseconds{3000}}}});
    const auto before = steady_clock::now();
    CHECK(session.told(session.find("payments", is_kept, milliseconds{200}))
              .starts_with("Unavailable: "));
    CHECK(steady_clock::now() - before < milliseconds{1500});
  }
  SUBCASE("there are many pages") {
    std::vector<Step> script;
    for (int i = 0; i < 100; ++i) {
      auto more = page({"a"}, "more");
      more.delay = milliseconds{40};
      script.push_back({"GET", std::move(more)});
    }
    Session session(std::move(script));
    const auto before = steady_clock::now();
    CHECK(session.told(session.find("payments", is_kept, milliseconds{300}))
              .starts_with("Unavailable: "));
    CHECK(steady_clock::now() - before < milliseconds{1500});
    CHECK(session.lines().size() < 20);
  }
  SUBCASE("looking took the time") {
    Session session({{kFirst, page({"a"}, "more")}});
    CHECK(session.told(session.find(
              "payments",
              [](json::Node) {
                std::this_thread::sleep_for(milliseconds{600});
                return false;
              },
              milliseconds{500})) == "Unavailable: not all read in time");
    CHECK(session.lines().size() == 1);
  }
  SUBCASE("there was none") {
    Session session({});
    CHECK(session.told(session.find("payments", is_kept, milliseconds{0})) ==
          "Unavailable: not all read in time");
    CHECK(session.lines().empty());
  }
}

TEST_CASE("pod_search: more than some searches at once are turned away, and asked for nothing") {
  constexpr auto kMost = limits::kPodSearches;
  std::vector<Step> script;
  for (std::size_t i = 0; i < kMost; ++i) {
    auto slow = page({"kept"});
    slow.delay = milliseconds{1000};
    script.push_back({kFirst, std::move(slow)});
  }
  Session session(std::move(script));
  std::vector<std::future<std::string>> searches;
  for (std::size_t i = 0; i < kMost; ++i) {
    searches.push_back(
        std::async(std::launch::async, [&] { return session.told(session.find()); }));
  }
  REQUIRE(eventually([&] { return session.lines().size() == kMost; }));
  const auto before = steady_clock::now();
  CHECK(session.told(session.find()) == "Unavailable: other searches are under way");
  CHECK(steady_clock::now() - before < milliseconds{800});
  for (auto& search : searches) CHECK(search.get() == "found kept");
  CHECK(session.lines().size() == kMost);

  // Whatever way they end, there is room again.
  for (std::size_t i = 0; i < 2 * kMost; ++i) {
    session.server.add({kFirst, refusal(403, "forbidden")});
    CHECK(session.told(session.find()).starts_with("Unavailable: GET "));
    session.server.add({kFirst, {.body = R"({"items":[1]})"}});
    CHECK(session.told(session.find()).starts_with("Malformed: "));
  }
  session.server.add({kFirst, page({})});
  CHECK(session.told(session.find()) == "found ");
}

TEST_CASE("pod_search: what cannot be a namespace's name is not asked about") {
  Session session({});
  for (const std::string name : {"", "../secrets", "UPPER", "a b", "a?b", "a.b", "-a", "a/pods"}) {
    CAPTURE(name);
    CHECK(session.told(session.find(name)) ==
          "NotFound: \"" + name + "\" is not a namespace's name");
  }
  CHECK(session.find(std::string(64, 'a')).error().code == ErrorCode::NotFound);
  CHECK(session.lines().empty());
}

// The thread that resumes after a search.
asio::awaitable<std::thread::id> resumed_on(PodSearch* search, PodSearch::Matches matches) {
  const auto found = co_await search->find("payments", std::move(matches), milliseconds{3000});
  REQUIRE(found);
  co_return std::this_thread::get_id();
}

TEST_CASE("pod_search: it looks on the loop's thread and resumes on the one that asked") {
  Session session({{kFirst, page({"a"})}});
  asio::io_context here(1);
  std::thread::id looked_on;
  auto thread = asio::co_spawn(here,
                               resumed_on(&session.search,
                                          [&](json::Node) {
                                            looked_on = std::this_thread::get_id();
                                            return false;
                                          }),
                               asio::use_future);
  here.run();
  CHECK(thread.get() == std::this_thread::get_id());
  CHECK(looked_on != std::thread::id());
  CHECK(looked_on != std::this_thread::get_id());
}

TEST_CASE("pod_search: stopping is quick while a search waits") {
  Session session({{kFirst, {.delay = milliseconds{4000}}}});
  auto search = std::async(std::launch::async, [&] { return session.told(session.find()); });
  REQUIRE(eventually([&] { return session.lines().size() == 1; }));
  const auto before = steady_clock::now();
  session.stop();
  CHECK(steady_clock::now() - before < milliseconds{1000});
  CHECK(search.get().starts_with("Unavailable: "));
}

}  // namespace
}  // namespace cpods::kube
