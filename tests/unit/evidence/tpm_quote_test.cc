#include "evidence/tpm_quote.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const Bytes kNonce(32, 0x5A);
const Bytes kDigest(32, 0xD1);

std::string refusal(const Bytes& attest) {
  const auto quote = parse_quote(attest);
  return quote ? std::string() : quote.error().sentence;
}

TEST_CASE("quote: nonce and PCR digest are read") {
  const auto quote = parse_quote(sample::quote(kNonce, kDigest));
  REQUIRE(quote);
  CHECK(quote->nonce == kNonce);
  CHECK(quote->pcr_digest == kDigest);
}

TEST_CASE("quote: a structure that no TPM quotes is refused with its own sentence") {
  const std::string start = "the TPM's quote is malformed: ";
  Bytes attest = sample::quote(kNonce, kDigest);
  attest[0] = 0;
  CHECK(refusal(attest) == start + "it does not start with TPM_GENERATED_VALUE");
  attest = sample::quote(kNonce, kDigest);
  attest[5] = 0x17;  // TPM_ST_ATTEST_CERTIFY
  CHECK(refusal(attest) == start + "its type is not TPM_ST_ATTEST_QUOTE");
  attest = sample::quote(kNonce, kDigest);
  attest.push_back(0);
  CHECK(refusal(attest) == start + "bytes follow its end");
  CHECK(refusal(sample::quote(kNonce, kDigest, 0xFFFF7F)) ==
        start + "it does not cover exactly the 24 PCRs of the SHA-256 bank");
}

TEST_CASE("quote: every shorter structure is refused") {
  const Bytes whole = sample::quote(kNonce, kDigest);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const Bytes prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(parse_quote(prefix));
  }
}

TEST_CASE("quote: the signature holds for this key and these bytes only") {
  const Bytes attest = sample::quote(kNonce, kDigest);
  const Bytes signature = sample::attestation_key().sign(attest);
  const auto key = sample::attestation_key().public_part();
  CHECK(verify_quote_signature(attest, signature, key));

  Bytes other_attest = attest;
  other_attest.back() ^= 1;
  Bytes other_signature = signature;
  other_signature.front() ^= 1;
  const Bytes half(signature.begin(), signature.begin() + 128);
  CHECK_FALSE(verify_quote_signature(other_attest, signature, key));
  CHECK_FALSE(verify_quote_signature(attest, other_signature, key));
  CHECK_FALSE(verify_quote_signature(attest, half, key));
  CHECK_FALSE(verify_quote_signature(attest, {}, key));
  CHECK_FALSE(verify_quote_signature(attest, signature, sample::other_key().public_part()));
  CHECK_FALSE(verify_quote_signature(attest, signature, RsaKey{}));
}

}  // namespace
}  // namespace cpods::evidence
