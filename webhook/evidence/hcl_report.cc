#include "evidence/hcl_report.h"

#include <string>

#include "evidence/layout.h"

namespace cpods::evidence {
namespace {

constexpr std::uint32_t kSignature = 0x414C4348;  // "HCLA"
constexpr std::uint32_t kAkCertRequest = 2;
constexpr std::uint32_t kDataVersion = 1;
constexpr std::uint32_t kHashSha256 = 1;
constexpr std::uint64_t kRequestHeaderBytes = 0x20;
constexpr std::uint64_t kDataHeaderBytes = 0x14;  // from data_size up to the claims

enum ReportType : std::uint32_t { kVbs = 1, kSnp = 2, kTrustedLaunch = 3, kTdx = 4, kCca = 5 };

struct Header {
  std::uint32_t signature, version, report_size, request_type, status;
  std::uint32_t data_size, data_version, report_type, hash_type, claims_size;
};

Header read_header(ByteView bytes) {
  const auto word = [bytes](std::size_t offset) {
    return little_endian<std::uint32_t>(bytes, offset);
  };
  return {word(0x000), word(0x004), word(0x008), word(0x00C), word(0x010),
          word(0x4C0), word(0x4C4), word(0x4C8), word(0x4CC), word(0x4D0)};
}

std::unexpected<Refusal> malformed(const std::string& what) {
  return refuse(Doubt::Malformed, "the report in the vTPM is no HCL report: " + what);
}

std::unexpected<Refusal> other_type(std::uint32_t type) {
  switch (type) {
    case kVbs:
      return refuse(Doubt::NotATee, "the vTPM reports VBS isolation, which is not AMD SEV-SNP");
    case kTrustedLaunch:
      return refuse(Doubt::NotATee,
                    "the vTPM reports a Trusted Launch VM, which is not confidential");
    case kTdx:
      return refuse(Doubt::NotATee,
                    "the vTPM reports an Intel TDX guest, which is not AMD SEV-SNP");
    case kCca:
      return refuse(Doubt::NotATee, "the vTPM reports an Arm CCA realm, which is not AMD SEV-SNP");
    default:
      return malformed("report_type is " + std::to_string(type));
  }
}

}  // namespace

Proven<HclReport> parse_hcl_report(ByteView bytes) {
  if (bytes.size() < kHclClaimsOffset) {
    return malformed("it has " + std::to_string(bytes.size()) + " bytes, its headers alone take " +
                     std::to_string(kHclClaimsOffset));
  }
  const Header header = read_header(bytes);
  if (header.signature != kSignature) return malformed("its signature is not HCLA");
  if (header.version != 1 && header.version != 2) {
    return malformed("its version is " + std::to_string(header.version) + ", known are 1 and 2");
  }
  if (header.request_type != kAkCertRequest) {
    return malformed("request_type is " + std::to_string(header.request_type) + " instead of 2");
  }
  if (header.status != 0) return malformed("its status is " + std::to_string(header.status));
  if (header.data_version != kDataVersion) {
    return malformed("its data version is " + std::to_string(header.data_version));
  }
  if (header.report_type != kSnp) return other_type(header.report_type);
  if (header.hash_type != kHashSha256) {
    return malformed("hash_type is " + std::to_string(header.hash_type) + " instead of SHA-256");
  }
  // 64-bit sums: the sizes are whatever somebody wrote there.
  const std::uint64_t data_size = kDataHeaderBytes + std::uint64_t{header.claims_size};
  const std::uint64_t report_size = kRequestHeaderBytes + kHclHardwareReportBytes + data_size;
  if (header.data_size != data_size || header.report_size != report_size) {
    return malformed("its three sizes contradict each other");
  }
  if (report_size > bytes.size()) {
    return malformed("it claims " + std::to_string(report_size) + " bytes, " +
                     std::to_string(bytes.size()) + " are there");
  }
  const auto claims = bytes.subspan(kHclClaimsOffset, header.claims_size);
  if (!all_zero(bytes.subspan(kHclClaimsOffset + claims.size()))) {
    return malformed("bytes behind its end are not zero");
  }
  return HclReport{bytes.subspan(kHclHardwareReportOffset, kHclHardwareReportBytes), claims};
}

}  // namespace cpods::evidence
