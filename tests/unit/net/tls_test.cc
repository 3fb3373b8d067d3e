#include "net/tls.h"

#include <doctest/doctest.h>

#include "certs/authority.h"

using namespace cpods;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::system_clock::time_point;

std::string outcome(const Result<net::TlsContext>& context) {
  return context ? "accepted" : context.error().message;
}

}  // namespace

TEST_CASE("tls: a server's pair is accepted only when it fits and is in its dates") {
  const Time made = std::chrono::sys_days(std::chrono::year(2030) / 3 / 1) + 12h;
  const auto authority = certs::Authority::create(made).value();
  const auto leaf = authority.issue({"a"}, made, 24h).value();
  const auto other = authority.issue({"a"}, made, 24h).value();
  const net::Identity good(leaf.certificate, leaf.key);
  CHECK(outcome(net::server_context(good, made)) == "accepted");
  CHECK(outcome(net::server_context(good, made - 1h)) ==
        "the certificate is valid only from 2030-03-01T11:55:00Z on");
  CHECK(outcome(net::server_context(good, made + 25h)) ==
        "the certificate expired on 2030-03-02T12:00:00Z");
  const net::Identity mixed(leaf.certificate, other.key);
  CHECK(outcome(net::server_context(mixed, made)) ==
        "the private key does not belong to the certificate");
  const net::Identity chain(leaf.certificate + authority.pem().certificate, leaf.key);
  CHECK(outcome(net::server_context(chain, made)) == "accepted");
}

TEST_CASE("tls: a client's trust must hold a certificate") {
  const auto authority = certs::Authority::create(std::chrono::system_clock::now()).value();
  CHECK(outcome(net::client_context(authority.pem().certificate)) == "accepted");
  CHECK(outcome(net::client_context("")) == "accepted");
  CHECK(outcome(net::client_context("not a certificate")) ==
        "no readable PEM certificate in the CA bundle (no start line (PEM routines))");
  const std::string cut = authority.pem().certificate.substr(0, 200);
  CHECK(outcome(net::client_context(cut)) != "accepted");
  const net::Identity wrong(authority.pem().certificate, "no key");
  CHECK(outcome(net::client_context(authority.pem().certificate, &wrong))
            .starts_with("no readable, unencrypted PEM private key ("));
}
