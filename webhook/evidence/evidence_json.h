#pragma once
// Evidence as one JSON text, in the shapes that Trustee's verifiers take (kbs attestation protocol,
// az-snp-vtpm and snp): versions 1 and 2 of az-snp-vtpm with hex and base64url, version 0 with
// lists of bytes, and snp with the report in fields or raw. Any of them may stand in
// {"platform":…,"evidence":{…}}. Values; any thread.

#include <string>
#include <string_view>
#include <variant>

#include "evidence/refusal.h"
#include "evidence/verifier.h"

namespace cpods::evidence {

using Evidence = std::variant<VtpmEvidence, SnpEvidence>;

// Malformed, with the place, where it is none of these. What the bytes mean is not looked at.
[[nodiscard]] Proven<Evidence> read_evidence(std::string text);

// Version 2 of az-snp-vtpm; the chain's other certificates, where there are any, as `chain`, a list
// that Trustee passes over.
[[nodiscard]] std::string to_json(const VtpmEvidence& evidence);
// snp, with all certificates that came along. A report that Trustee's fields do not say all of is
// written raw, which Trustee does not read.
[[nodiscard]] std::string to_json(const SnpEvidence& evidence);

// The SHA-256 bank from its 24 values one after the other; Malformed for any other length.
[[nodiscard]] Proven<PcrBank> read_pcrs(ByteView bytes);

}  // namespace cpods::evidence
