#pragma once
// Gathers what the vTPM of an Azure confidential VM shows: handles as Azure documents them for its
// guest attestation.

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "evidence/verifier.h"

namespace cpods::node {

inline constexpr std::uint32_t kHclReportIndex = 0x01400001;
inline constexpr std::uint32_t kAttestationKey = 0x81000003;

// Whether a device file is there and may be opened: NotATee when it is not there, Transport when it
// is there and this process may not use it.
[[nodiscard]] evidence::Proven<void> require_device(const std::string& path);

// Whether the claims of a report are those that its hardware report vouches for. Where they are
// not, it may have been renewed between two reads: reading is a chunk at a time.
[[nodiscard]] bool is_of_one_piece(ByteView hcl_report);

// The HCL report of the vTPM as it is; read again where it is not of one piece, some times.
[[nodiscard]] evidence::Proven<Bytes> present_report(const std::string& tcti);

// `hcl_report` with a quote over `nonce` and the PCR values it covers; no certificates.
[[nodiscard]] evidence::Proven<evidence::VtpmEvidence> quoted_evidence(const std::string& tcti,
                                                                       Bytes hcl_report,
                                                                       ByteView nonce);

}  // namespace cpods::node
