#pragma once
// What an existing certificate says: how long it is valid, when to renew it, and whether a client
// that trusts a given authority would accept it under a given name.
// Pure functions of PEM text and a time; any thread.

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cpods::certs {

struct Validity {
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
};

// Of the first certificate in the text.
[[nodiscard]] Result<Validity> validity(std::string_view certificate_pem);

// True from two thirds of the certificate's life on, so that a third is left for an authority or an
// API server that is away. What cannot be read needs renewal.
[[nodiscard]] bool needs_renewal(std::string_view certificate_pem,
                                 std::chrono::system_clock::time_point now);

// What a TLS client does: chain to `ca_pem` (all its certificates are trusted), purpose server,
// dates, and the DNS name or IP address among the subject alternative names. Invalid names what is
// wrong.
[[nodiscard]] Result<void> accepts(std::string_view ca_pem, std::string_view leaf_pem,
                                   const std::string& name,
                                   std::chrono::system_clock::time_point now);

}  // namespace cpods::certs
