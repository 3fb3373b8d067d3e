#pragma once
// A report that was made for this attestation. Azure's paravisor renews the report in the vTPM when
// it is read from its beginning, at most every two seconds, with what the guest's own NV index
// holds then as `user-data` of its claims; a read that comes sooner, and a renewal that fails, give
// the old report without a word (OpenHCL, vm/devices/tpm/tpm_device/src/lib.rs). So the report is
// read until it carries the nonce, and one that never does is refused.
//
// The index is one for all Pods of a node, and a report that is renewed while it is read comes in
// two pieces. What is read decides, so that steps at the same time cost each other time, and
// nothing else; a lock on the device's file, which all of them see where it comes by hostPath, has
// them take turns. Blocks the calling thread.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "evidence/refusal.h"

namespace cpods::node {

inline constexpr std::uint32_t kUserDataIndex = 0x01400002;  // the guest's own

// The HCL report that answers `nonce`. Freshness where none comes within `limit`.
[[nodiscard]] evidence::Proven<Bytes> renewed_report(const std::string& tcti,
                                                     const std::string& device, ByteView nonce,
                                                     std::chrono::milliseconds limit);

}  // namespace cpods::node
