#pragma once
// What a pool asks of the facts that a node's evidence proves: the settings of verifier.local, one
// rule each (policies/schema, LocalVerifier). A setting that is absent is told as unpinned;
// debugging and migration are refused without any setting (verifier.h). Any thread.

#include <string_view>

#include "evidence/appraisal.h"
#include "evidence/snp_report.h"
#include "evidence/tpm_quote.h"
#include "json/node.h"

namespace cpods::evidence {

// What the evidence says; what a pointer is for may be missing.
struct Facts {
  SnpReport report;
  std::string_view product;         // as its certificate proves it; Milan, Genoa, Turin or empty
  bool revocation_checked = false;  // x509.crl passed
  const bool* secure_boot = nullptr;
  const PcrBank* pcrs = nullptr;
  const bool* fresh_report = nullptr;  // made for this attestation, on Azure by its user-data
};

[[nodiscard]] bool is_local_setting(std::string_view name);

// A check policy.SETTING for each that there is. `settings` may be missing: nothing is pinned then.
void check_local_policy(json::Node settings, const Facts& facts, Appraisal& appraisal);

}  // namespace cpods::evidence
