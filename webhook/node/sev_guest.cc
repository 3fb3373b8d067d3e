#include "node/sev_guest.h"

#include <filesystem>
#include <system_error>

#include "node/vtpm.h"

namespace cpods::node {

evidence::Proven<void> require_sev_guest(const std::string& device, const std::string& configfs) {
  auto opened = require_device(device);
  if (opened || opened.error().doubt != evidence::Doubt::NotATee) return opened;
  std::error_code ignored;
  if (std::filesystem::is_directory(configfs, ignored)) return {};
  return evidence::refuse(evidence::Doubt::NotATee,
                          "there is neither " + device + " nor " + configfs + " on this node");
}

}  // namespace cpods::node
