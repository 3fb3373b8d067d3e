#pragma once
// A certificate authority of our own: makes itself, issues leaves for the webhook's names, and is
// kept as two PEM texts. ECDSA P-256 and SHA-256 throughout: the fastest handshake that every
// Kubernetes client accepts.
// Immutable once made; any thread may issue. The private key lives as long as the object.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cpods::certs {

// Ten years: an authority is replaced by people, not by a timer.
inline constexpr std::chrono::days kAuthorityLife{3650};
// One year, renewed at two thirds of it (certs/inspect.h).
inline constexpr std::chrono::days kLeafLife{365};
// Clocks of a cluster's machines differ; a certificate is valid a little before it was made.
inline constexpr std::chrono::minutes kBackdated{5};

struct KeyPair {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS #8, unencrypted
};

class Authority {
 public:
  [[nodiscard]] static Result<Authority> create(std::chrono::system_clock::time_point now);
  // Refuses a certificate that may not sign, and a key that is not the certificate's.
  [[nodiscard]] static Result<Authority> load(std::string_view certificate_pem,
                                              std::string_view key_pem);

  // A server certificate for DNS names and IP addresses (at least one). Its life ends with the
  // authority's at the latest.
  [[nodiscard]] Result<KeyPair> issue(const std::vector<std::string>& names,
                                      std::chrono::system_clock::time_point now,
                                      std::chrono::seconds life = kLeafLife) const;

  [[nodiscard]] const KeyPair& pem() const { return pem_; }

  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

 private:
  struct Parsed;
  Authority(std::unique_ptr<Parsed> parsed, KeyPair pem);

  std::unique_ptr<Parsed> parsed_;
  KeyPair pem_;
};

}  // namespace cpods::certs
