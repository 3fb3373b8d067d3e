#include "commands/attest_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <thread>

#include "commands/attest_attempt.h"
#include "commands/attest_exit.h"
#include "commands/attest_report.h"
#include "node/demand.h"
#include "node/output_folder.h"

namespace cpods::commands {
namespace {

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

Proven<void> keep(const AttestRun& run, std::string_view name, std::string_view text) {
  if (run.output.empty()) return {};
  if (const auto written = node::write_output(run.output, name, text); !written) {
    return refuse(Doubt::Transport, written.error().text());
  }
  return {};
}

constexpr std::string_view kEvidence = "evidence.json";
constexpr std::string_view kResult = "result.json";
constexpr std::string_view kToken = "token.jwt";
constexpr std::string_view kResource = "resource";

// An init container may run again in the same folder: what an attempt leaves is of this attempt.
Proven<void> remove(const AttestRun& run, std::initializer_list<std::string_view> names) {
  if (run.output.empty()) return {};
  if (const auto removed = node::remove_outputs(run.output, names); !removed) {
    return refuse(Doubt::Transport, removed.error().text());
  }
  return {};
}

// Evidence and result of every attempt, for whoever looks into a refusal, the result last; what a
// remote verifier gives is for applications of nodes that are attested.
Proven<void> keep_all(const AttestRun& run, const Attempt& made) {
  const bool verified = made.appraisal.verified();
  auto kept = keep(run, kEvidence, made.evidence + "\n");
  if (kept && verified && !made.token.empty()) kept = keep(run, kToken, made.token + "\n");
  if (kept && verified && made.resource) kept = keep(run, kResource, as_text(*made.resource));
  if (kept) kept = keep(run, kResult, to_json(made.appraisal) + "\n");
  return kept;
}

Proven<Attempt> attest(const node::Demand& demand, const Sources& sources,
                       const evidence::Roots& roots) {
  try {
    return attempt(demand, sources, roots);
  } catch (const std::exception& error) {
    return refuse(Doubt::NotVerifiable, std::string("internal error: ") + error.what());
  }
}

// On a thread of its own, because a device may block where nothing can interrupt it; what comes too
// late is heard by nobody, and writes nothing.
Proven<Attempt> attest_in_time(const node::Demand& demand, const Sources& sources,
                               const evidence::Roots& roots) {
  std::promise<Proven<Attempt>> promise;
  auto answer = promise.get_future();
  std::thread([demand, sources, roots, promise = std::move(promise)]() mutable {
    promise.set_value(attest(demand, sources, roots));
  }).detach();
  if (answer.wait_for(sources.patience) == std::future_status::ready) return answer.get();
  return refuse(Doubt::Transport, "the node did not answer within " +
                                      std::to_string(sources.patience.count()) + " s");
}

Ending end(const AttestRun& run, const evidence::Roots& roots) {
  const auto clean = remove(run, {kEvidence, kResult, kToken, kResource});
  const auto demand = node::parse_demand(run.attestation);
  if (!demand) return {AttestExit::Usage, "--attestation: " + demand.error().text()};
  if (!clean) return ending_of(clean.error());
  const auto made = attest_in_time(*demand, run.sources, roots);
  if (!made) return ending_of(made.error());
  if (const auto kept = keep_all(run, *made); !kept) {
    (void)remove(run, {kToken, kResource});
    return ending_of(kept.error());
  }
  const bool is_remote = made->appraisal.verified() && !made->verified_by.empty();
  return {exit_of(made->appraisal),
          is_remote ? "verified by " + made->verified_by : sentence_of(made->appraisal)};
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

}  // namespace

int run_attest(const AttestRun& run, const evidence::Roots& roots) {
  const auto ending = end(run, roots);
  const bool attested = ending.code == AttestExit::Attested;
  report("confidential-pods-attest: " +
             (attested ? "this node is attested: " + ending.sentence
                       : ending.sentence + "; the Pod is not allowed to start"),
         run.termination_log);
  return static_cast<int>(ending.code);
}

}  // namespace cpods::commands
