#include "node/imds.h"

#include <doctest/doctest.h>

#include "node/patient_request.h"
#include "unit/evidence/sample_chain.h"
#include "unit/node/http_answers.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Refusal;
using test::ScriptedServer;
using Connection = ScriptedServer::Connection;
using namespace std::chrono_literals;
namespace sample = evidence::sample;

const std::string kNoCertificate =
    "the certificate of this node's VCEK cannot be had from Azure's instance metadata service: ";

// PEM as it stands in a JSON string.
std::string pem_text(ByteView der) {
  auto text = sample::pem(der);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.replace(at, 1, "\\n");
  }
  return text;
}

std::string answer() {
  return R"({"vcekCert":")" + pem_text(sample::vcek()) + R"(","tcbm":"D516000000000004",)" +
         R"("certificateChain":")" + pem_text(sample::milan().ask()) +
         pem_text(sample::milan().ark()) + R"(","cacheControl":"86400"})";
}

evidence::Proven<evidence::CertificateChain> fetch_from(const ScriptedServer& server,
                                                        std::chrono::milliseconds limit = 20s) {
  return fetch_vcek(net::Endpoint("127.0.0.1", server.port()), limit);
}

TEST_CASE("imds: the VCEK and its chain, asked for as Azure documents it") {
  std::string seen;
  ScriptedServer server({[&seen](Connection& connection) {
    seen = connection.head();
    connection.write(http("200 OK", answer()));
  }});
  const auto chain = fetch_from(server);
  REQUIRE(chain);
  CHECK(chain->leaf == sample::vcek());
  CHECK(chain->others == std::vector<Bytes>{sample::milan().ask(), sample::milan().ark()});
  CHECK(seen.starts_with("GET /metadata/THIM/amd/certification HTTP/1.1\r\n"));
  CHECK(seen.contains("\r\nMetadata: true\r\n"));
}

TEST_CASE("imds: what may come later is asked for again") {
  for (const std::string status : {"404 Not Found", "429 Too Many Requests",
                                   "500 Internal Server Error", "503 Service Unavailable"}) {
    CAPTURE(status);
    ScriptedServer server({answering(http(status)), answering(http("200 OK", answer()))});
    const auto chain = fetch_from(server);
    REQUIRE(chain);
    CHECK(chain->leaf == sample::vcek());
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("imds: a connection that breaks off is made again") {
  ScriptedServer server({[](Connection&) {},
                         [](Connection& connection) {
                           connection.head();
                           connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
                         },
                         answering(http("200 OK", answer()))});
  REQUIRE(fetch_from(server));
  CHECK(server.connections() == 3);
}

TEST_CASE("imds: what stays broken ends with the limit, and says what it was") {
  const std::vector<ScriptedServer::Script> scripts(100, answering(http("500 Broken")));
  ScriptedServer server(scripts);
  const auto begin = std::chrono::steady_clock::now();
  const auto chain = fetch_from(server, 1200ms);
  REQUIRE_FALSE(chain);
  CHECK(chain.error() == Refusal{Doubt::Transport, kNoCertificate + "it answers HTTP 500"});
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
  CHECK(server.connections() >= 2);
  CHECK(server.connections() <= 4);  // it waits longer each time
}

TEST_CASE("imds: what will not change is not asked for again") {
  for (const std::string status : {"400 Bad Request", "403 Forbidden", "410 Gone"}) {
    CAPTURE(status);
    ScriptedServer server({answering(http(status))});
    const auto chain = fetch_from(server);
    REQUIRE_FALSE(chain);
    CHECK(chain.error() ==
          Refusal{Doubt::Transport, kNoCertificate + "it answers HTTP " + status.substr(0, 3)});
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("imds: one that accepts and says nothing is given up at the limit") {
  ScriptedServer server({[](Connection& connection) { connection.wait(); }});
  const auto begin = std::chrono::steady_clock::now();
  const auto chain = fetch_from(server, 700ms);
  REQUIRE_FALSE(chain);
  CHECK(chain.error().doubt == Doubt::Transport);
  CHECK(chain.error().sentence.starts_with(kNoCertificate));
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

TEST_CASE("imds: nobody there is a transport failure") {
  std::uint16_t port = 0;
  {
    const ScriptedServer gone({});
    port = gone.port();
  }
  const auto chain = fetch_vcek(net::Endpoint("127.0.0.1", port), 300ms);
  REQUIRE_FALSE(chain);
  CHECK(chain.error().doubt == Doubt::Transport);
  CHECK(chain.error().sentence.starts_with(kNoCertificate));
}

TEST_CASE("imds: an answer that is too large is not read") {
  const auto size = kCertificateAnswer + 1;
  const std::vector<ScriptedServer::Script> scripts(
      10, answering("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n{"));
  ScriptedServer server(scripts);
  const auto chain = fetch_from(server, 600ms);
  REQUIRE_FALSE(chain);
  CHECK(chain.error().doubt == Doubt::Transport);
}

TEST_CASE("imds: an answer that holds no certificates is malformed, and says where") {
  const auto vcek = pem_text(sample::vcek());
  const std::string none = " holds no X.509 certificate in DER or PEM";
  struct Row {
    std::string body;
    std::string sentence;
  };
  const Row rows[] = {
      {"{}", "vcekCert" + none},
      {R"({"vcekCert":""})", "vcekCert" + none},
      {R"({"vcekCert":"none","certificateChain":")" + vcek + R"("})", "vcekCert" + none},
      {R"({"vcekCert":")" + vcek + R"("})", "certificateChain" + none},
      {R"({"vcekCert":")" + vcek + R"(","certificateChain":""})", "certificateChain" + none},
      {R"({"vcekCert":7})", "/vcekCert must be a string, but is a number"},
      {"[]", " must be an object, but is an array"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    const auto read = read_thim(row.body);
    REQUIRE_FALSE(read);
    CHECK(read.error() == Refusal{Doubt::Malformed, kNoCertificate + row.sentence});
  }
  for (const std::string body : {"", "<html>", R"({"vcekCert":)"}) {
    ScriptedServer server({answering(http("200 OK", body))});
    const auto chain = fetch_from(server);
    REQUIRE_FALSE(chain);
    CHECK(chain.error().doubt == Doubt::Malformed);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("imds: Azure's address is the one that it documents, in the clear") {
  CHECK(imds_endpoint() == net::Endpoint("169.254.169.254", 80));
}

}  // namespace
}  // namespace cpods::node
