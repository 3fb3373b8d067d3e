#include "commands/attest_program.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "commands/attest_collect.h"
#include "commands/attest_exit.h"
#include "commands/attest_run.h"
#include "commands/attest_verify.h"
#include "net/endpoint.h"

namespace cpods::commands {
namespace {

// What is wrong with an address for --imds; "" where nothing is.
std::string flaw_of_imds(const std::string& text) {
  const auto url = net::parse_url(text);
  if (!url) return url.error().text();
  return url->tls || !url->path.empty() ? "must be http://HOST:PORT" : "";
}

// What is wrong with an address for --kds; "" where nothing is.
std::string flaw_of_kds(const std::string& text) {
  const auto url = net::parse_url(text);
  if (!url) return url.error().text();
  return url->path.empty() ? "" : "must be http://HOST:PORT or https://HOST:PORT";
}

CLI::App* describe_run(CLI::App& app, AttestRun& run) {
  auto* command = app.add_subcommand("run", "Attest this node, or keep the Pod from starting");
  command
      ->add_option("--attestation", run.attestation,
                   "What is demanded of the node, as the webhook writes it (JSON)")
      ->required();
  command->add_option(
      "--output", run.output,
      "Folder that receives evidence.json, result.json and what a remote verifier gives");
  command->add_option("--tcti", run.sources.tcti,
                      "TPM to talk to instead of the demanded device, as a TCTI configuration");
  command
      ->add_option("--imds", run.sources.imds,
                   "http://HOST:PORT to ask for the VCEK's certificate, instead of Azure's")
      ->check(flaw_of_imds);
  command
      ->add_option("--kds", run.sources.kds,
                   "http[s]://HOST:PORT to ask instead of AMD's key service, kdsintf.amd.com")
      ->check(flaw_of_kds);
  command->add_option("--termination-log", run.termination_log,
                      "File that receives the last line (default: /dev/termination-log)");
  command
      ->add_option_function<unsigned>(
          "--timeout",
          [&run](unsigned seconds) { run.sources.patience = std::chrono::seconds(seconds); },
          "Seconds until what does not answer counts as broken (default: 60)")
      ->check(CLI::Range(1, 3600));
  command->footer(exit_code_help());
  return command;
}

CLI::App* describe_verify(CLI::App& app, AttestVerify& verify) {
  auto* command = app.add_subcommand("verify", "Verify evidence in files, offline");
  auto* evidence =
      command->add_option("--evidence", verify.evidence,
                          "Evidence as one JSON file, such as evidence.json; - is standard input");
  command->add_option("--hcl-report", verify.hcl_report, "Azure: content of the report's NV index")
      ->excludes(evidence);
  command->add_option("--quote", verify.quote, "Azure: the TPM's quote (TPMS_ATTEST)")
      ->excludes(evidence);
  command->add_option("--quote-signature", verify.quote_signature, "Azure: its signature")
      ->excludes(evidence);
  command->add_option("--pcrs", verify.pcrs, "Azure: the 24 PCRs of the SHA-256 bank, 768 bytes")
      ->excludes(evidence);
  command->add_option("--snp-report", verify.snp_report, "Bare SEV-SNP: the attestation report")
      ->excludes(evidence);
  command->add_option("--vcek", verify.vcek, "Certificate of the key that signed it, DER or PEM")
      ->excludes(evidence);
  command->add_option("--chain", verify.chain, "Certificates above it, DER or PEM; default: AMD's")
      ->excludes(evidence);
  command
      ->add_option("--crl", verify.revocation_lists,
                   "List of certificates that AMD revoked, DER or PEM; repeatable; default: "
                   "revocation is not pinned")
      ->allow_extra_args(false);
  command->add_option("--policy", verify.policy,
                      "Settings of verifier.local, YAML or JSON; default: nothing is pinned");
  command->add_option_function<std::string>(
      "--nonce",
      [&verify](const std::string& hex) {
        verify.nonce = hex;
        verify.has_nonce = true;
      },
      "What the evidence must answer, hexadecimal; default: freshness is not pinned");
  command->add_option("--time", verify.time,
                      "When to verify, 2026-01-31T12:00:00Z or Unix seconds; default: now");
  command->add_option("-o,--output", verify.output, "text | json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer(exit_code_help());
  return command;
}

CLI::App* describe_collect(CLI::App& app, AttestCollect& collect) {
  auto* command = app.add_subcommand("collect", "Print this node's evidence, for a verifier");
  command->add_option("--evidence", collect.evidence, "azure-vtpm | sev-snp")
      ->check(CLI::IsMember({"azure-vtpm", "sev-snp"}))
      ->capture_default_str();
  command->add_option(
      "--device", collect.device,
      "Device file, or for sev-snp the folder of configfs-tsm (default: /dev/tpmrm0 or "
      "/dev/sev-guest)");
  command->add_option("--tcti", collect.sources.tcti,
                      "TPM to talk to instead of the device, as a TCTI configuration");
  command
      ->add_option("--imds", collect.sources.imds,
                   "http://HOST:PORT to ask for the VCEK's certificate, instead of Azure's")
      ->check(flaw_of_imds);
  command
      ->add_option("--kds", collect.sources.kds,
                   "http[s]://HOST:PORT to ask instead of AMD's key service, kdsintf.amd.com")
      ->check(flaw_of_kds);
  command->add_option("--nonce", collect.nonce,
                      "What the evidence shall answer, at most 48 bytes in hexadecimal (default: "
                      "random, told on standard error)");
  command->add_flag("--fresh-report", collect.fresh_report,
                    "azure-vtpm: have the report renewed, too, so that its user-data is the nonce");
  command->add_option("-o,--output", collect.output, "File (default: standard output)");
  command->footer(exit_code_help());
  return command;
}

}  // namespace

int attest_program(int argc, char** argv, const evidence::Roots& roots) {
  CLI::App app("Attests a confidential node before a Pod's first container starts.",
               "confidential-pods-attest");
  app.set_version_flag("--version", "confidential-pods-attest " CPODS_VERSION);
  app.require_subcommand(1);
  app.footer(exit_code_help());
  AttestRun run;
  AttestCollect collect;
  AttestVerify verify;
  const auto* run_command = describe_run(app, run);
  const auto* collect_command = describe_collect(app, collect);
  describe_verify(app, verify);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(AttestExit::Usage);
  }
  if (run_command->parsed()) return run_attest(run, roots);
  if (collect_command->parsed()) return collect_evidence(collect, std::cout, std::cerr);
  return verify_evidence(verify, roots, std::cout, std::cerr);
}

}  // namespace cpods::commands
