#include "kube/renewal.h"

#include <doctest/doctest.h>

#include "certs/authority.h"
#include "certs/inspect.h"

namespace cpods::kube {
namespace {

using std::chrono::days;
using std::chrono::system_clock;

const std::vector<std::string> kNames{"confidential-pods.confidential-pods.svc"};
const auto kNow = system_clock::now();

CertificateFiles made(system_clock::time_point now) {
  auto files = renewed({}, kNames, "", now);
  REQUIRE(files);
  REQUIRE(files->has_value());
  return **files;
}

TEST_CASE("renewal: from nothing comes an authority and a leaf that clients accept") {
  const CertificateFiles files = made(kNow);
  CHECK(files.complete());
  CHECK(certs::accepts(files.ca_crt, files.tls_crt, kNames[0], kNow));
  const auto again = renewed(files, kNames, "", kNow);
  REQUIRE(again);
  CHECK_FALSE(again->has_value());
}

TEST_CASE("renewal: the leaf is renewed after two thirds of its life, by the same authority") {
  const CertificateFiles files = made(kNow);
  const auto early = renewed(files, kNames, "", kNow + days(240));
  REQUIRE(early);
  CHECK_FALSE(early->has_value());
  const auto late = renewed(files, kNames, "", kNow + days(245));
  REQUIRE(late);
  REQUIRE(late->has_value());
  CHECK((*late)->ca_crt == files.ca_crt);
  CHECK((*late)->ca_key == files.ca_key);
  CHECK((*late)->tls_crt != files.tls_crt);
  CHECK(certs::accepts(files.ca_crt, (*late)->tls_crt, kNames[0], kNow + days(245)));
}

TEST_CASE("renewal: another name needs another leaf") {
  const CertificateFiles files = made(kNow);
  const auto other = renewed(files, {kNames[0], "other.svc"}, "", kNow);
  REQUIRE(other);
  REQUIRE(other->has_value());
  CHECK(certs::accepts((*other)->ca_crt, (*other)->tls_crt, "other.svc", kNow));
}

TEST_CASE("renewal: an old authority gets a successor, and both are trusted") {
  const CertificateFiles files = made(kNow);
  const auto then = kNow + days(2500);
  const auto next = renewed(files, kNames, "", then);
  REQUIRE(next);
  REQUIRE(next->has_value());
  CHECK((*next)->ca_key != files.ca_key);
  CHECK((*next)->ca_crt.ends_with(files.ca_crt));
  CHECK(certs::accepts((*next)->ca_crt, (*next)->tls_crt, kNames[0], then));
  CHECK(certs::accepts((*next)->ca_crt, files.tls_crt, kNames[0], kNow));
  const auto settled = renewed(**next, kNames, "", then);
  REQUIRE(settled);
  CHECK_FALSE(settled->has_value());
}

// Replicas look at the Secret at different moments: until the last one has, clients meet old
// leaves.
TEST_CASE("renewal: a Secret that was deleted trusts the authority in use, once") {
  const CertificateFiles files = made(kNow);
  const auto next = renewed({}, kNames, files.ca_crt, kNow);
  REQUIRE(next);
  REQUIRE(next->has_value());
  CHECK((*next)->ca_key != files.ca_key);
  CHECK(certs::accepts((*next)->ca_crt, (*next)->tls_crt, kNames[0], kNow));
  CHECK(certs::accepts((*next)->ca_crt, files.tls_crt, kNames[0], kNow));
  const auto after_it = renewed({}, kNames, (*next)->ca_crt, kNow);
  REQUIRE(after_it);
  REQUIRE(after_it->has_value());
  CHECK(certs::accepts((*after_it)->ca_crt, (*next)->tls_crt, kNames[0], kNow));
  CHECK_FALSE(certs::accepts((*after_it)->ca_crt, files.tls_crt, kNames[0], kNow));
}

TEST_CASE("renewal: an expired authority is not trusted any longer") {
  const CertificateFiles files = made(kNow);
  const auto next = renewed(files, kNames, "", kNow + certs::kAuthorityLife + days(1));
  REQUIRE(next);
  REQUIRE(next->has_value());
  CHECK_FALSE((*next)->ca_crt.ends_with(files.ca_crt));
}

TEST_CASE("renewal: without ca.key the certificate is only taken, or waited for") {
  CertificateFiles files = made(kNow);
  files.ca_key.clear();
  const auto taken = renewed(files, kNames, "", kNow + days(300));
  REQUIRE(taken);
  CHECK_FALSE(taken->has_value());

  const auto expired = renewed(files, kNames, "", kNow + days(400));
  REQUIRE_FALSE(expired);
  CHECK(expired.error().text() ==
        "data[tls.crt]: the certificate would be refused under the name "
        "\"confidential-pods.confidential-pods.svc\": certificate has expired; there is no ca.key, "
        "so whoever made the Secret must renew it");

  files.tls_key.clear();
  const auto partial = renewed(files, kNames, "", kNow);
  REQUIRE_FALSE(partial);
  CHECK(partial.error().code == ErrorCode::Unavailable);
}

TEST_CASE("renewal: an authority that cannot be read is never overwritten") {
  CertificateFiles files = made(kNow);
  files.ca_crt = "not a certificate";
  const auto broken = renewed(files, kNames, "", kNow);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == ErrorCode::Invalid);
  CHECK(broken.error().text().ends_with("; delete the Secret to have it made anew"));

  CertificateFiles mixed = made(kNow);
  mixed.tls_crt.clear();
  mixed.ca_key = made(kNow).ca_key;
  const auto wrong_key = renewed(mixed, kNames, "", kNow);
  REQUIRE_FALSE(wrong_key);
  CHECK(wrong_key.error().text() ==
        "data[ca.crt]: the CA key does not belong to the CA certificate; delete the Secret to have "
        "it made anew");
}

}  // namespace
}  // namespace cpods::kube
