#pragma once
// What a pool demands of a node before its Pods may start: the attestation step's --attestation
// argument, one JSON object, as the webhook writes it from the pool:
//   {"evidence":"azure-vtpm","device":"/dev/tpmrm0","verifier":{"local":{"vmpl":0}}}
// Plain value; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cpods::node {

enum class EvidenceKind : std::uint8_t { AzureVtpm, SevSnp };
enum class Verifier : std::uint8_t { Local, Maa, Kbs };

struct Demand {
  EvidenceKind evidence = EvidenceKind::AzureVtpm;
  std::string device;  // absolute path of the device file, or of configfs-tsm's folder
  Verifier verifier = Verifier::Local;
  std::string settings;  // the verifier's own settings, one JSON object
};

// `device` may be left out: /dev/tpmrm0 for azure-vtpm, /dev/sev-guest for sev-snp.
// Malformed or Invalid, with the place, for anything that is not known: a setting that this version
// does not understand must not be taken for one that holds.
[[nodiscard]] Result<Demand> parse_demand(std::string_view json);

}  // namespace cpods::node
