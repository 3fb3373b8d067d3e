#pragma once
// The certificates that a host gives its guest with an extended report (GHCB specification, "SNP
// Extended Guest Request"): entries of GUID, offset and length, ended by one of zeros, and the DER
// certificates behind them. Nobody signs the table; what it holds is pinned by the verifier.
// Pure; any thread.

#include "evidence/amd_chain.h"
#include "evidence/refusal.h"

namespace cpods::evidence {

// The leaf is the VCEK, or else the VLEK; an empty leaf where there is neither. Malformed where an
// entry leads out of the table or the table does not end.
[[nodiscard]] Proven<CertificateChain> read_certificate_table(ByteView table);

}  // namespace cpods::evidence
