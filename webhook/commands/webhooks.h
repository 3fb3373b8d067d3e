#pragma once
// `confidential-pods webhooks --policies DIR`: the two webhook configurations that these policies
// need, ready for kubectl apply.
// Pure apart from reading the files; one thread.

#include <ostream>
#include <string>

#include "configuration/trusted.h"

namespace cpods::commands {

struct WebhooksOptions {
  std::string policies;
  // How the API server reaches the webhook: a Service, or a URL outside the cluster.
  std::string service = "confidential-pods/confidential-pods:443";
  std::string url;
  std::string ca_file;  // PEM; empty: caBundle is left to --manage-certificates
  configuration::Trusted trusted;
  std::string output = "yaml";  // yaml | json
};

// 0: printed; 1: the policies have an error; 2: a file or an option cannot be read.
[[nodiscard]] int webhooks(const WebhooksOptions& options, std::ostream& out, std::ostream& err);

}  // namespace cpods::commands
