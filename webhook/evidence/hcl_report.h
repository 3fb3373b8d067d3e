#pragma once
// The attestation report that Azure's paravisor (the HCL) leaves in vTPM NV memory: the hardware's
// own report in a fixed slot, then the runtime claims, a JSON text whose SHA-256 the hardware
// report carries. Layout: OpenHCL, openhcl_attestation_protocol/src/igvm_attest/get.rs;
// little-endian.
//
// Header and lengths are signed by nobody, so they are only believed where they agree with each
// other and with the number of bytes read. The result points into the caller's bytes. Any thread.

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "evidence/appraisal.h"

namespace cpods::evidence {

inline constexpr std::size_t kHclHardwareReportOffset = 0x20;
inline constexpr std::size_t kHclHardwareReportBytes = 1184;
inline constexpr std::size_t kHclClaimsOffset = 0x4D4;

struct HclReport {
  ByteView hardware_report;  // kHclHardwareReportBytes, an SNP ATTESTATION_REPORT
  ByteView runtime_claims;   // the JSON text, exactly as hashed
};

// `bytes`: the whole NV index, zero-padded behind the claims. The checks hcl.*; nothing where the
// bytes do not even hold the headers. The claims are empty where they have no place in the bytes.
[[nodiscard]] std::optional<HclReport> check_hcl_report(ByteView bytes, Appraisal& appraisal);

// Its parts without any check; nothing where the bytes do not hold the headers.
[[nodiscard]] std::optional<HclReport> read_hcl_report(ByteView bytes);

}  // namespace cpods::evidence
