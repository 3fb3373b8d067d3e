// confidential-pods-attest: what the injected init container runs on the node.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "commands/attest_exit.h"
#include "commands/attest_run.h"

namespace {

void describe_run(CLI::App& app, cpods::commands::AttestRun& run) {
  auto* command = app.add_subcommand("run", "Attest this node, or keep the Pod from starting");
  command
      ->add_option("--attestation", run.attestation,
                   "What is demanded of the node, as the webhook writes it (JSON)")
      ->required();
  command->add_option("--output", run.output, "Folder that receives evidence.json");
  command->add_option("--tcti", run.tcti,
                      "TPM to talk to instead of the demanded device, as a TCTI configuration");
  command->add_option("--termination-log", run.termination_log,
                      "File that receives the last line (default: /dev/termination-log)");
  command
      ->add_option_function<unsigned>(
          "--timeout", [&run](unsigned seconds) { run.patience = std::chrono::seconds(seconds); },
          "Seconds until a device that does not answer counts as broken (default: 60)")
      ->check(CLI::Range(1, 3600));
  command->footer(cpods::commands::exit_code_help());
}

}  // namespace

int main(int argc, char** argv) {
  using cpods::commands::AttestExit;
  // tpm2-tss prints to standard error by itself; our one sentence says it in context.
  ::setenv("TSS2_LOG", "all+NONE", 0);
  CLI::App app("Attests a confidential node before a Pod's first container starts.",
               "confidential-pods-attest");
  app.set_version_flag("--version", "confidential-pods-attest " CPODS_VERSION);
  app.require_subcommand(1);
  app.footer(cpods::commands::exit_code_help());
  cpods::commands::AttestRun run;
  describe_run(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(AttestExit::Usage);
  }
  // Without destructors: a thread may still wait for a device that does not answer.
  const int code = cpods::commands::run_attest(run);
  std::fflush(nullptr);
  std::_Exit(code);
}
