#include "commands/attest_gather.h"

#include <openssl/rand.h>

#include <filesystem>

#include "evidence/hcl_report.h"
#include "node/imds.h"
#include "node/kds.h"
#include "node/report_renewal.h"
#include "node/sev_guest.h"
#include "node/tsm_report.h"
#include "node/vtpm.h"

namespace cpods::commands {
namespace {

using evidence::Doubt;
using evidence::Proven;
using evidence::refuse;

constexpr std::size_t kNonceBytes = 32;

net::Endpoint imds_of(const Sources& sources) {
  const auto url = net::parse_url(sources.imds);
  return url ? url->endpoint : node::imds_endpoint();
}

Proven<evidence::CertificateChain> chain_from_kds(const evidence::SnpReport& report,
                                                  const Sources& sources) {
  const auto kds = node::kds_at(sources.kds);
  if (!kds) return std::unexpected(kds.error());
  return node::fetch_vcek(*kds, report, sources.part());
}

// The instance metadata service has it for nothing; where Pods may not reach that, AMD has it. Who
// names a metadata service of his own, and no key service, means that one alone.
Proven<evidence::CertificateChain> chain_for(const evidence::VtpmEvidence& gathered,
                                             const Sources& sources) {
  auto chain = node::fetch_vcek(imds_of(sources), sources.part());
  if (chain || (!sources.imds.empty() && sources.kds.empty())) return chain;
  const auto hcl = evidence::read_hcl_report(gathered.hcl_report);
  if (!hcl) return chain;
  auto from_kds = chain_from_kds(evidence::read_snp_report(hcl->hardware_report), sources);
  if (from_kds) return from_kds;
  return refuse(chain.error().doubt, chain.error().sentence + "; " + from_kds.error().sentence);
}

Proven<evidence::VtpmEvidence> gather_vtpm(const node::Demand& demand, const Sources& sources,
                                           ByteView nonce, ReportAge age) {
  if (sources.tcti.empty()) {
    if (auto there = node::require_device(demand.device); !there) {
      return std::unexpected(there.error());
    }
  }
  const auto tcti = sources.tcti.empty() ? "device:" + demand.device : sources.tcti;
  auto report = age == ReportAge::Fresh
                    ? node::renewed_report(tcti, demand.device, nonce, sources.renewal_part())
                    : node::present_report(tcti);
  if (!report) return std::unexpected(report.error());
  auto gathered = node::quoted_evidence(tcti, *std::move(report), nonce);
  if (!gathered) return gathered;
  auto chain = chain_for(*gathered, sources);
  if (!chain) return std::unexpected(chain.error());
  gathered->chain = *std::move(chain);
  return gathered;
}

// The driver answers in its device file, and through configfs-tsm in a folder.
Proven<evidence::SnpEvidence> collect_report(const std::string& device, ByteView nonce) {
  std::error_code none;
  if (std::filesystem::is_directory(device, none)) return node::collect_tsm(device, nonce);
  return node::collect_snp(device, nonce);
}

Proven<evidence::SnpEvidence> gather_snp(const node::Demand& demand, const Sources& sources,
                                         ByteView nonce) {
  auto gathered = collect_report(demand.device, nonce);
  if (!gathered || !gathered->chain.leaf.empty()) return gathered;
  auto chain = chain_from_kds(evidence::read_snp_report(gathered->report), sources);
  if (!chain) return std::unexpected(chain.error());
  gathered->chain = *std::move(chain);
  return gathered;
}

}  // namespace

Proven<Bytes> fresh_nonce() {
  Bytes nonce(kNonceBytes);
  if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) {
    return refuse(Doubt::Transport, "the random number generator of this node does not answer");
  }
  return nonce;
}

Proven<evidence::Evidence> gather(const node::Demand& demand, const Sources& sources,
                                  ByteView nonce, ReportAge age) {
  if (demand.evidence == node::EvidenceKind::SevSnp) return gather_snp(demand, sources, nonce);
  return gather_vtpm(demand, sources, nonce, age);
}

}  // namespace cpods::commands
