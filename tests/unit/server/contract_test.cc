#include "server/contract.h"

#include <doctest/doctest.h>

using namespace cpods::server;

namespace {

Routes routes() {
  Routes routes;
  routes.post["/mutate"] = nullptr;
  routes.get["/readyz"] = nullptr;
  return routes;
}

Head post(std::string_view target = "/mutate") {
  Head head;
  head.method = "POST";
  head.target = target;
  head.content_length = 10;
  head.content_type = "application/json";
  return head;
}

struct Row {
  Head head;
  unsigned status;
  std::string sentence;
};

template <class Change>
Head changed(Head head, Change change) {
  change(head);
  return head;
}

}  // namespace

TEST_CASE("contract: what the API server sends is served") {
  CHECK_FALSE(refuse(post("/mutate?timeout=10s"), routes(), 100));
  CHECK_FALSE(refuse(changed(post(), [](Head& h) { h.content_type.reset(); }), routes(), 100));
  CHECK_FALSE(refuse(changed(post(), [](Head& h) { h.content_length = 100; }), routes(), 100));
  CHECK_FALSE(refuse(changed(post(), [](Head& h) { h.content_length = 0; }), routes(), 100));
  CHECK_FALSE(refuse(changed(post(), [](Head& h) { h.expect = "100-Continue"; }), routes(), 100));
  for (const auto* type : {"application/json;charset=utf-8", "Application/JSON ; charset=UTF-8",
                           " application/json"}) {
    CAPTURE(type);
    CHECK_FALSE(refuse(changed(post(), [&](Head& h) { h.content_type = type; }), routes(), 100));
  }
  Head get;
  get.method = "GET";
  get.target = "/readyz?verbose";
  CHECK_FALSE(refuse(get, routes(), 100));
}

TEST_CASE("contract: every refusal says what to do") {
  const Row rows[] = {
      {changed(post(), [](Head& h) { h.version = 10; }), 505,
       "Speak HTTP/1.1; older and newer versions are not served.\n"},
      {post("/mutate/"), 404,
       "Nothing is served at \"/mutate/\". There is POST /mutate, GET /readyz.\n"},
      {post("/\x01\xff"), 404,
       "Nothing is served at \"/??\". There is POST /mutate, GET /readyz.\n"},
      {changed(post(), [](Head& h) { h.method = "PUT"; }), 405,
       "This path answers POST only, not \"PUT\".\n"},
      {post("/readyz"), 405, "This path answers GET only, not \"POST\".\n"},
      {changed(post(), [](Head& h) { h.has_transfer_encoding = true; }), 411,
       "Say the body's length: send Content-Length and no Transfer-Encoding.\n"},
      {changed(post(), [](Head& h) { h.content_length.reset(); }), 411,
       "Say the body's length: send Content-Length and no Transfer-Encoding.\n"},
      {changed(post(), [](Head& h) { h.content_length = 101; }), 413,
       "The body of 101 bytes is over the limit of 100 bytes: send less.\n"},
      {changed(post(), [](Head& h) { h.content_type = "text/plain"; }), 415,
       "Send the AdmissionReview as application/json, not as \"text/plain\".\n"},
      {changed(post(), [](Head& h) { h.content_type = ""; }), 415,
       "Send the AdmissionReview as application/json, not as \"\".\n"},
      {changed(post(), [](Head& h) { h.content_type = "application/jsonp"; }), 415,
       "Send the AdmissionReview as application/json, not as \"application/jsonp\".\n"},
      {changed(post(), [](Head& h) { h.expect = "tea"; }), 417,
       "Only \"Expect: 100-continue\" can be met, not \"tea\".\n"},
      {changed(post("/readyz"), [](Head& h) { h.method = "GET"; }), 400,
       "A GET carries no body here: send none.\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    const auto refused = refuse(row.head, routes(), 100);
    REQUIRE(refused);
    CHECK(refused->reply.status == row.status);
    CHECK(refused->reply.body == row.sentence);
    CHECK(refused->reply.content_type == "text/plain; charset=utf-8");
    const bool names_method = row.status == 405;
    CHECK(refused->allow.empty() != names_method);
  }
}

TEST_CASE("contract: a long path is shown shortened") {
  const std::string target = "/" + std::string(200, 'a');
  const auto refused = refuse(post(target), routes(), 100);
  CHECK(refused->reply.body == "Nothing is served at \"/" + std::string(99, 'a') +
                                   "…\". There is POST /mutate, GET /readyz.\n");
}

TEST_CASE("contract: a head carries date, type, length and, at the end, Connection: close") {
  const Reply reply = Reply::json("{}");
  CHECK(head_of(reply, "Sun, 06 Nov 1994 08:49:37 GMT", true) ==
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: "
        "application/json\r\nContent-Length: 2\r\n\r\n");
  CHECK(head_of(Reply::sentence(405, "no"), "d", false, "POST") ==
        "HTTP/1.1 405 Method Not Allowed\r\nDate: d\r\nContent-Type: text/plain; "
        "charset=utf-8\r\nContent-Length: 3\r\nAllow: POST\r\nConnection: close\r\n\r\n");
}

TEST_CASE("contract: every status this server sends has its phrase") {
  for (const unsigned status :
       {200U, 400U, 404U, 405U, 411U, 413U, 415U, 417U, 431U, 500U, 503U, 505U}) {
    CAPTURE(status);
    CHECK(reason_phrase(status) != "Unnamed");
  }
}
