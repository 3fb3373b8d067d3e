#include "kube/pod_search.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <vector>

#include "unit/kube/fake_api_server.h"

namespace cpods::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using test::FakeApiServer;
using test::refusal;
using test::Reply;
using test::Step;

const std::string kFirst =
    "GET /api/v1/namespaces/pay/pods?limit=40&fieldSelector=status.phase%21%3DSucceeded%2C"
    "status.phase%21%3DFailed";

Reply page(const std::vector<std::string>& names, const std::string& next = "") {
  std::string items;
  for (const auto& name : names) {
    items += (items.empty() ? "" : ",") + (R"({"metadata":{"name":")" + name + R"("}})");
  }
  return {.body = R"({"metadata":{"continue":")" + next + R"("},"items":[)" + items + "]}"};
}

// The name found, or "error: …"; for the one wanted name.
class Search {
 public:
  explicit Search(std::vector<Step> script)
      : server(std::move(script)),
        api_(*ApiClient::create(loop_,
                                [access = server.access()] { return Result<Access>(access); })),
        search_(*api_) {
    loop_.start();
  }
  ~Search() { loop_.stop(); }

  std::string find(const std::string& wanted, const std::string& name_space = "pay",
                   milliseconds limit = milliseconds{5000}) {
    auto work = search_.find(
        name_space, [wanted](json::Node pod) { return pod["metadata"]["name"].text() == wanted; },
        limit);
    const auto found = asio::co_spawn(asker_, std::move(work), asio::use_future).get();
    return found ? *found : "error: " + found.error().text();
  }

  FakeApiServer server;

 private:
  Loop loop_;
  std::unique_ptr<ApiClient> api_;
  PodSearch search_;
  asio::thread_pool asker_{1};
};

TEST_CASE("pod_search: reads page after page until one matches") {
  Search search({{kFirst, page({"a", "b"}, "x/+=")},
                 {kFirst + "&continue=x%2F%2B%3D", page({"c", "d"}, "more")}});
  CHECK(search.find("d") == "d");
  CHECK(search.server.unexpected().empty());
}

TEST_CASE("pod_search: none is an empty name") {
  Search search({{kFirst, page({"a"}, "n")}, {kFirst + "&continue=n", page({})}});
  CHECK(search.find("z") == "");
}

TEST_CASE("pod_search: what cannot be read whole is an error, never none") {
  CHECK(Search({{kFirst, refusal(403, "no")}}).find("a").starts_with("error: "));
  CHECK(Search({{kFirst, page({"a"}, "n")}, {kFirst + "&continue=n", refusal(410, "gone")}})
            .find("z")
            .starts_with("error: "));
  for (const auto* body :
       {"", "[]", "{", R"({"kind":"Status"})", R"({"items":{}})", R"({"items":["pod"]})"}) {
    CAPTURE(body);
    CHECK(Search({{kFirst, {.body = body}}}).find("a").starts_with("error: "));
  }
  CHECK(Search({{kFirst, {.then = Reply::Then::Hang}}})
            .find("a", "pay", milliseconds{100})
            .starts_with("error: "));
}

TEST_CASE("pod_search: a name that is no namespace's is not asked about") {
  Search search({});
  CHECK(search.find("a", "pay/../x").starts_with("error: "));
  CHECK(search.server.seen().empty());
}

}  // namespace
}  // namespace cpods::kube
