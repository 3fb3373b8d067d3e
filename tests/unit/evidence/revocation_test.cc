#include "evidence/revocation.h"

#include <doctest/doctest.h>

#include "evidence/verifier.h"
#include "json/document.h"
#include "unit/evidence/sample_evidence.h"
#include "unit/evidence/sample_list.h"

namespace cpods::evidence {
namespace {

using sample::List;
using sample::revocation_list;

const std::time_t kNow = std::chrono::system_clock::to_time_t(sample::now());
const std::string kName = "the list of certificates that AMD's ARK-Milan revoked";

std::optional<VouchedChain> vouched(const sample::Leaf& leaf = sample::vcek_leaf()) {
  auto report = sample::snp_report("");
  Appraisal appraisal;
  return check_amd_signature(read_snp_report(report), report,
                             {.leaf = sample::milan().issue(leaf), .others = {}}, sample::now(),
                             sample::roots(), appraisal);
}

Check check(const std::vector<Bytes>& lists, const std::optional<VouchedChain>& chain = vouched()) {
  Appraisal appraisal;
  check_revocation(chain, lists, sample::now(), appraisal);
  REQUIRE(appraisal.checks().size() == 1);
  return appraisal.checks().front();
}

Check passed() {
  return {.name = "x509.crl", .status = Status::Passed, .detail = ""};
}
Check failed(const std::string& why) {
  return {"x509.crl", Status::Failed, why, Doubt::Signature};
}

TEST_CASE("revocation: without a list nothing is held against one") {
  const Check unpinned{.name = "x509.crl",
                       .status = Status::Unpinned,
                       .detail = "no list of revoked certificates was given"};
  CHECK(check({}) == unpinned);
  CHECK(check({}, std::nullopt) == unpinned);
}

TEST_CASE("revocation: a chain that does not hold is not looked up") {
  CHECK(check({revocation_list()}, std::nullopt) ==
        Check{.name = "x509.crl", .status = Status::Skipped, .detail = "the chain does not hold"});
}

TEST_CASE("revocation: what the root's list says of the chain") {
  const std::string intermediate = kName + " has the one that signed the certificate of the ";
  struct Row {
    std::string why;
    List list;
    Check result;
  };
  const Row rows[] = {
      {"nothing", {}, passed()},
      {"another certificate", {.entries = {{.serial = 7}}}, passed()},
      {"the other intermediate", {.entries = {{.serial = sample::kAsvkSerial}}}, passed()},
      {"the root's certificate with the leaf's number", {.entries = {{.serial = 0}}}, passed()},
      {"the intermediate",
       {.entries = {{.serial = 7}, {.serial = sample::kAskSerial}}},
       failed(intermediate + "signing key")},
      {"the intermediate, taken back again",
       {.entries = {{.serial = sample::kAskSerial, .reason = CRL_REASON_REMOVE_FROM_CRL}}},
       failed(intermediate + "signing key")},
      {"the leaf",
       {.entries = {{.serial = 0, .issuer = "SEV-Milan"}}},
       failed(kName + " has the certificate of the signing key")},
      {"the leaf, below another's issuer",
       {.entries = {{.serial = 9, .issuer = "SEV-Milan"}, {.serial = 0}}},
       failed(kName + " has the certificate of the signing key")},
      {"another issuer's leaf", {.entries = {{.serial = 0, .issuer = "SEV-VLEK-Milan"}}}, passed()},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    CHECK(check({revocation_list(row.list)}) == row.result);
  }
}

TEST_CASE("revocation: a VLEK's chain has another intermediate") {
  auto report = sample::snp_report("");
  const auto chain = vouched(sample::vlek_leaf());
  REQUIRE(chain);
  CHECK(chain->intermediate == sample::milan().asvk());
  CHECK(check({revocation_list({.entries = {{.serial = sample::kAskSerial}}})}, chain) == passed());
  CHECK(check({revocation_list({.entries = {{.serial = sample::kAsvkSerial}}})}, chain).status ==
        Status::Failed);
}

TEST_CASE("revocation: a list holds from its first second to its last") {
  const auto at = [](std::time_t from, std::time_t until) {
    return check({revocation_list({.from = from, .until = until})});
  };
  CHECK(at(kNow, kNow) == passed());
  CHECK(at(kNow + 1, kNow + 9) == failed(kName + " does not hold yet"));
  CHECK(at(kNow - 9, kNow - 1) == failed(kName + " has expired"));
  CHECK(at(kNow - 9, 0) == failed(kName + " does not say until when it holds"));
}

TEST_CASE("revocation: a list is worth what the pinned root's signature is") {
  const auto unsigned_by_it = failed(kName + " is not signed by it");
  auto spoilt = revocation_list();
  spoilt.back() ^= 1;
  CHECK(check({revocation_list({}, sample::forged())}) == unsigned_by_it);
  CHECK(check({revocation_list({}, sample::genoa())}) == unsigned_by_it);
  CHECK(check({spoilt}) == unsigned_by_it);
  CHECK(check({revocation_list({.pss = false})}) == unsigned_by_it);
  CHECK(check({revocation_list({.digest = EVP_sha256()})}) == unsigned_by_it);
  // What it says is not looked at, then.
  CHECK(check({revocation_list({.entries = {{.serial = sample::kAskSerial}}}, sample::forged())}) ==
        unsigned_by_it);
}

TEST_CASE("revocation: what is critical and not known may mean anything") {
  const auto unknown = failed(kName + " has a critical extension that this version does not know");
  CHECK(check({revocation_list({.is_delta = true})}) == unknown);
  CHECK(check({revocation_list({.critical = "1.3.6.1.4.1.3704.9"})}) == unknown);
  CHECK(
      check({revocation_list(
          {.entries = {{.serial = 7, .reason = CRL_REASON_KEY_COMPROMISE, .critical = true}}})}) ==
      unknown);
  CHECK(check({revocation_list({.entries = {{.serial = 7, .reason = CRL_REASON_SUPERSEDED}}})}) ==
        passed());
}

TEST_CASE("revocation: of several lists all of this root's must hold, and there must be one") {
  const auto good = revocation_list();
  const auto old = revocation_list({.until = kNow - 1});
  const auto genoa = revocation_list({.issuer = "ARK-Genoa"}, sample::genoa());
  const auto stranger = revocation_list({.issuer = "Stranger"}, sample::forged());
  const auto none = failed("none of the lists of revoked certificates is of AMD's ARK-Milan");
  CHECK(check({genoa, stranger, good}) == passed());
  CHECK(check({genoa}) == none);
  CHECK(check({genoa, stranger}) == none);
  CHECK(check({good, old}) == failed(kName + " has expired"));
  CHECK(check({old, good}) == failed(kName + " has expired"));
  CHECK(check({good, Bytes{0x30, 0x00}}) ==
        failed("a list of revoked certificates cannot be read"));
}

TEST_CASE("revocation: the verifier holds both kinds of evidence against the lists it is given") {
  const Bytes nonce(32, 0x5A);
  auto expected = sample::expecting(nonce);
  CHECK(verify(sample::evidence(nonce), expected).find("x509.crl")->status == Status::Unpinned);
  expected.revocation_lists = std::vector<Bytes>{revocation_list()};
  CHECK(verify(sample::evidence(nonce), expected).find("x509.crl")->status == Status::Passed);
  CHECK(verify(sample::bare_evidence(nonce), expected).verified());
  const auto policy = json::Document::parse(R"({"requireRevocationCheck":true})");
  expected.policy = policy->root();
  CHECK(verify(sample::evidence(nonce), expected).verified());
  CHECK(verify(sample::bare_evidence(nonce), expected).verified());
  expected.revocation_lists =
      std::vector<Bytes>{revocation_list({.entries = {{.serial = sample::kAskSerial}}})};
  CHECK(sample::failed(verify(sample::evidence(nonce), expected)) ==
        "x509.crl policy.requireRevocationCheck");
  CHECK(sample::failed(verify(sample::bare_evidence(nonce), expected)) ==
        "x509.crl policy.requireRevocationCheck");
  expected.revocation_lists = std::vector<Bytes>();
  CHECK(sample::failed(verify(sample::evidence(nonce), expected)) ==
        "policy.requireRevocationCheck");
  expected.revocation_lists = refuse(Doubt::Transport, "nobody answers");
  const auto appraisal = verify(sample::evidence(nonce), expected);
  CHECK(sample::failed(appraisal) == "x509.crl policy.requireRevocationCheck");
  CHECK(appraisal.decisive()->detail == "nobody answers");
  CHECK(appraisal.decisive()->doubt == Doubt::Transport);
}

TEST_CASE("lists: DER is one, PEM all that there are") {
  const auto one = revocation_list();
  const auto two = revocation_list({.issuer = "ARK-Genoa"}, sample::genoa());
  const auto pem = [](ByteView der) { return sample::pem(der, "X509 CRL"); };
  CHECK(read_revocation_lists(one) == std::vector<Bytes>{one});
  const auto text = "# Milan\n" + pem(one) + sample::pem(sample::vcek()) + pem(two);
  CHECK(read_revocation_lists(as_bytes(text)) == std::vector<Bytes>{one, two});
}

TEST_CASE("lists: one that cannot be read is not passed over") {
  const auto one = revocation_list();
  const auto whole = sample::pem(one, "X509 CRL");
  Bytes trailing = one;
  trailing.push_back(0);
  const std::string texts[] = {"",
                               "none",
                               std::string(as_text(trailing)),
                               std::string(as_text(one)).substr(0, one.size() - 1),
                               sample::pem(sample::vcek()),
                               sample::pem(one),
                               whole.substr(0, whole.size() / 2),
                               whole + whole.substr(0, whole.size() / 2),
                               whole + sample::pem(Bytes{0x30, 0x00}, "X509 CRL"),
                               sample::locked_pem(one, "X509 CRL"),
                               whole + sample::locked_pem(one, "X509 CRL")};
  for (const auto& text : texts) {
    CAPTURE(text);
    const auto read = read_revocation_lists(as_bytes(text));
    REQUIRE_FALSE(read);
    CHECK(read.error() ==
          Refusal{Doubt::Malformed, "holds no list of revoked certificates in DER or PEM"});
  }
}

TEST_CASE("lists: a text that is too long is not read") {
  const auto read = read_revocation_lists(Bytes((1 << 20) + 1, '-'));
  REQUIRE_FALSE(read);
  CHECK(read.error().sentence == "is longer than a list of revoked certificates may be");
}

}  // namespace
}  // namespace cpods::evidence
