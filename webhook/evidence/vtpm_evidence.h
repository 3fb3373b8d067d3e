#pragma once
// What an Azure confidential VM can show for itself, and its appraisal. The chain, each link
// checked by the one before it:
//   AMD's root -> VCEK -> SNP report -> report_data -> runtime claims -> attestation key -> quote
// appraise() checks from the SNP report to the quote. It does not check AMD's signature over the
// SNP report: evidence that passes here is whole and fresh, and may still be made up by whoever
// made up the whole of it. Nobody may let a Pod start on its word alone. Plain values; any thread.

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "evidence/snp_report.h"
#include "evidence/tpm_quote.h"

namespace cpods::evidence {

struct VtpmEvidence {
  Bytes hcl_report;  // the content of the NV index
  Bytes quote;       // TPMS_ATTEST
  Bytes signature;   // RSASSA, 256 bytes
  PcrBank pcrs{};
};

// What the evidence says, as far as its own links prove it.
struct VtpmFacts {
  SnpReport report;
  bool secure_boot = false;
  PcrBank pcrs{};
};

// The facts, once everything that hangs on the SNP report holds: it is one of a guest that is
// neither debuggable nor migratable, at VMPL 0, with a signature in it; its report_data is the
// digest of the claims; the key in the claims signed the quote; the quote answers exactly `nonce`
// and covers exactly `pcrs`.
[[nodiscard]] Proven<VtpmFacts> appraise(const VtpmEvidence& evidence, ByteView nonce);

}  // namespace cpods::evidence
