#include "node/kds.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_list.h"
#include "unit/node/http_answers.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Refusal;
using test::ScriptedServer;
using Connection = ScriptedServer::Connection;
using namespace std::chrono_literals;
namespace sample = evidence::sample;

const std::string kNoList =
    "the list of revoked certificates cannot be had from AMD's key service: ";

evidence::Proven<std::vector<Bytes>> list_from(const ScriptedServer& server,
                                               std::chrono::milliseconds limit = 20s) {
  return fetch_crl(Kds{.endpoint{"127.0.0.1", server.port()}}, "Milan", false, limit);
}

evidence::SnpReport report(std::uint8_t family, std::uint8_t model) {
  evidence::SnpReport made;
  made.family = family;
  made.model = model;
  made.reported_tcb = {4, 1, 2, 9, 0, 0, 24, 219};
  made.chip_id.fill(0xAB);
  return made;
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST_CASE("kds: a certificate is asked for by chip and reported TCB, product by product") {
  const auto chip = repeated("ab", 64);
  CHECK(kds_target(report(0x19, 0x01)) ==
        "/vcek/v1/Milan/" + chip + "?blSPL=04&teeSPL=01&snpSPL=24&ucodeSPL=219");
  CHECK(kds_target(report(0x19, 0x11)) ==
        "/vcek/v1/Genoa/" + chip + "?blSPL=04&teeSPL=01&snpSPL=24&ucodeSPL=219");
  CHECK(kds_target(report(0x1A, 0x02)) ==
        "/vcek/v1/Turin/" + repeated("ab", 8) +
            "?fmcSPL=04&blSPL=01&teeSPL=02&snpSPL=09&ucodeSPL=219");
}

TEST_CASE("kds: of a report that does not tell its product nothing can be asked") {
  CHECK(kds_target(report(0, 0)) == "");
  const auto chain = fetch_vcek(Kds{}, report(0, 0), std::chrono::milliseconds(10));
  REQUIRE_FALSE(chain);
  CHECK(chain.error().sentence ==
        "the certificate of this node's VCEK cannot be had from AMD's key service: the report does "
        "not tell the processor's generation");
}

TEST_CASE("kds: the list of revoked certificates is the product's, by kind of key") {
  CHECK(crl_target("Milan", false) == "/vcek/v1/Milan/crl");
  CHECK(crl_target("Turin", true) == "/vlek/v1/Turin/crl");
  std::string seen;
  const auto list = sample::revocation_list();
  ScriptedServer server({[&](Connection& connection) {
    seen = connection.head();
    connection.write(http("200 OK", as_text(list)));
  }});
  CHECK(list_from(server) == std::vector<Bytes>{list});
  CHECK(seen.starts_with("GET /vcek/v1/Milan/crl HTTP/1.1\r\n"));
}

TEST_CASE("kds: a service that is busy is asked for the list once more") {
  const auto list = sample::revocation_list();
  ScriptedServer server(
      {answering(http("429 Too Many Requests")), answering(http("200 OK", as_text(list)))});
  CHECK(list_from(server) == std::vector<Bytes>{list});
  CHECK(server.connections() == 2);
}

TEST_CASE("kds: a list that cannot be had, or is none, is told as what it is") {
  const auto refused = [](const std::string& answer, Doubt doubt = Doubt::Malformed) {
    ScriptedServer server({answering(answer), answering(answer)});
    const auto list = list_from(server, doubt == Doubt::Malformed ? 20s : 300ms);
    REQUIRE_FALSE(list);
    CHECK(list.error().doubt == doubt);
    return list.error().sentence;
  };
  CHECK(refused(http("404 Not Found"), Doubt::Transport) == kNoList + "it answers HTTP 404");
  CHECK(refused(http("503 Service Unavailable"), Doubt::Transport) ==
        kNoList + "it answers HTTP 503");
  const std::string no_list =
      kNoList + "its answer holds no list of revoked certificates in DER or PEM";
  CHECK(refused(http("200 OK")) == no_list);
  CHECK(refused(http("200 OK", "<html>")) == no_list);
  CHECK(refused(http("200 OK", as_text(sample::vcek()))) == no_list);
  ScriptedServer silent({[](Connection& connection) { connection.wait(); }});
  const auto nothing = list_from(silent, 300ms);
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().doubt == Doubt::Transport);
}

TEST_CASE("kds: another service in the place of AMD's") {
  CHECK(kds_at("")->endpoint == net::Endpoint("kdsintf.amd.com", 443));
  CHECK(kds_at("")->tls);
  CHECK(kds_at("https://kds.example")->endpoint == net::Endpoint("kds.example", 443));
  CHECK(kds_at("https://kds.example")->tls);
  CHECK(kds_at("http://127.0.0.1:8080")->endpoint == net::Endpoint("127.0.0.1", 8080));
  CHECK_FALSE(kds_at("http://127.0.0.1:8080")->tls);
}

}  // namespace
}  // namespace cpods::node
