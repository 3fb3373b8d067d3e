#include "node/kbs.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include "evidence/evidence_json.h"
#include "json/document.h"
#include "json/writer.h"
#include "unit/evidence/sample_evidence.h"
#include "unit/net/scripted_server.h"

namespace cpods::node {
namespace {

using test::ScriptedServer;
using namespace std::chrono_literals;
namespace sample = evidence::sample;

struct Asked {
  std::string head;
  std::string body;
};

ScriptedServer::Script answering(Asked& asked, const std::string& headers,
                                 const std::string& body) {
  return [&asked, headers, body](ScriptedServer::Connection& connection) {
    asked.head = connection.head();
    const auto length = asked.head.find("Content-Length: ");
    asked.body = connection.read(std::stoul(asked.head.substr(length + 16)));
    connection.write("HTTP/1.1 200 OK\r\n" + headers + "Connection: close\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + body);
  };
}

Kbs kbs_of_tests(const ScriptedServer& server) {
  json::Writer out;
  out.object().field("url", "https://localhost:" + std::to_string(server.port()));
  out.field("caBundle", test::authority().pem().certificate);
  const auto settings = json::Document::parse(out.end().take());
  return kbs_of(settings->root()).value();
}

Bytes sha384(const std::string& text) {
  Bytes digest(48);
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha384(), nullptr);
  return digest;
}

TEST_CASE("kbs: a bare guest attests as snp, by a report that answers nonce and key") {
  Asked first;
  Asked second;
  ScriptedServer server({answering(first, "set-cookie: kbs-session-id=one; Path=/\r\n",
                                   R"({"nonce":"bm9uY2U=","extra-params":""})"),
                         answering(second, "", R"({"token":"a.b.c"})")},
                        {"localhost"});
  auto session = KbsSession::begin(kbs_of_tests(server), "snp", 5s);
  REQUIRE(session);
  CHECK(first.head.starts_with("POST /kbs/v0/auth HTTP/1.1\r\n"));
  CHECK(first.body == R"({"version":"0.4.0","tee":"snp","extra-params":{}})");
  const auto nonce = session->nonce();
  CHECK(nonce == session->nonce());

  const auto evidence = sample::bare_evidence(nonce);
  const auto token = session->attest(evidence::to_json(evidence), 5s);
  REQUIRE(token);
  CHECK(*token == "a.b.c");
  CHECK(second.head.starts_with("POST /kbs/v0/attest HTTP/1.1\r\n"));
  CHECK(second.head.contains("Cookie: kbs-session-id=one\r\n"));
  const auto sent = json::Document::parse(second.body);
  REQUIRE(sent);
  const auto key = sent->root()["runtime-data"]["tee-pubkey"];
  CHECK(sha384(R"({"additional-evidence":"","nonce":"bm9uY2U=","tee-pubkey":)" +
               json::to_text(key) + "}") == nonce);
  const auto shown = sent->root()["tee-evidence"]["primary_evidence"];
  CHECK(shown["attestation_report"]["version"].integer() == 3);
  CHECK(shown["attestation_report"]["report_data"].at(0).integer() == nonce.front());
  CHECK(shown["cert_chain"].at(0)["cert_type"].text() == "VCEK");
}

}  // namespace
}  // namespace cpods::node
