// Every parser of evidence: JSON, HCL report, SNP report, quote, certificate table, certificates,
// lists of revoked ones.
// What comes in is a stranger's, and none of it may be taken for verified evidence.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "evidence/certificate_table.h"
#include "evidence/evidence_json.h"
#include "evidence/revocation.h"

namespace {

using namespace cpods;
using namespace cpods::evidence;

// No input is signed by AMD, and freshness is asked for, so that a genuine seed is refused as well.
void refuse_all(const Appraisal& appraisal) {
  if (!appraisal.verified()) return;
  std::fprintf(stderr, "broken promise: made-up evidence is verified\n");
  std::abort();
}

Expectations expected() {
  return {.nonce = Bytes(32, 0x5A), .policy = {}, .now = std::chrono::system_clock::from_time_t(0)};
}

void verify_json(ByteView bytes) {
  const auto read = read_evidence(std::string(as_text(bytes)));
  if (!read) return;
  std::visit([](const auto& each) { refuse_all(verify(each, expected())); }, *read);
}

void verify_table(ByteView bytes) {
  const auto chain = read_certificate_table(bytes);
  if (chain) refuse_all(verify(SnpEvidence{Bytes(kSnpReportBytes), *chain}, expected()));
}

void verify_certificates(ByteView bytes) {
  const auto read = read_certificates(bytes);
  if (!read) return;
  const CertificateChain chain{.leaf = read->front(), .others = *read};
  refuse_all(verify(SnpEvidence{Bytes(kSnpReportBytes), chain}, expected()));
}

// No root of AMD's has signed it, whatever it is.
void hold_against_lists(ByteView bytes) {
  auto lists = read_revocation_lists(bytes);
  if (!lists) return;
  const auto& milan = amd_roots().front();
  const VouchedChain chain{.product = std::string(milan.product),
                           .root = base64_decode(milan.ark.der).value(),
                           .intermediate = base64_decode(milan.ask.der).value(),
                           .leaf = base64_decode(milan.asvk.der).value()};
  Appraisal appraisal;
  check_revocation(chain, lists, expected().now, appraisal);
  refuse_all(appraisal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  const Bytes copy(bytes.begin(), bytes.end());
  // Seeds begin with a digit.
  switch (static_cast<std::uint8_t>(data[0] - '0') % 7) {
    case 0:
      verify_json(bytes);
      break;
    case 1:
      refuse_all(verify(VtpmEvidence{.hcl_report = copy}, expected()));
      break;
    case 2:
      refuse_all(verify(VtpmEvidence{.quote = copy}, expected()));
      break;
    case 3:
      refuse_all(verify(SnpEvidence{.report = copy}, expected()));
      break;
    case 4:
      verify_table(bytes);
      break;
    case 5:
      verify_certificates(bytes);
      break;
    default:
      hold_against_lists(bytes);
  }
  return 0;
}
