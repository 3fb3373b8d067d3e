#include "evidence/snp_report.h"

#include <string>

#include "evidence/layout.h"

namespace cpods::evidence {
namespace {

constexpr std::uint32_t kEcdsaP384Sha384 = 1;
constexpr std::uint32_t kFirstVersionWithCpuid = 3;
constexpr std::size_t kSignatureEnd = 0x330;  // after R and S of 72 bytes each

// Firmware that is committed cannot be rolled back, and what is reported is at most that.
bool is_in_order(const SnpReport& report) {
  for (std::size_t i = 0; i < report.reported_tcb.size(); ++i) {
    if (report.reported_tcb[i] > report.committed_tcb[i] ||
        report.committed_tcb[i] > report.current_tcb[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string_view product_of(const SnpReport& report) {
  const auto model = report.model;
  if (report.family == 0x19) {
    if (model <= 0x0F) return "Milan";
    if ((model >= 0x10 && model <= 0x1F) || (model >= 0xA0 && model <= 0xAF)) return "Genoa";
  }
  if (report.family == 0x1A && model <= 0x11) return "Turin";
  return "";
}

SnpReport read_snp_report(ByteView bytes) {
  SnpReport report;
  report.version = little_endian<std::uint32_t>(bytes, 0x000);
  report.guest_svn = little_endian<std::uint32_t>(bytes, 0x004);
  report.policy = little_endian<std::uint64_t>(bytes, 0x008);
  report.vmpl = little_endian<std::uint32_t>(bytes, 0x030);
  report.current_tcb = array_at<8>(bytes, 0x038);
  report.platform_info = little_endian<std::uint64_t>(bytes, 0x040);
  report.key_info = little_endian<std::uint32_t>(bytes, 0x048);
  report.report_data = array_at<64>(bytes, 0x050);
  report.measurement = array_at<48>(bytes, 0x090);
  report.host_data = array_at<32>(bytes, 0x0C0);
  report.id_key_digest = array_at<48>(bytes, 0x0E0);
  report.reported_tcb = array_at<8>(bytes, 0x180);
  if (report.version >= kFirstVersionWithCpuid) {
    report.family = bytes[0x188];
    report.model = bytes[0x189];
  }
  report.chip_id = array_at<64>(bytes, 0x1A0);
  report.committed_tcb = array_at<8>(bytes, 0x1E0);
  return report;
}

std::optional<SnpReport> check_snp_report(ByteView bytes, Appraisal& appraisal) {
  const auto length = std::to_string(bytes.size());
  if (!appraisal.require(bytes.size() == kSnpReportBytes, "snp.len", Doubt::Malformed,
                         "the SNP report has " + length + " bytes instead of 1184")) {
    return std::nullopt;
  }
  const auto report = read_snp_report(bytes);
  appraisal.require(
      report.version >= 2 && report.version <= 5, "snp.version", Doubt::Malformed,
      "the SNP report's version is " + std::to_string(report.version) + ", known are 2 to 5");
  const auto algorithm = little_endian<std::uint32_t>(bytes, 0x034);
  appraisal.require(algorithm == kEcdsaP384Sha384, "snp.sig_algo", Doubt::Malformed,
                    "the SNP report's signature algorithm is " + std::to_string(algorithm) +
                        " instead of ECDSA P-384 with SHA-384");
  appraisal.require(all_zero(bytes.subspan(kSignatureEnd)), "sig.reserved_nonzero",
                    Doubt::Malformed, "bytes behind the SNP report's signature are not zero");
  appraisal.require(is_in_order(report), "snp.tcb_order", Doubt::Signature,
                    "the SNP report's TCB versions are not in the order reported, committed, "
                    "current");
  return report;
}

}  // namespace cpods::evidence
