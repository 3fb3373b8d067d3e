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

// The HCL report, and a quote over `nonce` with the PCR values it covers; no certificates.
[[nodiscard]] evidence::Proven<evidence::VtpmEvidence> collect_vtpm(const std::string& tcti,
                                                                    ByteView nonce);

}  // namespace cpods::node
