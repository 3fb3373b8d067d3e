#pragma once
// `confidential-pods serve`: wires policies, cluster, certificates and the HTTPS server together.
// Runs until SIGTERM or SIGINT; owns every thread it starts.

#include <ostream>
#include <string>
#include <vector>

#include "configuration/trusted.h"

namespace cpods::commands {

struct ServeOptions {
  std::string policies;
  std::string listen;
  std::string metrics_listen;  // empty: no plain HTTP port
  std::string tls_cert;
  std::string tls_key;
  std::string kubeconfig;  // empty: the Pod's service account, where there is one
  bool manage_certificates = false;
  std::string certificate_secret = "confidential-pods/confidential-pods-tls";
  std::vector<std::string> certificate_names = {"confidential-pods.confidential-pods.svc"};
  bool manage_webhooks = false;
  configuration::Trusted trusted;  // for manage_webhooks
  unsigned threads = 0;
  unsigned drain_seconds = 10;
  std::string log_level = "info";
  std::string step_image;
};

// 0 after a graceful stop; 1 when policies are refused at start; 2 for unusable options, folders,
// files, addresses or access.
[[nodiscard]] int serve(const ServeOptions& options, std::ostream& err);

}  // namespace cpods::commands
