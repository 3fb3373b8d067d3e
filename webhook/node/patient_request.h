#pragma once
// One request to a service that may be busy or away for a moment: what may succeed later is
// repeated with growing pauses, anything else is the answer at once. Redirects are answers like
// others: nobody is followed. Blocks the calling thread.

#include <chrono>
#include <cstddef>

#include "net/client.h"

namespace cpods::node {

// Of certificates and lists of them, which have some KiB. OpenSSL makes sixty bytes of one in a
// certificate that is made for it, and the step has 64 MiB where no pool says otherwise.
inline constexpr std::size_t kCertificateAnswer = std::size_t{256} * 1024;

struct Peer {
  net::Endpoint endpoint;
  net::TlsContext tls;  // none: in the clear
};

// 408, 429 and 5xx.
[[nodiscard]] bool is_busy(unsigned status);

struct Patience {
  std::chrono::milliseconds limit;
  bool (*may_come_later)(unsigned status) = is_busy;
  std::chrono::milliseconds one_try{5000};
  std::chrono::milliseconds first_pause{500};
};

// The first answer that waiting does not change; at the end of `limit` the last one, or why none
// came.
[[nodiscard]] Result<net::Response> ask_patiently(const Peer& peer, const net::Request& request,
                                                  const Patience& patience);

}  // namespace cpods::node
