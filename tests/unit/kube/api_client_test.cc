#include "kube/api_client.h"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <vector>

#include "unit/kube/fake_api_server.h"

namespace cpods::kube {
namespace {

using std::chrono::milliseconds;
using test::FakeApiServer;
using test::refusal;
using test::Reply;

// A client of one fake server, with its loop running.
class Session {
 public:
  explicit Session(const Access& access) : Session([access] { return Result<Access>(access); }) {}
  explicit Session(AccessSource source) : api_(*ApiClient::create(loop_, std::move(source))) {
    loop_.start();
  }
  ~Session() { loop_.stop(); }

  ApiResult<std::string> call(const std::string& method, const std::string& target,
                              milliseconds limit = milliseconds{5000}) {
    net::Request request(method, target);
    return boost::asio::co_spawn(loop_.executor(), api_->call(std::move(request), limit),
                                 boost::asio::use_future)
        .get();
  }

 private:
  Loop loop_;
  std::unique_ptr<ApiClient> api_;
};

TEST_CASE("api_client: a request carries the token and the base path, and brings the body") {
  FakeApiServer server({{"GET /base/api/v1/x", Reply{.body = "{}"}}});
  Access access = server.access();
  access.base_path = "/base";
  Session session(access);
  const auto body = session.call("GET", "/api/v1/x");
  REQUIRE(body);
  CHECK(*body == "{}");
  CHECK(server.seen().at(0).head.find("Authorization: Bearer token\r\n") != std::string::npos);
}

TEST_CASE("api_client: a refusal is told in the API server's words") {
  FakeApiServer server({{"GET", refusal(403, "namespaces is forbidden: User \"x\" cannot list")},
                        {"GET", Reply{.status = 404, .body = "not JSON at all"}}});
  Session session(server.access());
  const auto forbidden = session.call("GET", "/api/v1/namespaces?limit=500");
  REQUIRE_FALSE(forbidden);
  CHECK(forbidden.error().status == 403);
  CHECK(forbidden.error().message ==
        "GET /api/v1/namespaces: status 403, namespaces is forbidden: User \"x\" cannot list");
  const auto absent = session.call("GET", "/api/v1/x");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().message == "GET /api/v1/x: status 404, not JSON at all");
  CHECK(server.unexpected().empty());
}

TEST_CASE("api_client: after a 401 the token is read again, once") {
  FakeApiServer server({{"GET", refusal(401, "Unauthorized")},
                        {"GET", Reply{.body = "fine"}},
                        {"GET", refusal(401, "Unauthorized")},
                        {"GET", refusal(401, "Unauthorized")}});
  std::atomic<int> reads = 0;
  const Access access = server.access();
  Session session([&reads, access] {
    Access fresh = access;
    fresh.token = "token-" + std::to_string(++reads);
    return Result<Access>(fresh);
  });
  CHECK(session.call("GET", "/api").value_or("") == "fine");
  const auto seen = server.seen();
  CHECK(seen.at(0).head.find("Bearer token-1\r\n") != std::string::npos);
  CHECK(seen.at(1).head.find("Bearer token-2\r\n") != std::string::npos);
  const auto refused = session.call("GET", "/api");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 401);
  CHECK(server.seen().size() == 4);
}

TEST_CASE("api_client: credentials that cannot be used leave those in use") {
  for (const auto& [what, change] : std::vector<std::pair<const char*, void (*)(Access&)>>{
           {"of another server, which must not get them from us nor we theirs",
            [](Access& access) {
              access.endpoint.port = 1;
              access.token = "another server's";
            }},
           {"with an authority that cannot be read",
            [](Access& access) {
              access.ca_pem = "half a file";
              access.token = "of half a file";
            }},
       }) {
    CAPTURE(what);
    FakeApiServer server({{"GET", refusal(401, "Unauthorized")}, {"GET", Reply{.body = "fine"}}});
    std::atomic<int> reads = 0;
    const Access access = server.access();
    Session session([&reads, access, break_it = change] {
      Access fresh = access;
      if (++reads > 1) break_it(fresh);
      return Result<Access>(fresh);
    });
    CHECK(session.call("GET", "/api").value_or("") == "fine");
    CHECK(server.seen().at(1).head.find("Bearer token\r\n") != std::string::npos);
  }
  FakeApiServer server({{"GET", refusal(401, "Unauthorized")}, {"GET", Reply{.body = "fine"}}});
  std::atomic<int> reads = 0;
  const Access access = server.access();
  Session session([&reads, access]() -> Result<Access> {
    if (++reads > 1) return failure(ErrorCode::NotFound, "token", "no such file");
    return access;
  });
  CHECK(session.call("GET", "/api").value_or("") == "fine");
}

TEST_CASE("api_client: an authority read again is in force at once") {
  FakeApiServer server({{"GET", refusal(401, "Unauthorized")}});
  FakeApiServer stranger({});
  std::atomic<int> reads = 0;
  Session session([&reads, access = server.access(), other = stranger.access().ca_pem] {
    Access fresh = access;
    if (++reads > 1) fresh.ca_pem = other;
    return Result<Access>(fresh);
  });
  const auto refused = session.call("GET", "/api", milliseconds{300});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 0);
  CHECK(server.seen().size() == 1);
}

TEST_CASE("api_client: 429, 5xx and lost connections are tried again within the limit") {
  FakeApiServer server({{"PATCH", refusal(429, "slow down", "Retry-After: 1\r\n")},
                        {"PATCH", refusal(500, "etcd is away")},
                        {"PATCH", Reply{.pieces = {"{"}, .then = Reply::Then::Cut}},
                        {"PATCH", Reply{.body = "at last"}}});
  Session session(server.access());
  const auto before = std::chrono::steady_clock::now();
  const auto body = session.call("PATCH", "/api/v1/x", milliseconds{10'000});
  CHECK_MESSAGE(body.value_or("") == "at last", (body ? "" : body.error().message));
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::seconds(1));
}

// "no answer within 3 ms" hid that etcd takes no object of that size.
TEST_CASE("api_client: where the time ends in another try, the API server's own words are told") {
  FakeApiServer server({{"PATCH", refusal(500, "etcdserver: request is too large")},
                        {"PATCH", Reply{.delay = milliseconds{4000}}}});
  Session session(server.access());
  const auto body = session.call("PATCH", "/api/v1/x", milliseconds{700});
  REQUIRE_FALSE(body);
  CHECK(body.error().message == "PATCH /api/v1/x: status 500, etcdserver: request is too large");
  CHECK(server.seen().size() == 2);
}

TEST_CASE("api_client: what would come too late is not waited for") {
  FakeApiServer server({{"GET", refusal(503, "not ready", "Retry-After: 30\r\n")}});
  Session session(server.access());
  const auto before = std::chrono::steady_clock::now();
  const auto body = session.call("GET", "/api/v1/x", milliseconds{2000});
  REQUIRE_FALSE(body);
  CHECK(body.error().message == "GET /api/v1/x: status 503, not ready");
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(1));
}

TEST_CASE("api_client: a slow server is given up at the limit") {
  FakeApiServer server({{"GET", Reply{.body = "{}", .delay = milliseconds{4000}}}});
  Session session(server.access());
  const auto before = std::chrono::steady_clock::now();
  const auto body = session.call("GET", "/api/v1/x", milliseconds{300});
  REQUIRE_FALSE(body);
  CHECK(body.error().status == 0);
  CHECK(body.error().message.starts_with("GET https://127.0.0.1:"));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
}

TEST_CASE("api_client: a server of another authority is not talked to") {
  FakeApiServer server({});
  FakeApiServer other({});
  Access access = server.access();
  access.ca_pem = other.access().ca_pem;
  Session session(access);
  const auto body = session.call("GET", "/api/v1/x", milliseconds{200});
  REQUIRE_FALSE(body);
  CHECK(body.error().status == 0);
  CHECK(server.seen().empty());
}

TEST_CASE("api_client: a source that fails at first is the caller's failure") {
  Loop loop;
  const auto api = ApiClient::create(
      loop, [] { return Result<Access>(failure(ErrorCode::NotFound, "F", "no such file")); });
  REQUIRE_FALSE(api);
  CHECK(api.error().text() == "F: no such file");
}

}  // namespace
}  // namespace cpods::kube
