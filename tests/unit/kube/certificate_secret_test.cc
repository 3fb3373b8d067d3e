#include "kube/certificate_secret.h"

#include <doctest/doctest.h>

#include "json/document.h"

namespace cpods::kube {
namespace {

const CertificateFiles kFiles{.ca_crt = "A", .ca_key = "B", .tls_crt = "C", .tls_key = "D"};

TEST_CASE("certificate_secret: what is written is read again") {
  const auto document = json::Document::parse(new_secret("ns", "name", kFiles));
  REQUIRE(document);
  CHECK(document->root()["type"].text() == "kubernetes.io/tls");
  CHECK(document->root()["metadata"]["namespace"].text() == "ns");
  CHECK(document->root()["metadata"]["name"].text() == "name");
  CHECK(read_files(document->root()) == kFiles);
}

TEST_CASE("certificate_secret: an update keeps what is not ours") {
  const auto before = json::Document::parse(
      R"({"apiVersion":"v1","kind":"Secret","type":"Opaque","data":{"mine":"WA==","ca.crt":"WA=="},)"
      R"("metadata":{"name":"n","resourceVersion":"7","labels":{"x":"y"}}})");
  REQUIRE(before);
  CHECK(
      updated_secret(before->root(), kFiles) ==
      R"({"apiVersion":"v1","kind":"Secret","type":"Opaque",)"
      R"("metadata":{"name":"n","resourceVersion":"7","labels":{"x":"y"}},)"
      R"("data":{"mine":"WA==","ca.crt":"QQ==","ca.key":"Qg==","tls.crt":"Qw==","tls.key":"RA=="}})");
}

TEST_CASE("certificate_secret: absent keys are empty, broken ones are named") {
  const auto empty = json::Document::parse(R"({"data":null})");
  REQUIRE(empty);
  CHECK(read_files(empty->root()) == CertificateFiles{});
  const auto broken = json::Document::parse(R"({"data":{"tls.key":"?"}})");
  REQUIRE(broken);
  const auto read = read_files(broken->root());
  REQUIRE_FALSE(read);
  CHECK(read.error().text() == "data[tls.key]: not base64");
}

}  // namespace
}  // namespace cpods::kube
