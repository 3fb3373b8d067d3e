#pragma once
// TLS contexts, ready to use or refused with a sentence: which versions, ciphers, names and trust
// are in force is decided here and nowhere else.
// A context is immutable once built and shared; any thread may start connections from it.

#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"

namespace boost::asio::ssl {
class context;
}

namespace cpods::net {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// A certificate chain, leaf first, and the leaf's private key, as PEM text.
class Identity {
 public:
  Identity(std::string chain_pem, std::string private_key_pem)
      : chain(std::move(chain_pem)), key(std::move(private_key_pem)) {}

  std::string chain;
  std::string key;
};

// TLS 1.2 and 1.3, no tickets and no session cache (the API server resumes nothing), ALPN that
// picks http/1.1 and never fails a handshake. Invalid when the PEM cannot be read, the key does not
// belong to the leaf, or the leaf is not valid at `now`.
[[nodiscard]] Result<TlsContext> server_context(const Identity& identity,
                                                std::chrono::system_clock::time_point now);

// Trusts the certificates of `ca_pem` alone, or the system's roots when it is empty. `identity`,
// when given, is presented to peers that ask for a client certificate. Peers are verified by name
// or address when connecting (Endpoint::expected_name).
[[nodiscard]] Result<TlsContext> client_context(const std::string& ca_pem,
                                                const Identity* identity = nullptr);

}  // namespace cpods::net
