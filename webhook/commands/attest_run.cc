#include "commands/attest_run.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <thread>

#include "commands/attest_exit.h"
#include "commands/attest_gaps.h"
#include "evidence/local_policy.h"
#include "json/document.h"
#include "node/evidence_file.h"
#include "node/sev_guest.h"
#include "node/vtpm.h"

namespace cpods::commands {
namespace {

using evidence::Doubt;
using evidence::Refusal;

constexpr const char* kTerminationLog = "/dev/termination-log";
// As many bytes as Azure's vTPM surely takes, and far too many to guess.
constexpr std::size_t kNonceBytes = 32;

const AttestGap& gap_of(node::Verifier verifier) {
  switch (verifier) {
    case node::Verifier::Maa:
      return kMaaGap;
    case node::Verifier::Kbs:
      return kKbsGap;
    case node::Verifier::Local:
      break;
  }
  return kLocalGap;
}

// The last word on evidence in which everything else holds.
Refusal unverified(const node::Demand& demand, const evidence::VtpmFacts& facts) {
  const std::string whole = "the node's SNP report (measurement " +
                            hex_encode(facts.report.measurement) +
                            ") and TPM quote fit each other, but ";
  return {Doubt::NotVerifiable, whole + std::string(gap_of(demand.verifier).clause)};
}

evidence::Proven<void> check_settings(const node::Demand& demand,
                                      const evidence::VtpmFacts& facts) {
  if (demand.verifier != node::Verifier::Local) return {};
  const auto settings = json::Document::parse(demand.settings);
  if (!settings) return evidence::refuse(Doubt::NotVerifiable, settings.error().text());
  return evidence::check_local_policy(settings->root(), facts);
}

Refusal attest_vtpm(const node::Demand& demand, const AttestRun& run) {
  if (run.tcti.empty()) {
    if (auto there = node::require_device(demand.device); !there) return there.error();
  }
  std::array<std::uint8_t, kNonceBytes> nonce;
  if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) {
    return {Doubt::Transport, "the random number generator of this node does not answer"};
  }
  const auto tcti = run.tcti.empty() ? "device:" + demand.device : run.tcti;
  const auto gathered = node::collect_vtpm(tcti, nonce);
  if (!gathered) return gathered.error();
  if (!run.output.empty()) {
    if (const auto written = node::write_evidence(run.output, *gathered); !written) {
      return {Doubt::Transport, written.error().text()};
    }
  }
  const auto facts = evidence::appraise(*gathered, nonce);
  if (!facts) return facts.error();
  if (const auto met = check_settings(demand, *facts); !met) return met.error();
  return unverified(demand, *facts);
}

Refusal attest_sev_guest(const node::Demand& demand) {
  if (auto there = node::require_sev_guest(demand.device); !there) return there.error();
  return {Doubt::NotVerifiable, "this node can report by itself (evidence sev-snp), but " +
                                    std::string(kSevSnpGap.clause)};
}

// The sentence is the last line of the log, because that is what `kubectl logs --tail 1` and a
// person's eye show first.
void report(const std::string& line, const std::string& termination_log) {
  std::fprintf(stderr, "%s\n", line.c_str());
  // The container runtime made its file; on a machine without one, none appears.
  const bool given = !termination_log.empty();
  const char* path = given ? termination_log.c_str() : kTerminationLog;
  const int file =
      ::open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | (given ? O_CREAT : 0), 0644);
  if (file < 0) return;
  const std::string text = line + "\n";
  if (::write(file, text.data(), text.size()) < 0) std::perror(path);
  ::close(file);
}

// The work on a thread of its own, because a device may block where nothing can interrupt it.
Refusal attest_in_time(const node::Demand& demand, const AttestRun& run) {
  std::promise<Refusal> promise;
  auto answer = promise.get_future();
  std::thread([demand, run, promise = std::move(promise)]() mutable {
    try {
      promise.set_value(attest(demand, run));
    } catch (const std::exception& error) {
      promise.set_value({Doubt::NotVerifiable, std::string("internal error: ") + error.what()});
    }
  }).detach();
  if (answer.wait_for(run.patience) != std::future_status::ready) {
    return {Doubt::Transport,
            "the device did not answer within " + std::to_string(run.patience.count()) + " s"};
  }
  return answer.get();
}

}  // namespace

Refusal attest(const node::Demand& demand, const AttestRun& run) {
  switch (demand.evidence) {
    case node::EvidenceKind::AzureVtpm:
      return attest_vtpm(demand, run);
    case node::EvidenceKind::SevSnp:
      return attest_sev_guest(demand);
  }
  return {Doubt::NotVerifiable, "unknown kind of evidence"};
}

int run_attest(const AttestRun& run) {
  const auto demand = node::parse_demand(run.attestation);
  if (!demand) {
    report("confidential-pods-attest: --attestation: " + demand.error().text() +
               "; the Pod is not allowed to start",
           run.termination_log);
    return static_cast<int>(AttestExit::Usage);
  }
  const Refusal refusal = attest_in_time(*demand, run);
  report("confidential-pods-attest: " + refusal.sentence + "; the Pod is not allowed to start",
         run.termination_log);
  return static_cast<int>(exit_of(refusal.doubt));
}

}  // namespace cpods::commands
