#pragma once
// AMD's Key Distribution Service (AMD 57230): the certificate of a chip's VCEK, by chip and
// reported TCB, and the certificates that a product's root has revoked. Its answers are as much a
// stranger's as any: the verifier pins AMD's roots. Functions; any thread.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

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

// AMD's, or a mirror at http(s)://HOST:PORT where `url` is one. Trusts the system's authorities.
[[nodiscard]] evidence::Proven<Kds> kds_at(const std::string& url);

// /vcek/v1/Milan/CHIP?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219; empty for a product that the
// report does not tell.
[[nodiscard]] std::string kds_target(const evidence::SnpReport& report);

// The leaf alone: the built-in certificates stand above it.
[[nodiscard]] evidence::Proven<evidence::CertificateChain> fetch_vcek(
    const Kds& kds, const evidence::SnpReport& report, std::chrono::milliseconds limit);

// The list of certificates of its that the product's root has revoked, of those that sign this kind
// of key: /vcek/v1/Milan/crl, /vlek/v1/Milan/crl.
[[nodiscard]] std::string crl_target(std::string_view product, bool is_vlek);

// That list, in DER.
[[nodiscard]] evidence::Proven<std::vector<Bytes>> fetch_crl(const Kds& kds,
                                                             std::string_view product, bool is_vlek,
                                                             std::chrono::milliseconds limit);

}  // namespace cpods::node
