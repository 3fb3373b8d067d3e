#include "commands/attest_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <thread>

#include "commands/attest_exit.h"
#include "commands/attest_gaps.h"
#include "commands/attest_gather.h"
#include "commands/attest_report.h"
#include "evidence/evidence_json.h"
#include "json/document.h"
#include "node/demand.h"
#include "node/output_folder.h"

namespace cpods::commands {
namespace {

using evidence::Appraisal;
using evidence::Doubt;
using evidence::Proven;
using evidence::refuse;

constexpr const char* kTerminationLog = "/dev/termination-log";

// How an attempt ended, in an exit code and a sentence.
struct Ending {
  AttestExit code = AttestExit::NotVerifiable;
  std::string sentence;
};

Ending ending_of(const evidence::Refusal& refusal) {
  return {exit_of(refusal.doubt), refusal.sentence};
}

Proven<void> keep(const AttestRun& run, std::string_view name, const std::string& text) {
  if (run.output.empty()) return {};
  if (const auto written = node::write_output(run.output, name, text); !written) {
    return refuse(Doubt::Transport, written.error().text());
  }
  return {};
}

Sources sources_of(const AttestRun& run) {
  return {.tcti = run.tcti, .imds = run.imds, .patience = run.patience};
}

Proven<Appraisal> appraise(const node::Demand& demand, const AttestRun& run,
                           const evidence::Roots& roots) {
  const auto settings = json::Document::parse(demand.settings);
  if (!settings) return refuse(Doubt::NotVerifiable, settings.error().text());
  const auto nonce = fresh_nonce();
  if (!nonce) return std::unexpected(nonce.error());
  const auto gathered = gather(demand, sources_of(run), *nonce);
  if (!gathered) return std::unexpected(gathered.error());
  const evidence::Expectations expected{.nonce = *nonce,
                                        .policy = settings->root(),
                                        .now = std::chrono::system_clock::now(),
                                        .roots = roots};
  const auto [text, appraisal] = std::visit(
      [&](const auto& each) {
        return std::pair(evidence::to_json(each), evidence::verify(each, expected));
      },
      *gathered);
  if (const auto kept = keep(run, "evidence.json", text); !kept) {
    return std::unexpected(kept.error());
  }
  if (const auto kept = keep(run, "result.json", to_json(appraisal)); !kept) {
    return std::unexpected(kept.error());
  }
  return appraisal;
}

// What the policy language can say and this version cannot do ends before anything is asked.
const AttestGap* gap_in(const node::Demand& demand) {
  if (demand.verifier == node::Verifier::Maa) return &kMaaGap;
  if (demand.verifier == node::Verifier::Kbs) return &kKbsGap;
  return nullptr;
}

Ending attest(const node::Demand& demand, const AttestRun& run, const evidence::Roots& roots) {
  if (const auto* gap = gap_in(demand)) {
    return {AttestExit::NotVerifiable, std::string(gap->clause)};
  }
  const auto appraisal = appraise(demand, run, roots);
  if (!appraisal) return ending_of(appraisal.error());
  return {exit_of(*appraisal), sentence_of(*appraisal)};
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
Ending attest_in_time(const node::Demand& demand, const AttestRun& run,
                      const evidence::Roots& roots) {
  std::promise<Ending> promise;
  auto answer = promise.get_future();
  std::thread([demand, run, roots, promise = std::move(promise)]() mutable {
    try {
      promise.set_value(attest(demand, run, roots));
    } catch (const std::exception& error) {
      promise.set_value(
          {AttestExit::NotVerifiable, std::string("internal error: ") + error.what()});
    }
  }).detach();
  if (answer.wait_for(run.patience) != std::future_status::ready) {
    return {AttestExit::Transport,
            "the node did not answer within " + std::to_string(run.patience.count()) + " s"};
  }
  return answer.get();
}

}  // namespace

int run_attest(const AttestRun& run, const evidence::Roots& roots) {
  const auto demand = node::parse_demand(run.attestation);
  const auto ending = demand ? attest_in_time(*demand, run, roots)
                             : Ending{AttestExit::Usage, "--attestation: " + demand.error().text()};
  const bool attested = ending.code == AttestExit::Attested;
  report("confidential-pods-attest: " +
             (attested ? "this node is attested: " + ending.sentence
                       : ending.sentence + "; the Pod is not allowed to start"),
         run.termination_log);
  return static_cast<int>(ending.code);
}

}  // namespace cpods::commands
