#include "commands/attest_revocation.h"

#include <optional>
#include <string_view>

#include "evidence/hcl_report.h"
#include "node/kds.h"

namespace cpods::commands {
namespace {

using evidence::Proven;

std::optional<evidence::SnpReport> report_in(const evidence::VtpmEvidence& gathered) {
  const auto hcl = evidence::read_hcl_report(gathered.hcl_report);
  if (!hcl) return std::nullopt;
  return evidence::read_snp_report(hcl->hardware_report);
}

std::optional<evidence::SnpReport> report_in(const evidence::SnpEvidence& gathered) {
  if (gathered.report.size() != evidence::kSnpReportBytes) return std::nullopt;
  return evidence::read_snp_report(gathered.report);
}

std::string_view product_of(const evidence::SnpReport& report, ByteView leaf) {
  const auto product = evidence::product_of(report);
  return product.empty() ? evidence::product_of_leaf(leaf) : product;
}

}  // namespace

bool asks_for_revocation(const evidence::Appraisal& appraisal) {
  bool asks = false;
  for (const auto& check : appraisal.checks()) {
    if (check.status != evidence::Status::Failed) continue;
    if (check.name != "policy.requireRevocationCheck") return false;
    asks = check.doubt == evidence::Doubt::Policy;  // and can be read
  }
  return asks;
}

Proven<std::vector<Bytes>> fetch_revocation_lists(const evidence::Evidence& gathered,
                                                  const Sources& sources) {
  const auto report = std::visit([](const auto& each) { return report_in(each); }, gathered);
  if (!report) return {};
  const auto& leaf =
      std::visit([](const auto& each) -> const Bytes& { return each.chain.leaf; }, gathered);
  const auto product = product_of(*report, leaf);
  if (product.empty()) return {};
  const auto kds = node::kds_at(sources.kds);
  if (!kds) return std::unexpected(kds.error());
  const bool is_vlek = report->signing_key() == 1;
  return node::fetch_crl(*kds, product, is_vlek, sources.part());
}

}  // namespace cpods::commands
