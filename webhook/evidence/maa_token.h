#pragma once
// What Microsoft Azure Attestation says of a node that it was asked about with SevSnpVm: a token
// that its instance signs. Claims: Microsoft's "Azure Attestation claim sets". Pure; any thread.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "evidence/appraisal.h"
#include "evidence/web_token.h"

namespace cpods::evidence {

struct MaaExpectations {
  std::string issuer;  // the instance that was asked, as its tokens spell it
  Bytes user_data;     // 64 bytes: what the vTPM was told to put into the report's claims
  bool require_secure_boot = false;
  std::chrono::system_clock::time_point now;
};

// The checks maa.*, each for itself. `keys`: what the issuer publishes, fetched from itself.
void check_maa_token(std::string_view token, const std::vector<IssuerKey>& keys,
                     const MaaExpectations& expected, Appraisal& appraisal);

}  // namespace cpods::evidence
