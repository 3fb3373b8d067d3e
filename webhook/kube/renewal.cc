#include "kube/renewal.h"

#include <string_view>
#include <utility>

#include "certs/authority.h"
#include "certs/inspect.h"

namespace cpods::kube {
namespace {

using Time = std::chrono::system_clock::time_point;

Result<void> accepted(const CertificateFiles& files, const std::vector<std::string>& names,
                      Time now) {
  for (const std::string& name : names) {
    auto each = certs::accepts(files.ca_crt, files.tls_crt, name, now);
    if (!each) return each;
  }
  return {};
}

// Without ca.key: nothing to do but take it, or say why not.
Result<std::optional<CertificateFiles>> foreign(const CertificateFiles& files,
                                                const std::vector<std::string>& names, Time now) {
  if (!files.complete()) {
    return failure(ErrorCode::Unavailable, "data",
                   "ca.crt, tls.crt and tls.key are not all there, and there is no ca.key to issue "
                   "them with; delete the Secret to have it made anew");
  }
  if (const auto good = accepted(files, names, now); !good) {
    return failure(
        ErrorCode::Unavailable, "data[tls.crt]",
        good.error().message + "; there is no ca.key, so whoever made the Secret must renew it");
  }
  return std::nullopt;
}

struct Issuer {
  certs::Authority authority;
  std::string trusted;  // PEM: what clients must trust from now on
};

std::string_view first_certificate(std::string_view pem) {
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";
  const auto end = pem.find(kEnd);
  return end == std::string_view::npos ? pem : pem.substr(0, end + kEnd.size());
}

// A new authority, and beside it the one before for as long as that is valid.
Result<Issuer> successor(std::string_view before, Time now) {
  auto made = certs::Authority::create(now);
  if (!made) return std::unexpected(std::move(made.error()));
  std::string trusted = made->pem().certificate;
  if (const auto life = certs::validity(before); life && now < life->not_after) {
    trusted += first_certificate(before);
  }
  return Issuer{std::move(*made), std::move(trusted)};
}

Result<Issuer> issuer_of(const CertificateFiles& files, std::string_view trusted, Time now) {
  if (files.ca_key.empty()) return successor(trusted, now);
  auto loaded = certs::Authority::load(files.ca_crt, files.ca_key);
  if (!loaded) {
    return failure(ErrorCode::Invalid, "data[ca.crt]",
                   loaded.error().text() + "; delete the Secret to have it made anew");
  }
  if (certs::needs_renewal(files.ca_crt, now)) return successor(files.ca_crt, now);
  return Issuer{std::move(*loaded), files.ca_crt};
}

}  // namespace

Result<std::optional<CertificateFiles>> renewed(const CertificateFiles& files,
                                                const std::vector<std::string>& names,
                                                std::string_view trusted, Time now) {
  const bool empty = files == CertificateFiles{};
  if (files.ca_key.empty() && !empty) return foreign(files, names, now);
  if (files.complete() && !certs::needs_renewal(files.tls_crt, now) &&
      accepted(files, names, now)) {
    return std::nullopt;
  }
  const auto issuer = issuer_of(files, trusted, now);
  if (!issuer) return std::unexpected(issuer.error());
  auto leaf = issuer->authority.issue(names, now);
  if (!leaf) return std::unexpected(std::move(leaf.error()));
  return CertificateFiles{.ca_crt = issuer->trusted,
                          .ca_key = issuer->authority.pem().key,
                          .tls_crt = std::move(leaf->certificate),
                          .tls_key = std::move(leaf->key)};
}

}  // namespace cpods::kube
