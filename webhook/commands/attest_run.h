#pragma once
// `confidential-pods-attest run`: the attestation step's command. It starts nothing and changes
// nothing on the node; its exit code alone decides whether the Pod's next container starts.
//
// This version gathers the evidence and checks it from the SNP report down to the quote, but does
// not verify AMD's signature over the SNP report. Therefore it never returns 0.

#include <chrono>
#include <string>

#include "evidence/refusal.h"
#include "node/demand.h"

namespace cpods::commands {

struct AttestRun {
  std::string attestation;      // JSON, node/demand.h
  std::string output;           // folder for evidence.json; empty: it is not kept
  std::string tcti;             // instead of the demanded device; empty: "device:<device>"
  std::string termination_log;  // empty: the container runtime's, where there is one
  // A vTPM quotes in well under a second; a device that hangs must not keep a Pod in Init for ever.
  std::chrono::seconds patience{60};
};

// Why the Pod may not start.
[[nodiscard]] evidence::Refusal attest(const node::Demand& demand, const AttestRun& run);

// Reports on standard error and in the termination log, within run.patience; returns the exit code.
int run_attest(const AttestRun& run);

}  // namespace cpods::commands
