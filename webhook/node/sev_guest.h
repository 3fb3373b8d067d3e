#pragma once
// Bare SEV-SNP guests, which ask the firmware themselves: by the sev-guest driver's device, or
// since Linux 6.7 by configfs-tsm.

#include <string>

#include "evidence/refusal.h"

namespace cpods::node {

inline constexpr const char* kConfigfsTsm = "/sys/kernel/config/tsm/report";

// NotATee where neither the device nor the configfs folder is there, Transport where the device may
// not be opened, and nothing where there is something to ask.
[[nodiscard]] evidence::Proven<void> require_sev_guest(const std::string& device,
                                                       const std::string& configfs = kConfigfsTsm);

}  // namespace cpods::node
