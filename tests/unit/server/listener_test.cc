#include "server/listener.h"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <thread>
#include <vector>

#include "server/readiness.h"
#include "unit/server/peer.h"

using namespace cpods;
using namespace std::chrono_literals;
using test::Peer;

namespace {

boost::asio::awaitable<server::Reply> echo(server::Request request) {
  if (request.cut) {
    const auto size = std::to_string(request.body.size());
    co_return server::Reply::sentence(request.cut->status, request.cut->why + "; got " + size);
  }
  co_return server::Reply::json(std::move(request.body));
}

boost::asio::awaitable<server::Reply> fail(server::Request) {
  throw std::runtime_error("a bug");
  co_return server::Reply::json("");
}

std::atomic<int> waiting = 0;  // requests inside wait_a_little

boost::asio::awaitable<server::Reply> wait_a_little(server::Request) {
  ++waiting;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 400ms);
  co_await timer.async_wait(boost::asio::use_awaitable);
  --waiting;
  co_return server::Reply::json("waited");
}

constexpr std::size_t kLarge = 8 * 1024 * 1024;  // more than sockets hold for a slow reader

boost::asio::awaitable<server::Reply> say_much(server::Request) {
  co_return server::Reply::json(std::string(kLarge, 'x'));
}

struct Serving {
  explicit Serving(Peer::Security how, server::ListenerOptions options = defaults())
      : security(how) {
    server::Routes routes;
    routes.post["/echo"] = echo;
    routes.post["/fail"] = fail;
    routes.post["/wait"] = wait_a_little;
    routes.post["/large"] = say_much;
    routes.get["/throw"] = []() -> server::Reply { throw std::runtime_error("a bug"); };
    readiness.add_routes(routes);
    const bool secured = security == Peer::Security::Tls;
    if (secured) REQUIRE(certificates.install(test::issue()));
    listener = server::Listener::start(net::Endpoint("127.0.0.1", 0), std::move(routes), options,
                                       metrics, secured ? &certificates : nullptr)
                   .value();
  }

  static server::ListenerOptions defaults() {
    server::ListenerOptions options;
    options.threads = 2;
    return options;
  }

  [[nodiscard]] Peer connect() const { return {listener->address().port, security}; }

  Peer::Security security;
  server::Metrics metrics;
  server::Certificates certificates{metrics};
  server::Readiness readiness;
  std::unique_ptr<server::Listener> listener;
};

std::string post(std::string_view body, std::string_view path = "/echo") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "no head in: " + answer : answer.substr(end + 4);
}

std::string status_of(const std::string& answer) {
  return answer.substr(9, 3);
}

bool closes(const std::string& answer) {
  return answer.find("Connection: close\r\n") != std::string::npos;
}

template <class Condition>
bool comes_true(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(10ms);
  return condition();
}

}  // namespace

TEST_CASE("listener: one connection carries many requests, over TLS and in the clear") {
  for (const auto security : {Peer::Security::Plain, Peer::Security::Tls}) {
    CAPTURE(static_cast<int>(security));
    Serving serving(security);
    Peer peer = serving.connect();
    for (int i = 0; i < 50; ++i) {
      const auto answer = peer.ask(post("body " + std::to_string(i)));
      REQUIRE(status_of(answer) == "200");
      REQUIRE_FALSE(closes(answer));
      REQUIRE(body_of(answer) == "body " + std::to_string(i));
    }
    CHECK(peer.ask("GET /readyz HTTP/1.1\r\n\r\n").ends_with("\r\n\r\nok\n"));
    CHECK(serving.metrics.connections_accepted.Value() == 1);
  }
}

TEST_CASE("listener: a body arrives whole whatever its size and however it is cut") {
  Serving serving(Peer::Security::Tls);
  Peer peer = serving.connect();
  for (const std::size_t size :
       {0UL, 1UL, 16'384UL, 32'768UL, 100'000UL, 3'000'000UL, limits::kReviewBytes}) {
    CAPTURE(size);
    std::string body(size, 'x');
    for (std::size_t i = 0; i < size; i += 97) body[i] = static_cast<char>('a' + i % 26);
    const auto answer = peer.ask(post(body));
    REQUIRE(status_of(answer) == "200");
    CHECK(body_of(answer) == body);
  }
  const auto request = post("slowly");
  for (const char byte : request) REQUIRE(peer.send({&byte, 1}));
  CHECK(body_of(peer.answer()) == "slowly");
}

TEST_CASE("listener: pipelined requests are answered in their order") {
  Serving serving(Peer::Security::Tls);
  Peer peer = serving.connect();
  std::string all;
  for (int i = 0; i < 20; ++i) all += post(std::to_string(i), i % 7 == 3 ? "/wait" : "/echo");
  REQUIRE(peer.send(all));
  for (int i = 0; i < 20; ++i) {
    CHECK(body_of(peer.answer()) == (i % 7 == 3 ? "waited" : std::to_string(i)));
  }
}

TEST_CASE("listener: each fault in a head has its status, and framing faults end the connection") {
  Serving serving(Peer::Security::Plain);
  struct Row {
    std::string name;
    std::string bytes;
    std::string status;
    bool ends;
  };
  const std::string host = " HTTP/1.1\r\nHost: a\r\n";
  const Row rows[] = {
      {"unknown path", "GET /" + host + "\r\n", "404", false},
      {"unknown path with a body", post("x", "/nothing"), "404", true},
      {"wrong method", "GET /echo" + host + "\r\n", "405", false},
      {"wrong method on a GET path", post("x", "/readyz"), "405", true},
      {"HEAD", "HEAD /readyz" + host + "\r\n", "405", false},
      {"chunked", "POST /echo" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411", true},
      {"gzip coding", "POST /echo" + host + "Transfer-Encoding: gzip\r\n\r\n", "411", true},
      {"no length", "POST /echo" + host + "\r\n", "411", false},
      {"both lengths",
       "POST /echo" + host +
           "Content-Length: 1\r\nTransfer-Encoding: "
           "chunked\r\n\r\n0\r\n\r\n",
       "400", true},
      {"two lengths", "POST /echo" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
       "400", true},
      {"negative length", "POST /echo" + host + "Content-Length: -1\r\n\r\n", "400", true},
      {"endless length", "POST /echo" + host + "Content-Length: 99999999999999999999\r\n\r\n",
       "400", true},
      {"too large",
       "POST /echo" + host + "Content-Length: " + std::to_string(limits::kBodyBytes + 1) +
           "\r\n\r\n",
       "413", true},
      {"wrong type", "POST /echo" + host + "Content-Type: text/xml\r\nContent-Length: 1\r\n\r\nx",
       "415", true},
      {"large head", "GET /readyz" + host + "A: " + std::string(20'000, 'a') + "\r\n\r\n", "431",
       true},
      {"garbage", "\x16\x03\x01 nonsense\r\n\r\n", "400", true},
      {"not a version", "GET /readyz HTTP/x\r\n\r\n", "505", true},
      {"HTTP/1.0", "GET /readyz HTTP/1.0\r\n\r\n", "505", true},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505", true},
      {"body on GET", "GET /readyz" + host + "Content-Length: 1\r\n\r\nx", "400", true},
      {"odd header", "GET /readyz" + host + "A b: c\r\n\r\n", "400", true},
      {"asked to close", "GET /readyz" + host + "Connection: close\r\n\r\n", "200", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Peer peer = serving.connect();
    const auto answer = peer.ask(row.bytes);
    CAPTURE(answer);
    CHECK(status_of(answer) == row.status);
    CHECK(answer.ends_with('\n'));
    CHECK(body_of(answer).empty() == (row.name == "HEAD"));
    CHECK(closes(answer) == row.ends);
    CHECK(answer.find("Retry-After") == std::string::npos);
    if (row.ends) {
      CHECK(peer.at_end());
    } else {
      CHECK(body_of(peer.ask(post("still"))) == "still");
    }
  }
}

TEST_CASE("listener: a refused body that keeps coming does not destroy the answer") {
  Serving serving(Peer::Security::Tls);
  Peer peer = serving.connect();
  std::string request = "POST /echo HTTP/1.1\r\nContent-Length: 90000000\r\n\r\n";
  request += std::string(500'000, 'x');
  CHECK(status_of(peer.ask(request)) == "413");
}

TEST_CASE("listener: a body over the limit reaches its handler by its front, and what follows it") {
  auto options = Serving::defaults();
  options.body = 50'000;
  for (const auto security : {Peer::Security::Plain, Peer::Security::Tls}) {
    CAPTURE(static_cast<int>(security));
    Serving serving(security, options);
    Peer peer = serving.connect();
    for (const std::size_t size : {50'001UL, 65'536UL, 1'000'000UL}) {
      CAPTURE(size);
      REQUIRE(peer.send(post(std::string(size, 'x')) + post("next")));
      const auto answer = peer.answer();
      CHECK(status_of(answer) == "413");
      CHECK_FALSE(closes(answer));
      CHECK(body_of(answer) ==
            "its " + std::to_string(size) + " bytes are over the limit of 50000 bytes; got 4096\n");
      CHECK(body_of(peer.answer()) == "next");
    }
  }
}

TEST_CASE("listener: bodies under way share one budget, small ones need none of it") {
  auto options = Serving::defaults();
  options.body_memory = 40'000;  // beside the first limits::kSmallBytes of each
  Serving serving(Peer::Security::Tls, options);
  const std::string large(100'000, 'x');
  const std::string small(limits::kSmallBytes, 'x');
  Peer other = serving.connect();
  {
    // The first may be cut because `other` was faster; who has the room keeps it.
    std::list<Peer> slow;
    CHECK(comes_true([&] {
      slow.emplace_back(serving.connect()).send(post(large).substr(0, 90'000));
      return status_of(other.ask(post(large))) == "503";
    }));
    CHECK(body_of(other.ask(post(large))) ==
          "its 100000 bytes find no room beside the requests under way; got 4096\n");
    CHECK(body_of(other.ask(post(small))) == small);
  }
  CHECK(comes_true([&] { return status_of(other.ask(post(large))) == "200"; }));
  CHECK(body_of(other.ask(post(large))) == large);
}

// Ten heads that claimed 7 MiB each, and sent none of it, had every larger review refused.
TEST_CASE("listener: claimed lengths keep nobody out") {
  auto options = Serving::defaults();
  options.body_memory = 40'000;
  Serving serving(Peer::Security::Tls, options);
  std::list<Peer> claims;
  for (int i = 0; i < 10; ++i) {
    // Asked to go on, its head has been read.
    const auto go_on = claims.emplace_back(serving.connect())
                           .ask(
                               "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\n"
                               "Content-Length: 7340032\r\n\r\n");
    REQUIRE(status_of(go_on) == "100");
  }
  const std::string large(100'000, 'x');
  CHECK(body_of(serving.connect().ask(post(large))) == large);
}

TEST_CASE("listener: Expect: 100-continue is met before the body") {
  Serving serving(Peer::Security::Tls);
  Peer peer = serving.connect();
  REQUIRE(peer.send("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  CHECK(peer.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(body_of(peer.ask("ab")) == "ab");
}

TEST_CASE("listener: an exception in a handler is a counted 500 on a connection that lives on") {
  Serving serving(Peer::Security::Tls);
  Peer peer = serving.connect();
  CHECK(peer.ask(post("", "/fail")).find("HTTP/1.1 500 ") == 0);
  CHECK(body_of(peer.ask("GET /throw HTTP/1.1\r\n\r\n")) ==
        "The server failed inside; its log says why.\n");
  CHECK(body_of(peer.ask(post("alive"))) == "alive");
  CHECK(serving.metrics.handler_exceptions.Value() == 2);
}

TEST_CASE("listener: what is too slow is cut and counted by what was awaited") {
  auto options = Serving::defaults();
  options.handshake = options.request = options.idle = 200ms;
  Serving serving(Peer::Security::Tls, options);
  auto& metrics = serving.metrics;

  Peer silent(serving.listener->address().port, Peer::Security::Plain);
  CHECK(silent.at_end());
  CHECK(comes_true([&] { return metrics.handshakes_timed_out.Value() == 1; }));

  Peer idle = serving.connect();
  CHECK(idle.at_end());
  CHECK(metrics.idle_closed.Value() == 1);

  for (const std::string_view part : {"P", "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"}) {
    CAPTURE(part);
    Peer slow = serving.connect();
    REQUIRE(slow.send(part));
    CHECK(slow.at_end());
  }
  CHECK(metrics.requests_timed_out.Value() == 2);

  // The handler takes longer than all limits, and is not cut.
  Peer patient = serving.connect();
  CHECK(body_of(patient.ask(post("", "/wait"))) == "waited");
}

TEST_CASE("listener: TLS noise only counts") {
  Serving serving(Peer::Security::Tls);
  const auto port = serving.listener->address().port;
  auto& metrics = serving.metrics;
  Peer(port, Peer::Security::Plain).ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(comes_true([&] { return metrics.handshakes_plain_http.Value() == 1; }));
  Peer(port, Peer::Security::Plain).ask(std::string(1000, '\xff'));
  CHECK(comes_true([&] { return metrics.handshakes_garbled.Value() == 1; }));
  {
    Peer closed(port, Peer::Security::Plain);
  }
  CHECK(comes_true([&] { return metrics.handshakes_closed.Value() == 1; }));
  CHECK(body_of(serving.connect().ask(post("fine"))) == "fine");
  CHECK(comes_true([&] { return metrics.connections_open.Value() == 0; }));
}

TEST_CASE("listener: a connection beyond the limit takes the place of the longest silent one") {
  auto options = Serving::defaults();
  options.threads = 1;
  options.connections = 3;
  Serving serving(Peer::Security::Tls, options);
  auto& metrics = serving.metrics;
  Peer busy = serving.connect();
  REQUIRE(busy.send(post("", "/wait")));
  Peer handshaking(serving.listener->address().port, Peer::Security::Plain);
  CHECK(comes_true([&] { return metrics.connections_open.Value() == 2; }));
  Peer idle = serving.connect();
  CHECK(body_of(idle.ask(post("1"))) == "1");

  Peer fourth = serving.connect();
  CHECK(body_of(fourth.ask(post("2"))) == "2");
  CHECK(handshaking.at_end());
  Peer fifth = serving.connect();
  CHECK(body_of(fifth.ask(post("3"))) == "3");
  CHECK(idle.at_end());
  CHECK(body_of(busy.answer()) == "waited");
  CHECK(metrics.connections_displaced.Value() == 2);
  CHECK(metrics.connections_refused.Value() == 0);
  CHECK(metrics.handshakes_closed.Value() == 0);
  CHECK(metrics.connections_open.Value() == 3);
}

// The API server keeps connections that it needs again, and does not repeat a POST that fails.
TEST_CASE("listener: whoever has been answered is displaced last") {
  auto options = Serving::defaults();
  options.threads = 1;
  options.connections = 3;
  Serving serving(Peer::Security::Plain, options);
  Peer served = serving.connect();
  CHECK(body_of(served.ask(post("1"))) == "1");
  std::list<Peer> silent;
  for (int i = 0; i < 10; ++i) silent.push_back(serving.connect());
  CHECK(comes_true([&] { return serving.metrics.connections_displaced.Value() == 8; }));
  CHECK(body_of(served.ask(post("2"))) == "2");
}

TEST_CASE("listener: answers that nobody reads share the budget of bodies") {
  auto options = Serving::defaults();
  options.body_memory = kLarge + kLarge / 2;
  Serving serving(Peer::Security::Plain, options);
  Peer slow = serving.connect();
  REQUIRE(slow.send(post("", "/large")));
  REQUIRE(comes_true([&] {
    const auto answered = R"(_requests_total{code="200",path="/large"} 1)";
    return serving.metrics.exposition().body.find(answered) != std::string::npos;
  }));
  Peer next = serving.connect();
  CHECK(body_of(next.ask(post("", "/large"))) ==
        "There is no room for so large an answer. Try again.\n");
  CHECK(body_of(next.ask(post("small"))) == "small");
  CHECK(body_of(slow.answer()).size() == kLarge);
  CHECK(comes_true([&] { return status_of(next.ask(post("", "/large"))) == "200"; }));
}

TEST_CASE("listener: where every connection is at work a new one is refused") {
  auto options = Serving::defaults();
  options.connections = 2;
  Serving serving(Peer::Security::Plain, options);
  {
    Peer one = serving.connect();
    Peer two = serving.connect();
    REQUIRE(one.send(post("", "/wait")));
    REQUIRE(two.send(post("", "/wait")));
    REQUIRE(comes_true([] { return waiting == 2; }));
    CHECK(serving.connect().ask(post("3")).empty());
    CHECK(serving.metrics.connections_refused.Value() == 1);
    CHECK(body_of(one.answer()) == "waited");
    CHECK(body_of(two.answer()) == "waited");
  }
  CHECK(comes_true([&] { return serving.metrics.connections_open.Value() == 0; }));
  CHECK(body_of(serving.connect().ask(post("4"))) == "4");
}

TEST_CASE("listener: a crowd of idle peers cannot lock others out") {
  auto options = Serving::defaults();
  options.connections = 10;
  Serving serving(Peer::Security::Tls, options);
  std::list<Peer> crowd;
  for (int i = 0; i < 50; ++i) {
    crowd.emplace_back(serving.listener->address().port, Peer::Security::Plain);
    CHECK(body_of(serving.connect().ask(post("served"))) == "served");
  }
  CHECK(serving.metrics.connections_refused.Value() == 0);
  CHECK(serving.metrics.connections_open.Value() <= 11);
}

TEST_CASE("listener: a new certificate serves new connections and closes none") {
  Serving serving(Peer::Security::Tls);
  Peer old = serving.connect();
  CHECK(body_of(old.ask(post("before"))) == "before");
  REQUIRE(serving.certificates.install(test::issue()));
  Peer fresh = serving.connect();
  CHECK(old.certificate() != fresh.certificate());
  CHECK(body_of(old.ask(post("after"))) == "after");
  CHECK(body_of(fresh.ask(post("new"))) == "new");
}

TEST_CASE("listener: before there is a certificate, nothing is answered in the clear") {
  server::Metrics metrics;
  const server::Certificates none(metrics);
  const auto listener = server::Listener::start(net::Endpoint("127.0.0.1", 0), {},
                                                Serving::defaults(), metrics, &none)
                            .value();
  Peer peer(listener->address().port, Peer::Security::Plain);
  CHECK(peer.ask("GET /readyz HTTP/1.1\r\n\r\n").empty());
  CHECK(metrics.connections_untrusted.Value() == 1);
}

TEST_CASE("listener: draining serves on with Connection: close, lets exchanges end, and ends") {
  auto options = Serving::defaults();
  options.drain_grace = 300ms;
  Serving serving(Peer::Security::Tls, options);
  Peer idle = serving.connect();
  CHECK(body_of(idle.ask(post("a"))) == "a");
  Peer kept = serving.connect();
  CHECK(body_of(kept.ask(post("b"))) == "b");

  const auto begun = std::chrono::steady_clock::now();
  serving.readiness.drain();
  serving.listener->begin_drain();
  CHECK(body_of(serving.connect().ask("GET /readyz HTTP/1.1\r\n\r\n"))
            .starts_with("Not ready: stopping"));
  CHECK(closes(kept.ask(post("c"))));
  CHECK(kept.at_end());
  Peer late = serving.connect();
  std::this_thread::sleep_for(100ms);
  REQUIRE(late.send(post("", "/wait")));  // its answer comes after the grace period
  CHECK(body_of(late.answer()) == "waited");
  CHECK(idle.at_end());
  serving.listener->join();
  const auto taken = std::chrono::steady_clock::now() - begun;
  CHECK(taken > 300ms);
  CHECK(taken < 5s);
  CHECK_THROWS(static_cast<void>(serving.connect()));
}

TEST_CASE("listener: a peer that never leaves cannot hold up the end") {
  auto options = Serving::defaults();
  options.drain_grace = 0ms;
  options.drain_limit = 200ms;
  Serving serving(Peer::Security::Tls, options);
  Peer half = serving.connect();
  REQUIRE(half.send("POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\n"));
  std::this_thread::sleep_for(50ms);
  serving.listener->begin_drain();
  serving.listener->join();
  CHECK(half.at_end());
}

TEST_CASE("listener: many peers at once all get their own answers") {
  Serving serving(Peer::Security::Tls);
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int id = 0; id < 16; ++id) {
      threads.emplace_back([&serving, &right, id] {
        Peer peer = serving.connect();
        for (int n = 0; n < 50; ++n) {
          const auto body = std::to_string(id) + "/" + std::to_string(n);
          if (body_of(peer.ask(post(body))) == body) ++right;
        }
      });
    }
  }
  CHECK(right == 16 * 50);
  CHECK(comes_true([&] { return serving.metrics.connections_open.Value() == 0; }));
}

TEST_CASE("listener: a taken or impossible address is an error that names it") {
  Serving serving(Peer::Security::Plain);
  const auto start = [&](const net::Endpoint& address) {
    return server::Listener::start(address, {}, Serving::defaults(), serving.metrics, nullptr);
  };
  const auto taken = start(serving.listener->address());
  REQUIRE_FALSE(taken);
  CHECK(taken.error().text() ==
        serving.listener->address().text() + ": cannot listen: Address already in use");
  CHECK(start(net::Endpoint("192.0.2.1", 0)).error().message ==
        "cannot listen: Cannot assign requested address");
  const auto everywhere = start(net::Endpoint("", 0));
  REQUIRE(everywhere);
  CHECK(Peer(everywhere.value()->address().port, Peer::Security::Plain)
            .ask("GET / HTTP/1.1\r\n\r\n")
            .starts_with("HTTP/1.1 404"));
}
