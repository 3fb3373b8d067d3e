// What the attestation step reads of those whom it asks: tokens, sets of keys, sealed resources,
// certificates, refusals; and its own argument. What comes in is a stranger's, and none of it may
// be taken for signed by the issuer, or for sealed to this attestation's key.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "evidence/ear_token.h"
#include "evidence/maa_token.h"
#include "evidence/runtime_claims.h"
#include "node/demand.h"
#include "node/imds.h"
#include "node/remote_service.h"
#include "node/tee_key.h"

namespace {

using namespace cpods;
using namespace cpods::evidence;

[[noreturn]] void broken(const char* promise) {
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// No private key belongs to it.
std::vector<IssuerKey> keys() {
  Bytes modulus(256, 0xC5);
  return {{"k1", {std::move(modulus), {1, 0, 1}}}};
}

void judge_maa(const std::string& text) {
  Appraisal appraisal;
  check_maa_token(text, keys(),
                  {.issuer = "https://maa.example",
                   .user_data = user_data_for(Bytes(32, 0x5A)),
                   .now = std::chrono::system_clock::from_time_t(1500)},
                  appraisal);
  if (appraisal.verified()) broken("a token that nobody signed is believed");
}

void judge_ear(const std::string& text) {
  Appraisal appraisal;
  check_ear_token(text, std::chrono::system_clock::from_time_t(1500), appraisal);
  if (appraisal.checks().empty()) broken("a token is neither accepted nor refused");
}

void open_sealed(const std::string& text) {
  static const auto key = node::TeeKey::generate().value();
  if (key.open(text)) broken("what was sealed for another key opens");
}

void read_words(const std::string& text) {
  net::Response answer;
  answer.body = text;
  if (node::words_of(answer).size() > 300) broken("words of a refusal are cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      judge_maa(text);
      break;
    case 1:
      (void)read_issuer_keys(text);
      break;
    case 2:
      judge_ear(text);
      break;
    case 3:
      open_sealed(text);
      break;
    case 4:
      (void)node::read_thim(text);
      break;
    case 5:
      (void)node::parse_demand(text);
      break;
    default:
      read_words(text);
  }
  return 0;
}
