#include "evidence/tpm_quote.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const Bytes kNonce(32, 0x5A);
const Bytes kDigest(32, 0xD1);

std::string failed(const Bytes& attest) {
  Appraisal appraisal;
  (void)check_quote(attest, appraisal);
  return sample::failed(appraisal);
}

TEST_CASE("quote: nonce and PCR digest are read") {
  Appraisal appraisal;
  const auto quote = check_quote(sample::quote(kNonce, kDigest), appraisal);
  CHECK(appraisal.verified());
  CHECK(sample::joined(sample::with(Status::Passed, appraisal)) ==
        "quote.magic quote.type quote.parse quote.pcr_selection quote.trailing");
  CHECK(quote.nonce == kNonce);
  CHECK(quote.pcr_digest == kDigest);
}

TEST_CASE("quote: each thing that no TPM quotes fails its own check") {
  Bytes attest = sample::quote(kNonce, kDigest);
  attest[0] = 0;
  CHECK(failed(attest) == "quote.magic");
  attest = sample::quote(kNonce, kDigest);
  attest[5] = 0x17;  // TPM_ST_ATTEST_CERTIFY
  CHECK(failed(attest) == "quote.type");
  attest = sample::quote(kNonce, kDigest);
  attest.push_back(0);
  CHECK(failed(attest) == "quote.trailing");
  for (const std::uint32_t mask : {0U, 0xFFFF7FU, 0x7FFFFFU, 0xFEFFFFU}) {
    CHECK(failed(sample::quote(kNonce, kDigest, mask)) == "quote.pcr_selection");
  }
}

TEST_CASE("quote: another bank, or a second one, is not the one that is asked for") {
  const Bytes attest = sample::quote(kNonce, kDigest);
  // count, hash, size of the mask: behind magic, type, signer, nonce, clock and firmware.
  const std::size_t selection = 4 + 2 + 36 + 34 + 25;
  for (const auto& [offset, value] :
       {std::pair{selection + 3, 2}, std::pair{selection + 5, 0x0C}, std::pair{selection + 5, 4}}) {
    Bytes spoilt = attest;
    spoilt[offset] = static_cast<std::uint8_t>(value);
    CHECK(failed(spoilt).contains("quote.p"));
  }
  Bytes no_bank = attest;
  no_bank[selection + 3] = 0;
  CHECK_FALSE(failed(no_bank).empty());
}

TEST_CASE("quote: every shorter structure ends early") {
  const Bytes whole = sample::quote(kNonce, kDigest);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const Bytes prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(failed(prefix).ends_with("quote.parse"));
  }
}

TEST_CASE("quote: lengths that say more than there is end early") {
  const Bytes whole = sample::quote(kNonce, kDigest);
  for (const std::size_t length : {6U, 42U}) {  // of the signer's name, of the nonce
    Bytes spoilt = whole;
    spoilt[length] = spoilt[length + 1] = 0xFF;
    CHECK(failed(spoilt) == "quote.parse");
  }
}

}  // namespace
}  // namespace cpods::evidence
