#include "evidence/snp_report.h"

#include <string>

#include "evidence/layout.h"

namespace cpods::evidence {
namespace {

constexpr std::uint32_t kEcdsaP384Sha384 = 1;
constexpr std::size_t kSignatureEnd = 0x330;  // after R and S of 72 bytes each

std::unexpected<Refusal> malformed(const std::string& what) {
  return refuse(Doubt::Malformed, "the SNP report is not as AMD specifies it: " + what);
}

}  // namespace

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
  report.key_info = little_endian<std::uint32_t>(bytes, 0x048);
  report.report_data = array_at<64>(bytes, 0x050);
  report.measurement = array_at<48>(bytes, 0x090);
  return report;
}

}  // namespace cpods::evidence
