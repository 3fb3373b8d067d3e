#include "kube/webhook_keeper.h"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <sstream>
#include <vector>

#include "json/document.h"
#include "kube/backoff.h"
#include "kube/patience.h"
#include "unit/kube/fake_api_server.h"
#include "unit/parsed.h"

namespace cpods::kube {
namespace {

using configuration::Entries;
using configuration::Entry;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::eventually;
using test::FakeApiServer;
using test::refusal;
using test::Reply;
using test::Step;

const std::string kPlace =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/place.confidential.pods";
const std::string kGuard =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/guard.confidential.pods";
const std::string kManager = "?fieldManager=confidential-pods";
constexpr milliseconds kLong{60'000};  // longer than any test waits

const std::string kAddress =
    R"({"service":{"namespace":"ns","name":"webhook","path":"/validate"},"caBundle":"Q0E="})";
// What the manifests bring, and nobody here writes.
const std::string kFirst =
    R"({"name":"policies.confidential.pods","clientConfig":)" + kAddress + R"(,"rules":[]})";

Entry entry(const std::string& subject, const std::string& kind = "guard") {
  return configuration::named_entry(subject, kind, kind == "place" ? "/mutate" : "/validate",
                                    R"({"rules":[],"failurePolicy":"Fail"})");
}

std::string stored(const Entry& entry) {
  const auto address = parsed(kAddress);
  return configuration::with_address(entry, {address.root(), address.root()["caBundle"]});
}

std::string joined(const std::vector<std::string>& entries) {
  std::string out;
  for (const auto& each : entries) out += (out.empty() ? "" : ",") + each;
  return out;
}

Reply holding(const std::vector<std::string>& entries, const std::string& version = "7") {
  return {.body = R"({"metadata":{"resourceVersion":")" + version + R"("},"webhooks":[)" +
                  joined(entries) + "]}"};
}

// An entry on notice, as the API server has it after somebody gave it.
Reply on_notice(const std::vector<std::string>& entries, const Entry& entry) {
  return {.body = R"({"metadata":{"resourceVersion":"8","annotations":)"
                  R"({"confidential.pods/unneeded":"{\")" +
                  entry.name + R"(\":\"2026-11-28T06:29:52Z\"}"}},"webhooks":[)" + joined(entries) +
                  "]}"};
}
const std::string kNoticeStruck =
    R"({"op":"remove","path":"/metadata/annotations/confidential.pods~1unneeded"})";

std::string patch_to(const std::vector<std::string>& entries, const std::string& version = "7") {
  return R"([{"op":"test","path":"/metadata/resourceVersion","value":")" + version +
         R"("},{"op":"add","path":"/webhooks","value":[)" + joined(entries) + "]}]";
}

// Both are read, the validating one first.
std::vector<Step> looks(const Reply& guard, const Reply& place, int times = 1) {
  std::vector<Step> steps;
  for (int i = 0; i < times; ++i) {
    steps.push_back({"GET " + kGuard, guard});
    steps.push_back({"GET " + kPlace, place});
  }
  return steps;
}

std::vector<Step> operator+(std::vector<Step> steps, std::vector<Step> more) {
  for (auto& step : more) steps.push_back(std::move(step));
  return steps;
}

// A keeper of one fake server, running.
class Session {
 public:
  explicit Session(std::vector<Step> script, milliseconds period = kLong,
                   milliseconds patience = kLong)
      : server(std::move(script)),
        api_(*ApiClient::create(loop_,
                                [access = server.access()] { return Result<Access>(access); })),
        keeper(*api_, {.period = period, .patience = patience}) {
    keeper.start();
    loop_.start();
  }
  ~Session() { loop_.stop(); }

  // The requests whose line begins so.
  std::vector<test::Seen> seen(const std::string& words) const {
    std::vector<test::Seen> some;
    for (const auto& each : server.seen()) {
      if (each.line.starts_with(words)) some.push_back(each);
    }
    return some;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& each : server.seen()) lines.push_back(each.line);
    return lines;
  }
  bool patched(std::size_t times) const {
    return eventually([&] { return seen("PATCH").size() >= times; });
  }
  bool ready() const {
    return eventually([&] { return keeper.ready(); });
  }
  bool failed(std::uint64_t times) const {
    return eventually([&] { return keeper.figures().failures >= times; });
  }

  FakeApiServer server;

 private:
  Loop loop_;
  std::unique_ptr<ApiClient> api_;

 public:
  WebhookKeeper keeper;
};

// What is logged while it lives.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out_);
    auto logger = std::make_shared<spdlog::logger>("test", std::move(sink));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~Log() { spdlog::set_default_logger(before_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  // Only once whoever logs has stopped.
  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
  std::shared_ptr<spdlog::logger> before_;
};

using Lines = std::vector<std::string>;

TEST_CASE("webhook_keeper: it asks nothing before it is told what is wanted") {
  Session session({}, milliseconds{20});
  struct timespec nap{0, 100'000'000};
  ::nanosleep(&nap, nullptr);
  CHECK(session.lines().empty());
  CHECK_FALSE(session.keeper.ready());
}

TEST_CASE("webhook_keeper: both configurations are written, the validating one first") {
  Session session(looks(holding({kFirst}), holding({}, "8")) +
                  std::vector<Step>{{"PATCH", {}}, {"PATCH", {}}});
  const auto place = entry("pay", "place");
  session.keeper.want({.mutating = {place}, .validating = {entry("pay"), entry("db")}});
  REQUIRE(session.ready());
  CHECK(session.lines() == Lines{"GET " + kGuard, "GET " + kPlace, "PATCH " + kGuard + kManager,
                                 "PATCH " + kPlace + kManager});
  const auto patches = session.seen("PATCH");
  REQUIRE(patches.size() == 2);
  CHECK(patches[0].body == patch_to({kFirst, stored(entry("pay")), stored(entry("db"))}));
  // A list without entries is reached as the other's entries are.
  CHECK(patches[1].body == patch_to({stored(place)}, "8"));
  for (const auto& patch : patches) {
    CHECK(patch.head.find("Content-Type: application/json-patch+json\r\n") != std::string::npos);
  }
  CHECK(session.keeper.figures().written == 2);
  CHECK(session.keeper.figures().failures == 0);
  CHECK(session.server.unexpected().empty());
}

TEST_CASE("webhook_keeper: where they agree nothing is written, however often it looks") {
  const auto guard = holding({kFirst, stored(entry("pay"))});
  const auto place = holding({stored(entry("pay", "place"))});
  Session session(looks(guard, place, 200), milliseconds{20});
  session.keeper.want({.mutating = {entry("pay", "place")}, .validating = {entry("pay")}});
  REQUIRE(session.ready());
  CHECK(eventually([&] { return session.lines().size() >= 10; }));
  CHECK(session.seen("PATCH").empty());
  CHECK(session.keeper.figures().written == 0);
  CHECK(session.keeper.figures().failures == 0);
}

TEST_CASE("webhook_keeper: what another hand wrote is put right at the next look") {
  const auto right = stored(entry("pay"));
  auto loose = right;
  loose.replace(loose.find("Fail\""), 5, "Ignore\"");
  Session session(looks(holding({kFirst, right}), holding({})) +
                      looks(holding({kFirst, loose}, "9"), holding({})) +
                      std::vector<Step>{{"PATCH " + kGuard, {}}} +
                      looks(holding({kFirst, right}), holding({}), 200),
                  milliseconds{30});
  session.keeper.want({.validating = {entry("pay")}});
  REQUIRE(session.patched(1));
  CHECK(session.seen("PATCH")[0].body == patch_to({kFirst, right}, "9"));
}

TEST_CASE("webhook_keeper: new entries wake it at once") {
  Session session(looks(holding({kFirst}), holding({})));
  session.keeper.want({});
  REQUIRE(session.ready());
  for (auto& step : looks(holding({kFirst}), holding({}))) session.server.add(step);
  session.server.add({"PATCH " + kGuard, {}});
  const auto before = steady_clock::now();
  session.keeper.want({.validating = {entry("pay")}});
  REQUIRE(session.patched(1));
  CHECK(steady_clock::now() - before < milliseconds{2000});
  CHECK(session.seen("PATCH")[0].body == patch_to({kFirst, stored(entry("pay"))}));
}

TEST_CASE("webhook_keeper: what comes while it looks is looked at next") {
  auto slow = holding({kFirst});
  slow.delay = milliseconds{300};
  Session session(looks(slow, holding({})) + looks(holding({kFirst}), holding({})) +
                  std::vector<Step>{{"PATCH " + kGuard, {}}});
  session.keeper.want({});
  REQUIRE(eventually([&] { return session.lines().size() == 1; }));
  session.keeper.want({.validating = {entry("never")}});
  session.keeper.want({.validating = {entry("pay")}});
  REQUIRE(session.patched(1));
  CHECK(session.seen("PATCH")[0].body == patch_to({kFirst, stored(entry("pay"))}));
  CHECK(session.seen("GET").size() == 4);
}

TEST_CASE("webhook_keeper: a configuration that is not there is no failure, and never made") {
  const auto absent = refusal(404, "not found");
  SUBCASE("neither") {
    Session session(looks(absent, absent));
    session.keeper.want({.mutating = {entry("pay", "place")}, .validating = {entry("pay")}});
    CHECK(session.ready());
    CHECK(session.lines() == Lines{"GET " + kGuard, "GET " + kPlace});
    CHECK(session.keeper.figures().failures == 0);
  }
  SUBCASE("the validating one") {
    Session session(looks(absent, holding({kFirst})) + std::vector<Step>{{"PATCH " + kPlace, {}}});
    session.keeper.want({.mutating = {entry("pay", "place")}, .validating = {entry("pay")}});
    CHECK(session.ready());
    CHECK(session.seen("PATCH").size() == 1);
    CHECK(session.keeper.figures().failures == 0);
  }
  SUBCASE("the mutating one, until the manifests are applied") {
    Session session(looks(holding({kFirst, stored(entry("pay"))}), absent) +
                        looks(holding({kFirst, stored(entry("pay"))}), holding({})) +
                        std::vector<Step>{{"PATCH " + kPlace, {}}} +
                        looks(holding({kFirst, stored(entry("pay"))}),
                              holding({stored(entry("pay", "place"))}), 200),
                    milliseconds{30});
    session.keeper.want({.mutating = {entry("pay", "place")}, .validating = {entry("pay")}});
    CHECK(session.patched(1));
    CHECK(session.keeper.figures().failures == 0);
  }
}

TEST_CASE("webhook_keeper: who was slower reads again, and fails nothing") {
  for (const unsigned status : {409U, 422U}) {
    CAPTURE(status);
    const auto theirs = stored(entry("theirs"));
    Session session(looks(holding({kFirst}), holding({})) +
                    std::vector<Step>{{"PATCH " + kGuard, refusal(status, "the test failed")}} +
                    looks(holding({kFirst, theirs}, "8"), holding({})) +
                    std::vector<Step>{{"PATCH " + kGuard, {}}});
    session.keeper.want({.validating = {entry("pay")}});
    REQUIRE(session.ready());
    CHECK(session.seen("PATCH").at(1).body.ends_with(
        R"({"op":"add","path":"/webhooks","value":[)" +
        joined({kFirst, theirs, stored(entry("pay"))}) + "]}]"));
    CHECK(session.keeper.figures().failures == 0);
    CHECK(session.keeper.figures().written == 1);
    CHECK(session.server.unexpected().empty());
  }
}

TEST_CASE("webhook_keeper: one that is always slower gives up for a while, and says so") {
  std::vector<Step> script;
  for (int i = 0; i < 4; ++i) {
    script = std::move(script) + looks(holding({kFirst}), holding({})) +
             std::vector<Step>{{"PATCH", refusal(409, "the object has been modified")}};
  }
  const Log log;
  {
    Session session(std::move(script) + looks(holding({kFirst}), holding({})) +
                    std::vector<Step>{{"PATCH", {}}});
    session.keeper.want({.validating = {entry("pay")}});
    REQUIRE(session.ready());
    CHECK(session.seen("PATCH").size() == 5);
    CHECK(session.keeper.figures().failures == 1);
  }
  CHECK(
      log.text().starts_with("warning webhook configurations: write: others keep writing them at "
                             "the same moment\n"));
}

TEST_CASE("webhook_keeper: without any entry that says how it is reached nothing is written") {
  const std::string unreachable = R"({"name":"x","clientConfig":{"caBundle":"Q0E="}})";
  for (const auto& [guard, place] : std::vector<std::pair<Reply, Reply>>{
           {holding({}), holding({})},
           {holding({unreachable}), holding({unreachable})},
           {holding({}), refusal(404, "not found")},
           {refusal(404, "not found"), holding({})},
       }) {
    CAPTURE(guard.body);
    const Log log;
    {
      Session session(looks(guard, place));
      session.keeper.want({.mutating = {entry("pay", "place")}, .validating = {entry("pay")}});
      CHECK(session.failed(1));
      CHECK_FALSE(session.keeper.ready());
      CHECK(session.seen("PATCH").empty());
    }
    CHECK(log.text().contains(
        "warning webhook configurations: guard.confidential.pods: no entry says how the API server "
        "reaches this server; apply manifests/base\n"));
  }
}

TEST_CASE("webhook_keeper: what nobody needs is given notice first, and then goes") {
  constexpr milliseconds kPatience{500};
  const auto old = stored(entry("old"));
  const std::vector<std::string> both{kFirst, old, stored(entry("pay"))};
  Session session(looks(holding(both), holding({})) + std::vector<Step>{{"PATCH " + kGuard, {}}} +
                      looks(on_notice(both, entry("old")), holding({}), 200) +
                      std::vector<Step>{{"PATCH " + kGuard, {}}},
                  milliseconds{40}, kPatience);
  session.keeper.want({.validating = {entry("pay")}});
  REQUIRE(session.patched(1));
  const auto before = steady_clock::now();
  const auto notice = session.seen("PATCH")[0].body;
  CHECK(notice.starts_with(R"([{"op":"test","path":"/metadata/resourceVersion","value":"7"},)"
                           R"({"op":"add","path":"/metadata/annotations","value":{}},)"
                           R"({"op":"add","path":"/metadata/annotations/confidential.pods~1)"
                           R"(unneeded","value":"{\")" +
                           entry("old").name + R"(\":\"20)"));
  CHECK_FALSE(notice.contains("/webhooks"));
  REQUIRE(session.patched(2));
  CHECK(steady_clock::now() - before >= kPatience);
  // It had looked meanwhile, and was content.
  CHECK(session.seen("GET " + kGuard).size() >= 4);
  const auto taken = session.seen("PATCH")[1].body;
  CHECK(taken == R"([{"op":"test","path":"/metadata/resourceVersion","value":"8"},)" +
                     kNoticeStruck + R"(,{"op":"add","path":"/webhooks","value":[)" +
                     joined({kFirst, stored(entry("pay"))}) + "]}]");
  CHECK(session.keeper.figures().failures == 0);
}

// A replica whose kubelet hangs may read its policies hours later.
TEST_CASE("webhook_keeper: whoever needs an entry strikes the notice of one who does not") {
  const std::vector<std::string> both{kFirst, stored(entry("pay"))};
  Session session(looks(on_notice(both, entry("pay")), holding({})) +
                      std::vector<Step>{{"PATCH " + kGuard, {}}} +
                      looks(holding(both), holding({}), 200),
                  milliseconds{40}, milliseconds{0});
  session.keeper.want({.validating = {entry("pay")}});
  REQUIRE(session.patched(1));
  CHECK(session.seen("PATCH")[0].body ==
        R"([{"op":"test","path":"/metadata/resourceVersion","value":"8"},)" + kNoticeStruck + "]");
  CHECK(eventually([&] { return session.lines().size() >= 9; }));
  CHECK(session.seen("PATCH").size() == 1);
}

TEST_CASE("webhook_keeper: entries of the two configurations are on notice apart") {
  // The same name in both; it is needed in one.
  const auto both = entry("both");
  Session session(looks(holding({kFirst, stored(both)}), on_notice({stored(both)}, both), 200) +
                      std::vector<Step>{{"PATCH " + kPlace, {}}},
                  milliseconds{40}, milliseconds{200});
  session.keeper.want({.validating = {both}});
  REQUIRE(session.patched(1));
  CHECK(session.seen("PATCH")[0].line.starts_with("PATCH " + kPlace));
  CHECK(session.seen("PATCH")[0].body ==
        R"([{"op":"test","path":"/metadata/resourceVersion","value":"8"},)" + kNoticeStruck +
            R"(,{"op":"add","path":"/webhooks","value":[]}])");
}

// Looks at the notices every minute; the minute at which one is over, or 0.
int over_after(Patience& patience, int begin, int end, const Notices& given) {
  using std::chrono::minutes;
  for (int minute = begin; minute <= end; ++minute) {
    if (!patience.over(given, Patience::Clock::time_point{} + minutes{minute}).empty()) {
      return minute;
    }
  }
  return 0;
}

TEST_CASE("patience: a notice is over once it has stood for long, and another one is not") {
  Patience patience(std::chrono::minutes{5});
  CHECK(over_after(patience, 10, 20, {{"a", "t1"}}) == 15);
  // Taken away, added again by another replica and on notice again, all between two looks: a
  // namespace was open for 58 of 62 seconds when the first notice's age was taken for the second's.
  CHECK(over_after(patience, 16, 30, {{"a", "t2"}}) == 21);
  // Struck, and the same text given again.
  CHECK(over_after(patience, 22, 22, {}) == 0);
  CHECK(over_after(patience, 23, 40, {{"a", "t2"}}) == 28);
}

// Whoever needs the entry could not strike the notice meanwhile.
TEST_CASE("patience: an outage of the API server is not patience") {
  Patience patience(std::chrono::minutes{5});
  CHECK(over_after(patience, 10, 12, {{"a", "t1"}}) == 0);
  CHECK(over_after(patience, 40, 60, {{"a", "t1"}}) == 45);
}

TEST_CASE("webhook_keeper: one that was there and is deleted is told, counted and looked for") {
  const Log log;
  {
    const auto absent = refusal(404, "not found");
    Session session(looks(holding({kFirst}), holding({})) + looks(absent, holding({}), 20),
                    milliseconds{40});
    session.keeper.want({});
    REQUIRE(session.failed(1));
    CHECK(eventually([&] { return session.lines().size() >= 9; }));
    CHECK(session.keeper.figures().failures == 1);  // once, not at every look
  }
  CHECK(log.text() ==
        "warning webhook configurations: guard.confidential.pods: it has been deleted, and until "
        "manifests/base is applied again the API server asks nobody about what it guards\n");
}

TEST_CASE("webhook_keeper: while one is not there it looks every second") {
  Session session(looks(refusal(404, "not found"), holding({kFirst}), 10));
  session.keeper.want({});
  REQUIRE(session.ready());
  CHECK(eventually([&] { return session.seen("GET " + kGuard).size() >= 3; }));
}

TEST_CASE("webhook_keeper: entries that AKS' enforcer has narrowed are told of once") {
  auto narrowed = stored(entry("pay"));
  const std::string end = R"(,"namespaceSelector":{"matchExpressions":[)"
                          R"({"key":"control-plane","operator":"DoesNotExist"}]}})";
  narrowed.replace(narrowed.size() - 1, 1, end);
  const std::string other = R"({"name":"other","clientConfig":)" + kAddress + end;
  const Log log;
  {
    Session session(looks(holding({kFirst, other}), holding({}), 20), milliseconds{40});
    session.keeper.want({});
    CHECK(eventually([&] { return session.lines().size() >= 9; }));
  }
  CHECK(log.text() ==
        "warning webhook configurations: AKS' admissions enforcer has made 1 of 2 entries of "
        "guard.confidential.pods leave out namespaces that carry its labels, and the same label "
        "takes a namespace away from the guard; label the configuration "
        "admissions.enforcer/disabled=true\n");
}

TEST_CASE("webhook_keeper: what the API server does not take is told, and notices are struck") {
  const std::vector<std::string> both{kFirst, stored(entry("pay"))};
  std::vector<Step> script;
  for (int i = 0; i < 4; ++i) {
    script = std::move(script) + looks(on_notice(both, entry("pay")), holding({})) +
             std::vector<Step>{{"PATCH", refusal(422, "webhooks[2].name: Invalid value")},
                               {"PATCH", refusal(409, "the object has been modified")}};
  }
  const Log log;
  {
    Session session(std::move(script));
    session.keeper.want({.validating = {entry("pay"), entry("new")}});
    REQUIRE(session.failed(1));
    CHECK_FALSE(session.keeper.ready());
    const auto patches = session.seen("PATCH");
    CHECK(patches.at(0).body.contains("/webhooks"));
    CHECK(patches.at(1).body ==
          R"([{"op":"test","path":"/metadata/resourceVersion","value":"8"},)" + kNoticeStruck +
              "]");
  }
  CHECK(log.text().starts_with("warning webhook configurations: write: PATCH " + kGuard +
                               ": status 422, webhooks[2].name: Invalid value\n"));
}

TEST_CASE("webhook_keeper: failures are counted, told and tried again with backoff") {
  const Log log;
  {
    Session session(std::vector<Step>{{"GET " + kGuard, refusal(403, "forbidden")},
                                      {"GET " + kPlace, holding({})}} +
                    looks(holding({}), {.body = "<html>"}) +
                    looks({.body = R"({"webhooks":{}})"}, holding({})) +
                    looks(holding({kFirst}), holding({})) +
                    std::vector<Step>{{"PATCH " + kGuard, {}}});
    const auto before = steady_clock::now();
    session.keeper.want({.validating = {entry("pay")}});
    REQUIRE(session.failed(3));
    CHECK_FALSE(session.keeper.ready());
    REQUIRE(session.ready());
    // Three pauses, each at least half of its step.
    CHECK(steady_clock::now() - before >= Backoff::kFirst * 7 / 2);
    CHECK(session.keeper.figures().failures == 3);
    CHECK(session.keeper.figures().written == 1);
    CHECK(session.server.unexpected().empty());
  }
  CHECK(log.text().find("warning webhook configurations: read: GET " + kGuard +
                        ": status 403, forbidden\n") != std::string::npos);
  CHECK(log.text().find("warning webhook configurations: read: offset 0: ") != std::string::npos);
  CHECK(log.text().find("warning webhook configurations: an answer that cannot be read: "
                        "/webhooks: ") != std::string::npos);
  CHECK(log.text().find("info webhook configurations: wrote guard.confidential.pods\n") !=
        std::string::npos);
}

TEST_CASE("webhook_keeper: while the validating one cannot be written the mutating one waits") {
  Session session(looks(holding({kFirst}), holding({})) +
                  std::vector<Step>{{"PATCH " + kGuard, refusal(403, "forbidden")}} +
                  looks(holding({kFirst}), holding({})) +
                  std::vector<Step>{{"PATCH " + kGuard, {}}, {"PATCH " + kPlace, {}}});
  session.keeper.want({.mutating = {entry("pay", "place")}, .validating = {entry("pay")}});
  REQUIRE(session.ready());
  const auto patches = session.seen("PATCH");
  REQUIRE(patches.size() == 3);
  CHECK(patches[1].line == "PATCH " + kGuard + kManager);
  CHECK(patches[2].line == "PATCH " + kPlace + kManager);
  CHECK(session.keeper.figures().failures == 1);
  CHECK(session.keeper.figures().written == 2);
}

TEST_CASE("webhook_keeper: it is ready once both have had what was wanted, and stays so") {
  const Reply slow{.delay = milliseconds{800}};
  Session session(looks(holding({kFirst}), holding({})) +
                      std::vector<Step>{{"PATCH " + kGuard, {}}, {"PATCH " + kPlace, slow}} +
                      looks(refusal(403, "forbidden"), refusal(403, "forbidden"), 200),
                  milliseconds{30});
  session.keeper.want({.mutating = {entry("pay", "place")}, .validating = {entry("pay")}});
  REQUIRE(session.patched(2));
  CHECK_FALSE(session.keeper.ready());
  REQUIRE(session.ready());
  CHECK(session.failed(2));
  CHECK(session.keeper.ready());
}

TEST_CASE("webhook_keeper: what is wanted before the loop runs is written when it does") {
  for (const bool before_start : {true, false}) {
    CAPTURE(before_start);
    FakeApiServer server(looks(holding({kFirst}), holding({})) +
                         std::vector<Step>{{"PATCH " + kGuard, {}}});
    Loop loop;
    const auto api =
        ApiClient::create(loop, [access = server.access()] { return Result<Access>(access); });
    WebhookKeeper keeper(**api, WebhookKeeperSettings{});
    if (before_start) keeper.want({.validating = {entry("pay")}});
    keeper.start();
    if (!before_start) keeper.want({.validating = {entry("pay")}});
    loop.start();
    CHECK(eventually([&] { return keeper.ready(); }));
    CHECK(keeper.figures().written == 1);
    loop.stop();
  }
}

TEST_CASE("webhook_keeper: stopping is quick in a nap and while it waits") {
  const Log log;
  for (const auto& [what, script] : std::vector<std::pair<std::string, std::vector<Step>>>{
           {"a nap", looks(holding({kFirst}), holding({}))},
           {"an answer", {{"GET " + kGuard, {.delay = milliseconds{4000}}}}},
       }) {
    CAPTURE(what);
    FakeApiServer server(script);
    Loop loop;
    const auto api =
        ApiClient::create(loop, [access = server.access()] { return Result<Access>(access); });
    WebhookKeeper keeper(**api, WebhookKeeperSettings{});
    keeper.start();
    loop.start();
    keeper.want({});
    CHECK(eventually([&] { return server.seen().size() == script.size(); }));
    if (script.size() == 2) CHECK(eventually([&] { return keeper.ready(); }));
    const auto before = steady_clock::now();
    loop.stop();
    CHECK(steady_clock::now() - before < milliseconds{1000});
    // What ends because it was told to has not failed.
    CHECK(keeper.figures().failures == 0);
    keeper.want({});
  }
  CHECK(log.text().empty());
}

}  // namespace
}  // namespace cpods::kube
