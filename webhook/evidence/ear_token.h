#pragma once
// What a key broker service says of a node that it was asked about: an EAT Attestation Result
// (draft-ietf-rats-ear) as Trustee issues it. The service was reached over TLS by its own name, and
// that vouches for the token here; its signature is for whom the token is shown to. Pure; any
// thread.

#include <chrono>
#include <string_view>

#include "evidence/appraisal.h"

namespace cpods::evidence {

// The checks kbs.*. A token is issued for evidence of every worth: what counts is that each
// submodule's ear.status is "affirming".
void check_ear_token(std::string_view token, std::chrono::system_clock::time_point now,
                     Appraisal& appraisal);

}  // namespace cpods::evidence
