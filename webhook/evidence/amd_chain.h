#pragma once
// From AMD's root to the key that signed a report: ARK -> ASK or ASVK -> VCEK or VLEK, each link an
// RSASSA-PSS signature, the leaf a P-384 key (AMD 57230, "VCEK Certificate and KDS Interface").
//
// Certificates that come with evidence are a stranger's: an ARK among them must be the pinned one
// of the report's product, and an intermediate is used only as far as that ARK vouches for it.
// Where none comes, the built-in ones serve. Pure functions; any thread.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "evidence/amd_roots.h"
#include "evidence/appraisal.h"
#include "evidence/refusal.h"
#include "evidence/snp_report.h"

namespace cpods::evidence {

// The leaf's DER first; then whatever came with it, in any order.
struct CertificateChain {
  Bytes leaf;
  std::vector<Bytes> others;
};

// One certificate in DER, or all of a PEM text; Malformed where there is none.
[[nodiscard]] Proven<std::vector<Bytes>> read_certificates(ByteView der_or_pem);

// Whether it says that it has issued itself, as roots do.
[[nodiscard]] bool is_self_issued(ByteView certificate);

// The product that issued this leaf, by its issuer's name: Milan of SEV-Milan and SEV-VLEK-Milan.
// Empty where it is none of them.
[[nodiscard]] std::string_view product_of_leaf(ByteView leaf);

// Which authorities are believed: AMD's, or a test's own.
using Roots = std::array<ProductRoots, 3>;

// Puts the built-in certificates above a leaf that came alone: ASK or ASVK, and ARK, of the product
// that issued it. For those who have none built in.
void complete(CertificateChain& chain, const Roots& roots);

// The three certificates, in DER, by which x509.chain passed.
struct VouchedChain {
  std::string product;
  Bytes root;
  Bytes intermediate;
  Bytes leaf;
};

// The checks x509.* but x509.crl (revocation.h), vcek.* and snp.ecdsa. `signed_report`: the bytes
// as they came. Nothing where x509.chain did not pass.
std::optional<VouchedChain> check_amd_signature(const SnpReport& report, ByteView signed_report,
                                                const CertificateChain& chain,
                                                std::chrono::system_clock::time_point now,
                                                const Roots& roots, Appraisal& appraisal);

}  // namespace cpods::evidence
