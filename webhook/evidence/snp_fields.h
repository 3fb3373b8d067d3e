#pragma once
// An ATTESTATION_REPORT taken apart into fields, as Trustee's snp evidence has it (the JSON of
// virtee/sev's AttestationReport), and put together again. Reserved bytes are in no field: they are
// zero, as firmware writes them; where a report had others, its signature does not hold. Pure; any
// thread.

#include <string>

#include "base/bytes.h"
#include "json/node.h"

namespace cpods::evidence {

// kSnpReportBytes bytes. Throws json::Malformed.
[[nodiscard]] Bytes assembled_report(json::Node fields);

// The fields as one JSON object, of kSnpReportBytes bytes; empty for a report that they do not say
// all of.
[[nodiscard]] std::string fields_of_report(ByteView report);

}  // namespace cpods::evidence
