#include "net/client.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <netdb.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <string_view>
#include <thread>

#include "base/limits.h"
#include "unit/net/scripted_server.h"

using namespace cpods;
using namespace std::chrono_literals;
using test::ScriptedServer;
using Connection = ScriptedServer::Connection;

namespace {

constexpr const char* kHanging = "hanging.example";

}  // namespace

// Takes the library's place in this program: a name server that never answers.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (name != nullptr && std::string_view(name) == kHanging) std::this_thread::sleep_for(3s);
  using Function = decltype(&getaddrinfo);
  static const auto library = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return library(name, service, hints, found);
}

namespace {

constexpr auto kPatience = 5s;

ScriptedServer::Script answering(std::string bytes, int times = 1) {
  return [bytes = std::move(bytes), times](Connection& connection) {
    for (int i = 0; i < times; ++i) {
      if (connection.head().empty()) return;
      connection.write(bytes);
    }
  };
}

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A client with an event loop that runs only while an answer is awaited.
struct Loop {
  explicit Loop(net::Endpoint endpoint, net::TlsContext tls = nullptr)
      : client(context.get_executor(), std::move(endpoint), std::move(tls)) {}
  explicit Loop(const ScriptedServer& server) : Loop(net::Endpoint("127.0.0.1", server.port())) {}

  Result<net::Response> wait(boost::asio::awaitable<Result<net::Response>> operation) {
    auto answer = boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future);
    context.restart();
    context.run();
    return answer.get();
  }
  Result<net::Response> get(std::chrono::milliseconds limit = kPatience) {
    return wait(client.send(net::Request("GET", "/a?b=c"), limit));
  }
  Result<net::Response> watch(net::LineHandler on_line, std::chrono::milliseconds quiet) {
    return wait(client.stream(net::Request("GET", "/watch"), std::move(on_line),
                              net::StreamLimits(kPatience, quiet)));
  }

  boost::asio::io_context context;
  net::Client client;
};

std::string text_of(const Result<net::Response>& answer) {
  return answer ? std::to_string(answer->status) + " " + answer->body : answer.error().text();
}

std::string at(const ScriptedServer& server, const std::string& scheme = "http") {
  return scheme + "://127.0.0.1:" + std::to_string(server.port()) + "/a: ";
}

}  // namespace

TEST_CASE("client: a request is sent as written and its answer is read whole") {
  std::string seen;
  ScriptedServer server({[&seen](Connection& connection) {
    seen = connection.head();
    connection.read(2);
    connection.write("HTTP/1.1 409 Conflict\r\nX-A: b\r\nContent-Length: 3\r\n\r\nno\n");
  }});
  Loop loop(server);
  net::Request request("PATCH", "/apis/x?force=true");
  request.header("Authorization", "Bearer t").content("application/json-patch+json", "[]");
  const auto answer = loop.wait(loop.client.send(std::move(request), kPatience));
  REQUIRE(answer);
  CHECK(answer->status == 409);
  CHECK_FALSE(answer->ok());
  CHECK(answer->header("x-a") == "b");
  CHECK(answer->header("missing").empty());
  CHECK(answer->body == "no\n");
  CHECK(seen ==
        "PATCH /apis/x?force=true HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
            "\r\nUser-Agent: confidential-pods\r\nAuthorization: Bearer t\r\nContent-Type: "
            "application/json-patch+json\r\nContent-Length: 2\r\n\r\n");
}

TEST_CASE("client: every legal framing of an answer is understood") {
  struct Row {
    std::string bytes;
    std::string outcome;
  };
  for (const auto& row : {
           Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
               "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
               "200 abc"},
           Row{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "200 until the end"},
           Row{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 x"},
           Row{"HTTP/1.1 204 No Content\r\n\r\n", "204 "},
           Row{ok(""), "200 "},
           Row{ok(std::string(100'000, 'x')), "200 " + std::string(100'000, 'x')},
       }) {
    CAPTURE(row.bytes.substr(0, 60));
    ScriptedServer server({answering(row.bytes)});
    Loop loop(server);
    CHECK(text_of(loop.get()) == row.outcome);
  }
}

TEST_CASE("client: each failure is a sentence that names the place") {
  struct Row {
    std::string bytes;
    ErrorCode code;
    std::string sentence;
  };
  for (const auto& row : {
           Row{"SSH-2.0-OpenSSH\r\n", ErrorCode::Malformed, "the answer is not HTTP: bad version"},
           Row{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", ErrorCode::Unavailable,
               "it closed the connection while waiting for the answer"},
           Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
               ErrorCode::Unavailable, "it closed the connection while waiting for the answer"},
           Row{"", ErrorCode::Unavailable, "it closed the connection while waiting for the answer"},
           Row{"HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n",
               ErrorCode::Malformed, "the answer is not HTTP: header limit exceeded"},
       }) {
    CAPTURE(row.bytes.substr(0, 60));
    ScriptedServer server({answering(row.bytes)});
    Loop loop(server);
    const auto answer = loop.get();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == row.code);
    CHECK(answer.error().text() == at(server) + row.sentence);
  }
}

TEST_CASE("client: nobody listening and nobody answering are told apart") {
  std::uint16_t free_port = 0;
  {
    const ScriptedServer gone({});
    free_port = gone.port();
  }
  Loop refused(net::Endpoint("127.0.0.1", free_port));
  CHECK(text_of(refused.get()) == "http://127.0.0.1:" + std::to_string(free_port) +
                                      "/a: Connection refused while connecting");

  ScriptedServer silent({[](Connection& connection) { connection.wait(); }});
  Loop loop(silent);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(text_of(loop.get(150ms)) ==
        at(silent) + "no answer within 150 ms while waiting for the answer");
  CHECK(std::chrono::steady_clock::now() - begun < 2s);

  Loop nameless(net::Endpoint("no-such-host.invalid", 443));
  const auto answer = nameless.get(10s);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.ends_with(" while looking up its name"));
}

TEST_CASE("client: one deadline covers an answer that trickles in") {
  ScriptedServer server({[](Connection& connection) {
    connection.head();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 100; ++i) {
      std::this_thread::sleep_for(20ms);
      connection.write("x");
    }
  }});
  Loop loop(server);
  CHECK(text_of(loop.get(200ms)) ==
        at(server) + "no answer within 200 ms while waiting for the answer");
}

TEST_CASE("client: a connection is kept for the next request") {
  ScriptedServer server({answering(ok("x"), 3)});
  Loop loop(server);
  for (int i = 0; i < 3; ++i) CHECK(text_of(loop.get()) == "200 x");
  CHECK(server.connections() == 1);
}

TEST_CASE("client: an answer that asks for it ends the connection") {
  const std::string closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  ScriptedServer server({answering(closing), answering(closing)});
  Loop loop(server);
  CHECK(text_of(loop.get()) == "200 ");
  CHECK(text_of(loop.get()) == "200 ");
  CHECK(server.connections() == 2);
}

TEST_CASE("client: only a GET is sent again when a kept connection turns out closed") {
  ScriptedServer server({answering(ok("1")), answering(ok("2")), answering(ok("3"))});
  Loop loop(server);
  CHECK(text_of(loop.get()) == "200 1");
  std::this_thread::sleep_for(50ms);
  CHECK(text_of(loop.get()) == "200 2");
  std::this_thread::sleep_for(50ms);
  const auto posted = loop.wait(loop.client.send(net::Request("POST", "/a"), kPatience));
  REQUIRE_FALSE(posted);
  CHECK(posted.error().code == ErrorCode::Unavailable);
  CHECK(text_of(loop.get()) == "200 3");
  CHECK(server.connections() == 3);
}

TEST_CASE("client: a peer is trusted by authority and name alone") {
  struct Row {
    std::vector<std::string> names;
    std::string expected;
    std::string outcome;
  };
  const auto refused = [](const std::string& name, const std::string& why) {
    return "its certificate is refused under the name \"" + name + "\": " + why;
  };
  const auto tls = net::client_context(test::authority().pem().certificate).value();
  for (const auto& row : {
           Row{{"127.0.0.1"}, "", "200 x"},
           Row{{"kubernetes"}, "kubernetes", "200 x"},
           Row{{"127.0.0.2"}, "", refused("127.0.0.1", "IP address mismatch")},
           Row{{"a.svc"}, "b.svc", refused("b.svc", "hostname mismatch")},
           Row{{"127.0.0.1"}, "localhost", refused("localhost", "hostname mismatch")},
       }) {
    CAPTURE(row.expected);
    ScriptedServer server({answering(ok("x"))}, row.names);
    Loop loop(net::Endpoint("127.0.0.1", server.port(), row.expected), tls);
    const bool fine = row.outcome == "200 x";
    CHECK(text_of(loop.get()) == (fine ? "" : at(server, "https")) + row.outcome);
  }
  const auto stranger = certs::Authority::create(std::chrono::system_clock::now()).value();
  ScriptedServer server({answering(ok("x"))}, {"127.0.0.1"});
  Loop loop(net::Endpoint("127.0.0.1", server.port()),
            net::client_context(stranger.pem().certificate).value());
  CHECK(text_of(loop.get()) ==
        at(server, "https") + refused("127.0.0.1", "unable to get local issuer certificate"));
}

TEST_CASE("client: a TLS handshake that never ends is cut by the deadline") {
  ScriptedServer server({[](Connection& connection) { connection.wait(); }});
  Loop loop(net::Endpoint("127.0.0.1", server.port()), net::client_context("").value());
  CHECK(text_of(loop.get(150ms)) ==
        at(server, "https") + "no answer within 150 ms while shaking hands by TLS");
}

TEST_CASE("client: nothing can start a header of its own") {
  ScriptedServer server({answering(ok("x"))});
  Loop loop(server);
  for (const auto* target : {"/a\r\nX: y", "/a b", "a", ""}) {
    CAPTURE(target);
    const auto answer = loop.wait(loop.client.send(net::Request("GET", target), kPatience));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::Invalid);
  }
  net::Request request("GET", "/a");
  request.header("Authorization", "Bearer token\n");
  CHECK(loop.wait(loop.client.send(std::move(request), kPatience)).error().code ==
        ErrorCode::Invalid);
  CHECK(server.connections() == 0);
}

TEST_CASE("client: a stream hands on lines as they come, across chunks") {
  ScriptedServer server(
      {answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "4\r\na\nbc\r\n3\r\nd\n\n\r\n1\r\ne\r\n0\r\n\r\n")});
  Loop loop(server);
  std::vector<std::string> lines;
  const auto answer = loop.watch(
      [&lines](std::string_view line) {
        lines.emplace_back(line);
        return true;
      },
      kPatience);
  CHECK(text_of(answer) == "200 ");
  CHECK(lines == std::vector<std::string>{"", "a", "bcd", "", "e"});
}

TEST_CASE("client: a refused stream is read whole and calls no handler") {
  ScriptedServer server({answering("HTTP/1.1 410 Gone\r\nContent-Length: 9\r\n\r\ntoo\nold\n\n")});
  Loop loop(server);
  bool called = false;
  const auto answer = loop.watch([&called](std::string_view) { return called = true; }, kPatience);
  CHECK_FALSE(called);
  CHECK(text_of(answer) == "410 too\nold\n\n");
}

TEST_CASE("client: a stream ends when the handler says so, when it is silent, and when it is cut") {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto sending = [](std::string bytes) -> ScriptedServer::Script {
    return [bytes = std::move(bytes)](Connection& connection) {
      connection.head();
      connection.write(bytes);
      connection.wait();
    };
  };
  ScriptedServer server({sending(head + "4\r\na\nb\n\r\n"), sending(head + "2\r\na\n\r\n"),
                         answering(head + "2\r\na\n\r\n")});
  Loop loop(server);
  int lines = 0;
  const auto first = loop.watch([&lines](std::string_view) { return ++lines, false; }, kPatience);
  CHECK(text_of(first) == "200 ");
  CHECK(lines == 1);
  const auto all = [](std::string_view) { return true; };
  CHECK(loop.watch(all, 150ms).error().message ==
        "no answer within 150 ms while waiting for the answer");
  CHECK(loop.watch(all, kPatience).error().message ==
        "it closed the connection while waiting for the answer");
}

TEST_CASE("client: a stream's line over the limit is refused") {
  std::string endless = "HTTP/1.1 200 OK\r\n\r\n" + std::string(limits::kLineBytes + 1, 'x');
  ScriptedServer server({answering(std::move(endless))});
  Loop loop(server);
  const auto answer = loop.watch([](std::string_view) { return true; }, kPatience);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::TooLarge);
}

TEST_CASE("client: cancel ends what runs, and the client can be used again") {
  ScriptedServer server({[](Connection& connection) { connection.wait(); }, answering(ok("x"))});
  Loop loop(server);
  boost::asio::steady_timer timer(loop.context, 100ms);
  timer.async_wait([&loop](boost::system::error_code) { loop.client.cancel(); });
  CHECK(text_of(loop.get()) == at(server) + "cancelled while waiting for the answer");
  CHECK(text_of(loop.get()) == "200 x");
}

TEST_CASE("client: operations at once have a connection each") {
  ScriptedServer one({answering(ok("x"), 2)});
  Loop loop(one);
  // The scripted server serves one connection at a time, so the second waits for the first to go.
  auto first =
      boost::asio::co_spawn(loop.context, loop.client.send(net::Request("GET", "/1"), kPatience),
                            boost::asio::use_future);
  auto second = boost::asio::co_spawn(
      loop.context, loop.client.send(net::Request("GET", "/2"), 300ms), boost::asio::use_future);
  loop.context.run();
  CHECK(text_of(first.get()) == "200 x");
  CHECK(second.get().error().message == "no answer within 300 ms while waiting for the answer");
}

TEST_CASE("client: fetch needs no event loop") {
  ScriptedServer server({answering(ok("x"))});
  const auto answer = net::fetch(net::Endpoint("127.0.0.1", server.port()), nullptr,
                                 net::Request("GET", "/a"), kPatience);
  CHECK(text_of(answer) == "200 x");
}

TEST_CASE("client: a name whose lookup does not end is given up in time") {
  const auto begun = std::chrono::steady_clock::now();
  const auto answer =
      net::fetch(net::Endpoint(kHanging, 443), nullptr, net::Request("GET", "/"), 200ms);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message == "no answer within 200 ms while looking up its name");
  CHECK(std::chrono::steady_clock::now() - begun < 1500ms);
}
