#pragma once
// The evidence as a file, so that any third party can verify it again: the JSON shape that
// Trustee's az-snp-vtpm verifier reads (version 2), with `vcek` only where one was fetched.

#include <string>

#include "base/error.h"
#include "evidence/vtpm_evidence.h"

namespace cpods::node {

// {"version":2,"tpm_quote":{"signature":hex,"message":hex,"pcrs":[hex x
// 24]},"hcl_report":base64url}
[[nodiscard]] std::string to_json(const evidence::VtpmEvidence& evidence);

// Writes `folder`/evidence.json, readable by everybody, whole or not at all.
[[nodiscard]] Result<void> write_evidence(const std::string& folder,
                                          const evidence::VtpmEvidence& evidence);

}  // namespace cpods::node
