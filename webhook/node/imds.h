#pragma once
// The certificate of this node's VCEK, from Azure's instance metadata service (Trusted Hardware
// Identity Management): GET /metadata/THIM/amd/certification. What it answers is a stranger's: the
// verifier pins AMD's roots.
// Functions; any thread.

#include <chrono>
#include <string>

#include "evidence/amd_chain.h"
#include "evidence/refusal.h"
#include "net/endpoint.h"

namespace cpods::node {

// Where every Azure VM finds it, in the clear and never through a proxy.
[[nodiscard]] net::Endpoint imds_endpoint();

// Repeats what may succeed later (404, 429, 5xx, no connection) until `limit`. Transport where
// there is no answer, Malformed for one that holds no certificates.
[[nodiscard]] evidence::Proven<evidence::CertificateChain> fetch_vcek(
    const net::Endpoint& endpoint, std::chrono::milliseconds limit);

// {"vcekCert":PEM,"certificateChain":PEM,…}
[[nodiscard]] evidence::Proven<evidence::CertificateChain> read_thim(std::string json);

}  // namespace cpods::node
