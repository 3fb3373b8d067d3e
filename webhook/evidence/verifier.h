#pragma once
// Verifies what a node shows for itself: a pure function of bytes, policy, time and roots. The
// chain, each link checked by the one before it:
//
//   Azure:    AMD's root -> VCEK -> SNP report -> report_data -> runtime claims -> attestation key
//             -> quote -> nonce, PCRs
//   bare SNP: AMD's root -> VCEK or VLEK -> SNP report -> report_data = nonce
//
// Every check that can be made is made, whatever failed before it, and none allocates what the
// evidence asks for. What the result is worth, and to whom: docs/attestation.md.
// Plain values; any thread.

#include <chrono>
#include <optional>

#include "base/bytes.h"
#include "evidence/amd_chain.h"
#include "evidence/appraisal.h"
#include "evidence/snp_report.h"
#include "evidence/tpm_quote.h"
#include "json/node.h"

namespace cpods::evidence {

struct VtpmEvidence {
  Bytes hcl_report;  // the content of the NV index
  Bytes quote;       // TPMS_ATTEST
  Bytes signature;   // RSASSA, 256 bytes
  PcrBank pcrs{};
  CertificateChain chain;
};

struct SnpEvidence {
  Bytes report;  // ATTESTATION_REPORT
  CertificateChain chain;
};

struct Expectations {
  // What the quote's extraData, or report_data, must be, in full; nothing: freshness is unpinned.
  std::optional<Bytes> nonce;
  json::Node policy;  // verifier.local; may be missing
  std::chrono::system_clock::time_point now;
  Roots roots = amd_roots();
  // In DER, read_revocation_lists(); none: unpinned. Or why they could not be had.
  Proven<std::vector<Bytes>> revocation_lists = {};
};

[[nodiscard]] Appraisal verify(const VtpmEvidence& evidence, const Expectations& expected);
[[nodiscard]] Appraisal verify(const SnpEvidence& evidence, const Expectations& expected);

}  // namespace cpods::evidence
