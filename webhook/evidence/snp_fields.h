#pragma once
// An ATTESTATION_REPORT put together again from the fields that it was taken apart into, as
// Trustee's snp evidence has it (virtee/sev's JSON). Reserved bytes are zero, as firmware writes
// them: where a report had others, its signature does not hold. Pure; any thread.

#include "base/bytes.h"
#include "json/node.h"

namespace cpods::evidence {

// kSnpReportBytes bytes. Throws json::Malformed.
[[nodiscard]] Bytes assembled_report(json::Node fields);

}  // namespace cpods::evidence
