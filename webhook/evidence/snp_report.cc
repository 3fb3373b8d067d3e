#include "evidence/snp_report.h"

#include <string>

#include "evidence/layout.h"

namespace cpods::evidence {
namespace {

constexpr std::uint32_t kEcdsaP384Sha384 = 1;
constexpr std::uint32_t kFirstVersionWithCpuid = 3;
constexpr std::size_t kSignatureEnd = 0x330;  // after R and S of 72 bytes each

std::unexpected<Refusal> malformed(const std::string& what) {
  return refuse(Doubt::Malformed, "the SNP report is not as AMD specifies it: " + what);
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

Proven<SnpReport> parse_snp_report(ByteView bytes) {
  if (bytes.size() != kSnpReportBytes) {
    return malformed("it has " + std::to_string(bytes.size()) + " bytes instead of " +
                     std::to_string(kSnpReportBytes));
  }
  SnpReport report;
  report.version = little_endian<std::uint32_t>(bytes, 0x000);
  if (report.version < 2 || report.version > 5) {
    return malformed("its version is " + std::to_string(report.version) + ", known are 2 to 5");
  }
  const auto algorithm = little_endian<std::uint32_t>(bytes, 0x034);
  if (algorithm != kEcdsaP384Sha384) {
    return malformed("its signature algorithm is " + std::to_string(algorithm) +
                     " instead of ECDSA P-384 with SHA-384");
  }
  if (!all_zero(bytes.subspan(kSignatureEnd))) {
    return malformed("bytes behind its signature are not zero");
  }
  report.guest_svn = little_endian<std::uint32_t>(bytes, 0x004);
  report.policy = little_endian<std::uint64_t>(bytes, 0x008);
  report.vmpl = little_endian<std::uint32_t>(bytes, 0x030);
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
  return report;
}

}  // namespace cpods::evidence
