#pragma once
// `confidential-pods-attest run`: the attestation step's command. Its exit code alone decides
// whether the Pod's next container starts. On the node it changes nothing but, for a fresh report,
// the NV index that is there for it (node/report_renewal.h).

#include <string>

#include "commands/attest_gather.h"
#include "evidence/amd_chain.h"

namespace cpods::commands {

struct AttestRun {
  std::string attestation;  // JSON, node/demand.h
  std::string output;       // folder for what the application may read; empty: nothing is kept
  Sources sources;
  std::string termination_log;  // empty: the container runtime's, where there is one
};

// Reports on standard error and in the termination log, within sources.patience; returns the exit
// code.
[[nodiscard]] int run_attest(const AttestRun& run, const evidence::Roots& roots);

}  // namespace cpods::commands
