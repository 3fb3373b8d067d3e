#pragma once
// The certificate of a chip's VCEK from AMD's Key Distribution Service, by chip and reported TCB
// (AMD 57230). Its answers are as much a stranger's as any: the verifier pins AMD's roots.
// Functions; any thread.

#include <chrono>
#include <string>

#include "evidence/amd_chain.h"
#include "evidence/refusal.h"
#include "evidence/snp_report.h"
#include "net/endpoint.h"
#include "net/tls.h"

namespace cpods::node {

struct Kds {
  net::Endpoint endpoint{"kdsintf.amd.com", 443};
  net::TlsContext tls;  // none: in the clear, for tests
};

// Trusts the system's authorities.
[[nodiscard]] evidence::Proven<Kds> amd_kds();

// /vcek/v1/Milan/CHIP?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219; empty for a product that the
// report does not tell.
[[nodiscard]] std::string kds_target(const evidence::SnpReport& report);

// The leaf alone: the built-in certificates stand above it. One try more after 429 and 5xx, because
// the service limits its callers hard.
[[nodiscard]] evidence::Proven<evidence::CertificateChain> fetch_vcek(
    const Kds& kds, const evidence::SnpReport& report, std::chrono::milliseconds limit);

}  // namespace cpods::node
