#pragma once
// `confidential-pods-attest run`: the attestation step's command. It starts nothing and changes
// nothing on the node; its exit code alone decides whether the Pod's next container starts.

#include <chrono>
#include <string>

#include "evidence/amd_chain.h"

namespace cpods::commands {

struct AttestRun {
  std::string attestation;      // JSON, node/demand.h
  std::string output;           // folder for evidence.json and result.json; empty: nothing is kept
  std::string tcti;             // instead of the demanded device; empty: "device:<device>"
  std::string imds;             // http://HOST:PORT instead of Azure's; empty: Azure's
  std::string termination_log;  // empty: the container runtime's, where there is one
  // A vTPM quotes in well under a second; a device that hangs must not keep a Pod in Init for ever.
  std::chrono::seconds patience{60};
};

// Reports on standard error and in the termination log, within run.patience; returns the exit code.
[[nodiscard]] int run_attest(const AttestRun& run, const evidence::Roots& roots);

}  // namespace cpods::commands
