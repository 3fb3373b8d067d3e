// confidential-pods: hands the command line to one of its subcommands, and nothing else.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "commands/backstop.h"
#include "commands/certs.h"
#include "commands/check.h"
#include "commands/exit_codes.h"
#include "commands/review.h"
#include "commands/serve.h"
#include "commands/webhooks.h"
#include "configuration/trusted.h"

namespace {

using namespace cpods::commands;

using Run = std::function<int()>;

// A subcommand: its options are bound by `describe`, which returns what runs it.
struct Command {
  const char* name;
  const char* help;
  Run (*describe)(CLI::App& app);
};

// Where a pool names no image, the step runs the image the webhook itself runs.
void add_step_image(CLI::App& app, std::string& image) {
  image = "confidential-pods:" CPODS_VERSION;
  app.add_option("--step-image", image, "Image of the attestation step where a pool names none")
      ->envname("CONFIDENTIAL_PODS_IMAGE")
      ->capture_default_str();
}

void add_trusted_schedulers(CLI::App& app, std::vector<std::string>& schedulers) {
  app.add_option("--trusted-scheduler", schedulers,
                 "User name that may bind Pods where policies reach; repeatable")
      ->allow_extra_args(false)
      ->capture_default_str();
}

void add_output(CLI::App& app, std::string& output) {
  app.add_option("-o,--output", output, "yaml | json")
      ->check(CLI::IsMember({"yaml", "json"}))
      ->capture_default_str();
}

void add_trusted(CLI::App& app, cpods::configuration::Trusted& trusted) {
  add_trusted_schedulers(app, trusted.schedulers);
  app.add_option("--trusted-group", trusted.groups,
                 "Group that may take namespaces out of policies; repeatable")
      ->allow_extra_args(false)
      ->capture_default_str();
}

Run describe_serve(CLI::App& app) {
  auto options = std::make_shared<ServeOptions>();
  app.add_option("--policies", options->policies, "Folder of policy files")->required();
  app.add_option("--listen", options->listen, "HOST:PORT of the HTTPS server")->required();
  app.add_option("--metrics-listen", options->metrics_listen,
                 "HOST:PORT of /metrics, /healthz and /readyz over plain HTTP");
  app.add_option("--tls-cert", options->tls_cert, "Certificate chain (PEM); watched for changes");
  app.add_option("--tls-key", options->tls_key, "Its private key (PEM)");
  app.add_option("--kubeconfig", options->kubeconfig,
                 "How to reach the API server; in a Pod its service account serves");
  app.add_flag("--manage-certificates", options->manage_certificates,
               "Keep the certificate in a Secret and caBundle in the webhook configurations");
  app.add_option("--certificate-secret", options->certificate_secret,
                 "NAMESPACE/NAME of the Secret")
      ->capture_default_str();
  app.add_option("--certificate-name", options->certificate_names, "DNS name of the certificate")
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_flag("--manage-webhooks", options->manage_webhooks,
               "Keep entries in the webhook configurations where the policies reach");
  add_trusted(app, options->trusted);
  app.add_option("--threads", options->threads, "Server threads; 0: one a core, at most 4")
      ->check(CLI::Range(0, 256));
  app.add_option("--drain-seconds", options->drain_seconds,
                 "How long to keep serving after SIGTERM, while endpoints are updated")
      ->check(CLI::Range(0, 300))
      ->capture_default_str();
  app.add_option("--log-level", options->log_level, "debug | info | warn | error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  add_step_image(app, options->step_image);
  return [options] { return serve(*options, std::cerr); };
}

Run describe_check(CLI::App& app) {
  auto directories = std::make_shared<std::vector<std::string>>();
  auto image = std::make_shared<std::string>();
  app.add_option("DIR", *directories, "Folders of policy files")->required();
  add_step_image(app, *image);
  return [directories, image] { return check(*directories, *image, std::cout, std::cerr); };
}

Run describe_review(CLI::App& app) {
  auto options = std::make_shared<ReviewOptions>();
  app.add_option("--policies", options->policies, "Folder of policy files")->required();
  app.add_option("-f,--filename,FILE", options->files,
                 "Manifests or AdmissionReviews, or a folder of them; - is standard input");
  app.add_option("--namespace-label", options->namespace_labels,
                 "NAMESPACE:KEY=VALUE, beside the Namespaces of the input")
      ->allow_extra_args(false);
  app.add_option("-n,--namespace", options->default_namespace,
                 "Namespace of objects that name none")
      ->capture_default_str();
  app.add_option("-o,--output", options->output, "summary | json | yaml | diff | review")
      ->check(CLI::IsMember({"summary", "json", "yaml", "diff", "review"}))
      ->capture_default_str();
  add_step_image(app, options->step_image);
  app.footer(
      "json: one object a line; yaml: the objects with their patches, without those that would be\n"
      "refused; diff: what changes, for a workload in its Pods; review: the answers to\n"
      "AdmissionReviews. Exit codes: 0 fine, 1 something would be refused, 2 unreadable input.");
  return [options] {
    options->colour = ::isatty(STDOUT_FILENO) != 0;
    return review(*options, std::cout, std::cerr);
  };
}

Run describe_webhooks(CLI::App& app) {
  auto options = std::make_shared<WebhooksOptions>();
  app.add_option("--policies", options->policies, "Folder of policy files")->required();
  auto* service = app.add_option("--service", options->service,
                                 "NAMESPACE/NAME:PORT of the Service that leads to the webhook")
                      ->capture_default_str();
  app.add_option("--url", options->url, "https://HOST:PORT, where no Service leads to it")
      ->excludes(service);
  app.add_option("--ca-file", options->ca_file,
                 "Authority of its certificate (PEM); left out, serve --manage-certificates writes "
                 "it");
  add_trusted(app, options->trusted);
  add_output(app, options->output);
  return [options] { return webhooks(*options, std::cout, std::cerr); };
}

Run describe_backstop(CLI::App& app) {
  auto options = std::make_shared<BackstopOptions>();
  app.add_option("--policies", options->policies, "Folder of policy files")->required();
  add_trusted_schedulers(app, options->schedulers);
  add_output(app, options->output);
  return [options] { return backstop(*options, std::cout, std::cerr); };
}

Run describe_certs(CLI::App& app) {
  struct Options {
    std::string folder;
    std::vector<std::string> names;
  };
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  auto* init = app.add_subcommand("init", std::string(kCertsInitHelp));
  init->add_option("--dir", options->folder, "Folder that receives the files")->required();
  init->add_option("--name", options->names, "DNS name or IP address of the server; repeatable")
      ->allow_extra_args(false)
      ->required();
  return [options] { return certs_init(options->folder, options->names, std::cout, std::cerr); };
}

Run describe_version(CLI::App&) {
  return [] {
    std::cout << "confidential-pods " CPODS_VERSION "\n";
    return kFine;
  };
}

constexpr Command kCommands[] = {
    {"serve", "Answer the API server's admission reviews", describe_serve},
    {"check", "Lint policy files", describe_check},
    {"review", "Tell what would happen to manifests, offline", describe_review},
    {"webhooks", "Print the webhook configurations that policies need", describe_webhooks},
    {"backstop", "Print admission policies that hold the core without a webhook",
     describe_backstop},
    {"certs", "Make certificates", describe_certs},
    {"version", "Print the version", describe_version},
};

// CLI11 would only say that a subcommand is missing.
bool is_no_command(std::string_view word) {
  const auto is_named = [&](const Command& command) { return word == command.name; };
  return !word.starts_with('-') && std::ranges::none_of(kCommands, is_named);
}

int tell_no_command(std::string_view word) {
  std::cerr << "\"" << word << "\" is no command; there are";
  for (const auto& command : kCommands) {
    std::cerr << (&command == std::begin(kCommands) ? " " : ", ") << command.name;
  }
  std::cerr << "\nRun with --help for more information.\n";
  return kUnusable;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Keeps sensitive Pods on AMD SEV-SNP nodes: places them, attests the node, guards secrets.",
      "confidential-pods");
  app.set_version_flag("--version", "confidential-pods " CPODS_VERSION);
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Run>> runs;
  for (const auto& command : kCommands) {
    auto* subcommand = app.add_subcommand(command.name, command.help);
    runs.emplace_back(subcommand, command.describe(*subcommand));
  }
  if (argc > 1 && is_no_command(argv[1])) return tell_no_command(argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kUnusable;
  }
  try {
    for (const auto& [subcommand, run] : runs) {
      if (subcommand->parsed()) return run();
    }
  } catch (const std::exception& error) {
    std::cerr << "confidential-pods: " << error.what() << "\n";
  }
  return kUnusable;
}
