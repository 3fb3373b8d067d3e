#pragma once
// Where the API server is, and who we are to it: read from a kubeconfig file or from the account
// that Kubernetes mounts into a Pod.
//
// Nothing is guessed: ways of signing in that would run programs (exec, auth-provider) or drop a
// check (insecure-skip-tls-verify, plain http) are refused with a sentence.
// Plain values; any thread. Reading touches a few small files and blocks for as long.

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "net/endpoint.h"

namespace cpods::kube {

struct Access {
  net::Endpoint endpoint{"", 443};
  std::string base_path;               // "" or "/k8s/clusters/c-1"
  std::string ca_pem;                  // "" = the system's authorities
  std::string client_certificate_pem;  // "" = no client certificate
  std::string client_key_pem;
  std::string token;   // "" = no bearer token
  std::string origin;  // for messages: "kubeconfig F, context C" or "the Pod's service account"

  friend bool operator==(const Access&, const Access&) = default;
};

// Reads everything anew at each call, so that rotated tokens and authorities are picked up.
using AccessSource = std::function<Result<Access>()>;

inline constexpr const char* kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

// The current context of a kubeconfig (clientcmd v1, YAML or JSON). Relative paths in it start at
// its folder.
[[nodiscard]] Result<Access> from_kubeconfig(const std::string& path);

// KUBERNETES_SERVICE_HOST and _PORT, with token and ca.crt from `folder`.
[[nodiscard]] Result<Access> in_cluster(const std::string& folder = kServiceAccountFolder);

// The kubeconfig when one is named, else the Pod's account when there is one, else nothing.
[[nodiscard]] std::optional<AccessSource> find_access(const std::string& kubeconfig);

}  // namespace cpods::kube
