// Evidence that ends early, at every length of each of its parts: it crashes nothing and verifies
// nothing. In a build with sanitizers, each prefix is a buffer of its own.

#include <doctest/doctest.h>

#include "evidence/evidence_json.h"
#include "evidence/revocation.h"
#include "unit/evidence/sample_evidence.h"
#include "unit/evidence/sample_list.h"

namespace cpods::evidence {
namespace {

const Bytes kNonce(32, 0x5A);

Bytes prefix(const Bytes& whole, std::size_t size) {
  return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
}

TEST_CASE("truncation: no part of Azure's evidence may end early") {
  const auto whole = sample::evidence(kNonce);
  struct Part {
    const char* name;
    Bytes& (*part)(VtpmEvidence&);
  };
  const Part parts[] = {
      {"HCL report", [](VtpmEvidence& evidence) -> Bytes& { return evidence.hcl_report; }},
      {"quote", [](VtpmEvidence& evidence) -> Bytes& { return evidence.quote; }},
      {"signature", [](VtpmEvidence& evidence) -> Bytes& { return evidence.signature; }},
      {"leaf", [](VtpmEvidence& evidence) -> Bytes& { return evidence.chain.leaf; }}};
  // The zeros behind the claims may be fewer.
  const auto claims = sample::claims(sample::attestation_key().public_part()).size();
  for (const auto& [name, part] : parts) {
    CAPTURE(name);
    auto evidence = whole;
    const auto content = part(evidence);
    const bool is_report = &part(evidence) == &evidence.hcl_report;
    const auto end = is_report ? 0x4D4 + claims : content.size();
    for (std::size_t size = 0; size < end; ++size) {
      CAPTURE(size);
      part(evidence) = prefix(content, size);
      CHECK_FALSE(verify(evidence, sample::expecting(kNonce)).verified());
    }
  }
}

TEST_CASE("truncation: no part of a bare guest's evidence may end early") {
  const auto whole = sample::bare_evidence(kNonce);
  auto evidence = whole;
  for (std::size_t size = 0; size < whole.report.size(); ++size) {
    evidence.report = prefix(whole.report, size);
    CHECK_FALSE(verify(evidence, sample::expecting(kNonce)).verified());
  }
  evidence = whole;
  for (std::size_t size = 0; size < whole.chain.leaf.size(); ++size) {
    evidence.chain.leaf = prefix(whole.chain.leaf, size);
    CHECK_FALSE(verify(evidence, sample::expecting(kNonce)).verified());
  }
}

TEST_CASE("truncation: no JSON text may end early") {
  auto azure = sample::evidence(kNonce);
  azure.chain.others = {sample::milan().ask()};
  for (const auto& text : {to_json(azure), to_json(sample::bare_evidence(kNonce))}) {
    REQUIRE(read_evidence(text));
    for (std::size_t size = 0; size < text.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(read_evidence(text.substr(0, size)));
    }
  }
}

TEST_CASE("truncation: no PEM text ends early and still holds what it held") {
  const auto text = sample::pem(sample::vcek());
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read_certificates(as_bytes(text.substr(0, size))));
  }
}

TEST_CASE("truncation: no list of revoked certificates may end early") {
  const auto der = sample::revocation_list({.entries = {{.serial = 7, .issuer = "SEV-Milan"}}});
  const auto text = sample::pem(der, "X509 CRL");
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK_FALSE(read_revocation_lists(prefix(der, size)));
  }
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    CHECK_FALSE(read_revocation_lists(as_bytes(text.substr(0, size))));
  }
}

}  // namespace
}  // namespace cpods::evidence
