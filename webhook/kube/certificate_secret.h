#pragma once
// The Secret that holds the webhook's authority and certificate, read and written.
//
// Keys: ca.crt, ca.key, tls.crt, tls.key (PEM). Whatever else the Secret carries stays as it is:
// labels, annotations, further keys, its type. Without ca.key its certificate is someone else's to
// renew (cert-manager, an administrator) and is only taken.
// Plain values; any thread.

#include <string>

#include "base/error.h"
#include "json/node.h"

namespace cpods::kube {

struct CertificateFiles {
  std::string ca_crt;  // one certificate or several: what clients are told to trust
  std::string ca_key;
  std::string tls_crt;
  std::string tls_key;

  [[nodiscard]] bool complete() const {
    return !ca_crt.empty() && !tls_crt.empty() && !tls_key.empty();
  }
  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

// Absent keys read as "". Malformed where a value is not base64. Throws json::Malformed.
[[nodiscard]] Result<CertificateFiles> read_files(json::Node secret);

// A new Secret of type kubernetes.io/tls.
[[nodiscard]] std::string new_secret(const std::string& name_space, const std::string& name,
                                     const CertificateFiles& files);

// The same Secret with the four keys replaced; keeps its resourceVersion, so that a PUT of it fails
// with 409 when another replica was faster.
[[nodiscard]] std::string updated_secret(json::Node secret, const CertificateFiles& files);

}  // namespace cpods::kube
