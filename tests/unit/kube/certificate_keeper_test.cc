#include "kube/certificate_keeper.h"

#include <doctest/doctest.h>

#include <chrono>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "certs/inspect.h"
#include "json/document.h"
#include "json/writer.h"
#include "kube/certificate_secret.h"
#include "kube/renewal.h"
#include "unit/kube/fake_api_server.h"

namespace cpods::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using test::eventually;
using test::FakeApiServer;
using test::refusal;
using test::Reply;
using test::Step;

const std::string kSecrets = "/api/v1/namespaces/ns/secrets";
const std::string kPlace =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/place.confidential.pods";
const std::string kGuard =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/guard.confidential.pods";
const std::vector<std::string> kNames{"confidential-pods.ns.svc"};

CertificateFiles files_made(system_clock::time_point now) {
  auto files = renewed({}, kNames, "", now);
  REQUIRE(files);
  return **files;
}

std::string secret_with(const CertificateFiles& files) {
  return new_secret("ns", "tls", files);
}

Reply configuration(const std::string& bundle) {
  json::Writer out;
  out.object().key("webhooks").array().object().field("name", "w");
  out.key("clientConfig").object().field("caBundle", base64_encode(as_bytes(bundle)));
  out.end().end().end().end();
  return {.body = out.take()};
}

// Both configurations there and already right.
std::vector<Step> settled(const std::string& bundle) {
  return {{"GET " + kPlace, configuration(bundle)}, {"GET " + kGuard, configuration(bundle)}};
}

std::vector<Step> joined(std::vector<Step> steps, std::vector<Step> more) {
  for (Step& step : more) steps.push_back(std::move(step));
  return steps;
}

// A keeper of one fake server, running; writes down what it takes into use.
class Session {
 public:
  explicit Session(std::vector<Step> script, milliseconds period = milliseconds{60'000})
      : server(std::move(script)),
        api_(*ApiClient::create(loop_,
                                [access = server.access()] { return Result<Access>(access); })),
        keeper(*api_, settings(period), [this](const net::Identity& identity) {
          const std::lock_guard lock(mutex_);
          used_.push_back(identity.chain);
          return Result<void>();
        }) {
    keeper.start();
    loop_.start();
  }
  ~Session() { loop_.stop(); }

  std::vector<std::string> used() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }

  // The requests whose line holds these words.
  std::vector<test::Seen> seen(const std::string& words) const {
    std::vector<test::Seen> some;
    for (const auto& each : server.seen()) {
      if (each.line.find(words) != std::string::npos) some.push_back(each);
    }
    return some;
  }

  FakeApiServer server;

 private:
  static KeeperSettings settings(milliseconds period) {
    auto made = keeper_settings("ns/tls", kNames);
    REQUIRE(made);
    made->period = period;
    return *made;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> used_;
  Loop loop_;
  std::unique_ptr<ApiClient> api_;

 public:
  CertificateKeeper keeper;
};

TEST_CASE("certificate_keeper: without a Secret it makes one, tells whom to trust, and uses it") {
  Session session({{"GET " + kSecrets + "/tls", refusal(404, "not found")},
                   {"POST " + kSecrets + "?fieldManager=confidential-pods", {.status = 201}},
                   {"GET " + kPlace, configuration("")},
                   {"PATCH " + kPlace + "?fieldManager=confidential-pods", {}},
                   {"GET " + kGuard, configuration("old")},
                   {"PATCH " + kGuard + "?fieldManager=confidential-pods", {}}});
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.server.unexpected().empty());

  const auto posted = session.seen("POST");
  REQUIRE(posted.size() == 1);
  const auto secret = json::Document::parse(posted[0].body);
  REQUIRE(secret);
  const auto files = read_files(secret->root());
  REQUIRE(files);
  CHECK(certs::accepts(files->ca_crt, files->tls_crt, kNames[0], system_clock::now()));
  CHECK(session.used() == std::vector{files->tls_crt});

  const auto patched = session.seen("PATCH");
  REQUIRE(patched.size() == 2);
  const std::string operations =
      R"([{"op":"test","path":"/metadata/resourceVersion","value":""},)"
      R"({"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":")" +
      base64_encode(as_bytes(files->ca_crt)) + R"("}])";
  for (const auto& patch : patched) {
    CHECK(patch.body == operations);
    CHECK(patch.head.find("Content-Type: application/json-patch+json\r\n") != std::string::npos);
  }
  CHECK(eventually([&] { return session.keeper.figures().bundles_written == 2; }));
  CHECK(session.keeper.figures().issued == 1);
  CHECK(session.keeper.figures().failures == 0);
  CHECK(session.keeper.figures().expires > system_clock::to_time_t(system_clock::now()));
}

// An entry that the webhook keeper adds meanwhile has the old bundle.
TEST_CASE("certificate_keeper: where somebody wrote meanwhile the list is read again") {
  const CertificateFiles first = files_made(system_clock::now());
  for (const unsigned status : {409U, 422U}) {
    CAPTURE(status);
    Session session({{"GET " + kSecrets + "/tls", {.body = secret_with(first)}},
                     {"GET " + kPlace, configuration("old")},
                     {"PATCH " + kPlace, refusal(status, "the test failed")},
                     {"GET " + kPlace, configuration("old")},
                     {"PATCH " + kPlace, {}},
                     {"GET " + kGuard, configuration(first.ca_crt)}});
    REQUIRE(eventually([&] { return session.keeper.ready(); }));
    CHECK(session.seen("PATCH").size() == 2);
    CHECK(session.keeper.figures().failures == 0);
    CHECK(session.keeper.figures().bundles_written == 1);
    CHECK(session.server.unexpected().empty());
  }
}

TEST_CASE("certificate_keeper: of two replicas the second takes what the first made") {
  const CertificateFiles first = files_made(system_clock::now());
  Session session(joined({{"GET " + kSecrets, refusal(404, "not found")},
                          {"POST " + kSecrets, refusal(409, "secrets \"tls\" already exists")},
                          {"GET " + kSecrets + "/tls", {.body = secret_with(first)}}},
                         settled(first.ca_crt)));
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.used() == std::vector{first.tls_crt});
  CHECK(session.keeper.figures().issued == 0);
  CHECK(session.seen("PATCH").empty());
  CHECK(session.server.unexpected().empty());
}

TEST_CASE("certificate_keeper: an old leaf is replaced in the Secret before it is used") {
  const CertificateFiles old = files_made(system_clock::now() - std::chrono::days(300));
  Session session(joined({{"GET " + kSecrets + "/tls", {.body = secret_with(old)}},
                          {"PUT " + kSecrets + "/tls?fieldManager=confidential-pods", {}}},
                         settled(old.ca_crt)));
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.used().at(0) != old.tls_crt);
  CHECK(certs::accepts(old.ca_crt, session.used().at(0), kNames[0], system_clock::now()));
  CHECK(session.keeper.figures().issued == 1);
}

TEST_CASE("certificate_keeper: a lost race for a renewal takes the winner's") {
  const CertificateFiles old = files_made(system_clock::now() - std::chrono::days(300));
  const CertificateFiles fresh = files_made(system_clock::now());
  Session session(joined({{"GET " + kSecrets + "/tls", {.body = secret_with(old)}},
                          {"PUT " + kSecrets, refusal(409, "the object has been modified")},
                          {"GET " + kSecrets + "/tls", {.body = secret_with(fresh)}}},
                         settled(fresh.ca_crt)));
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(session.used() == std::vector{fresh.tls_crt});
}

TEST_CASE("certificate_keeper: it looks again: new certificates are swapped in, bundles restored") {
  const CertificateFiles first = files_made(system_clock::now());
  const CertificateFiles second = files_made(system_clock::now());
  Session session(
      joined(joined({{"GET " + kSecrets, {.body = secret_with(first)}}}, settled(first.ca_crt)),
             {{"GET " + kSecrets, {.body = secret_with(second)}},
              {"GET " + kPlace, configuration("someone else's")},
              {"PATCH " + kPlace, {}},
              {"GET " + kGuard, refusal(404, "not found")}}),
      milliseconds{100});
  REQUIRE(eventually([&] { return session.used().size() == 2; }));
  CHECK(session.used() == std::vector{first.tls_crt, second.tls_crt});
  CHECK(session.keeper.figures().bundles_written == 1);
}

TEST_CASE("certificate_keeper: failures are counted and tried again; what is in use stays") {
  const CertificateFiles files = files_made(system_clock::now());
  Session session({{"GET " + kSecrets, refusal(403, "secrets is forbidden")},
                   {"GET " + kSecrets, {.body = "<html>"}},
                   {"GET " + kSecrets, {.body = secret_with(files)}},
                   {"GET " + kPlace, refusal(403, "forbidden")},
                   {"GET " + kGuard, configuration(files.ca_crt)},
                   {"GET " + kSecrets, {.body = secret_with(files)}},
                   {"GET " + kPlace, configuration(files.ca_crt)},
                   {"GET " + kGuard, configuration(files.ca_crt)},
                   {"GET " + kSecrets, refusal(403, "secrets is forbidden")}},
                  milliseconds{100});
  // Nothing else is there to be served, but nobody can be sent here yet.
  REQUIRE(eventually([&] { return session.used().size() == 1; }));
  REQUIRE(eventually([&] { return session.keeper.ready(); }));
  CHECK(eventually([&] { return session.keeper.figures().failures >= 4; }));
  CHECK(session.used() == std::vector{files.tls_crt});
  CHECK(session.keeper.ready());
}

TEST_CASE("certificate_keeper: an authority that the API server cannot be told of is not shown") {
  const CertificateFiles first = files_made(system_clock::now());
  const CertificateFiles second = files_made(system_clock::now());
  const std::vector<Step> untold = {{"GET " + kSecrets, {.body = secret_with(second)}},
                                    {"GET " + kPlace, configuration(first.ca_crt)},
                                    {"PATCH " + kPlace, refusal(403, "forbidden")},
                                    {"GET " + kGuard, configuration(first.ca_crt)},
                                    {"PATCH " + kGuard, {}}};
  auto script = joined({{"GET " + kSecrets, {.body = secret_with(first)}}}, settled(first.ca_crt));
  script = joined(joined(std::move(script), untold), untold);
  Session session(std::move(script), milliseconds{100});
  REQUIRE(eventually([&] { return session.keeper.figures().failures >= 2; }));
  CHECK(session.used() == std::vector{first.tls_crt});
  CHECK(session.keeper.ready());
  for (auto& step :
       joined({{"GET " + kSecrets, {.body = secret_with(second)}}}, settled(second.ca_crt))) {
    session.server.add(step);
  }
  CHECK(eventually([&] { return session.used().size() == 2; }));
  CHECK(session.used().back() == second.tls_crt);
}

TEST_CASE("certificate_keeper: what the server will not use does not make it ready") {
  CertificateFiles files = files_made(system_clock::now());
  FakeApiServer server(
      joined({{"GET " + kSecrets, {.body = secret_with(files)}}}, settled(files.ca_crt)));
  Loop loop;
  const auto api =
      ApiClient::create(loop, [access = server.access()] { return Result<Access>(access); });
  CertificateKeeper keeper(**api, *keeper_settings("ns/tls", kNames), [](const net::Identity&) {
    return Result<void>(failure(ErrorCode::Invalid, "", "the key is another's"));
  });
  keeper.start();
  loop.start();
  CHECK(eventually([&] { return keeper.figures().failures >= 1; }));
  CHECK_FALSE(keeper.ready());
  loop.stop();
}

TEST_CASE("certificate_keeper: the Secret is named NAMESPACE/NAME, and a name is needed") {
  for (const char* wrong : {"", "tls", "/tls", "ns/", "ns/a/b", "ns/../x", "NS/tls"}) {
    CAPTURE(wrong);
    const auto settings = keeper_settings(wrong, kNames);
    CHECK_FALSE(settings);
  }
  CHECK(keeper_settings("tls", kNames).error().text() ==
        "\"tls\" is not NAMESPACE/NAME of a Secret");
  CHECK(keeper_settings("ns/tls", {}).error().text() ==
        "a certificate needs at least one DNS name, usually SERVICE.NAMESPACE.svc");
  const auto settings = keeper_settings("ns/tls", kNames);
  REQUIRE(settings);
  CHECK(settings->name_space == "ns");
  CHECK(settings->secret == "tls");
}

}  // namespace
}  // namespace cpods::kube
