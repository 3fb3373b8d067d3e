#pragma once
// Bare SEV-SNP guests, which ask the firmware themselves, through the sev-guest driver's device
// (linux/include/uapi/linux/sev-guest.h).
// Functions; any thread. Each call opens the device anew.

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "evidence/verifier.h"

namespace cpods::node {

// ioctl(2), for tests to stand in for: 0, or -1 with errno.
using Ioctl = std::function<int(int file, unsigned long request, void* argument)>;
[[nodiscard]] Ioctl system_ioctl();

// An extended report whose report_data is `nonce` followed by zeros, with the certificates that the
// host gives, which may be none: then the chain's leaf is empty. `nonce`: at most 64 bytes. NotATee
// where there is no such device, Transport where it or the firmware does not answer.
[[nodiscard]] evidence::Proven<evidence::SnpEvidence> collect_snp(
    const std::string& device, ByteView nonce, const Ioctl& call = system_ioctl());

}  // namespace cpods::node
