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

// What another report_type stands for.
std::string isolation_of(std::uint32_t type) {
  switch (type) {
    case kVbs:
      return "the vTPM reports VBS isolation, which is not AMD SEV-SNP";
    case kTrustedLaunch:
      return "the vTPM reports a Trusted Launch VM, which is not confidential";
    case kTdx:
      return "the vTPM reports an Intel TDX guest, which is not AMD SEV-SNP";
    case kCca:
      return "the vTPM reports an Arm CCA realm, which is not AMD SEV-SNP";
    default:
      return "the vTPM reports a guest of the unknown kind " + std::to_string(type);
  }
}

void check_header(const Header& header, Appraisal& appraisal) {
  const auto is = [&](std::string_view name, std::uint32_t seen, bool holds) {
    appraisal.require(holds, name, Doubt::Malformed,
                      "the report in the vTPM is no HCL report: " + std::string(name.substr(4)) +
                          " is " + std::to_string(seen));
  };
  is("hcl.magic", header.signature, header.signature == kSignature);
  is("hcl.version", header.version, header.version == 1 || header.version == 2);
  is("hcl.request_type", header.request_type, header.request_type == kAkCertRequest);
  is("hcl.status", header.status, header.status == 0);
  is("hcl.data_version", header.data_version, header.data_version == kDataVersion);
  appraisal.require(header.report_type == kSnp, "hcl.report_type", Doubt::NotATee,
                    isolation_of(header.report_type));
  is("hcl.hash_type", header.hash_type, header.hash_type == kHashSha256);
}

}  // namespace

std::optional<HclReport> read_hcl_report(ByteView bytes) {
  Appraisal unread;
  return check_hcl_report(bytes, unread);
}

std::optional<HclReport> check_hcl_report(ByteView bytes, Appraisal& appraisal) {
  if (!appraisal.require(bytes.size() >= kHclClaimsOffset, "hcl.len", Doubt::Malformed,
                         "the report in the vTPM has " + std::to_string(bytes.size()) +
                             " bytes, its headers alone take " +
                             std::to_string(kHclClaimsOffset))) {
    return std::nullopt;
  }
  const Header header = read_header(bytes);
  check_header(header, appraisal);
  HclReport report{bytes.subspan(kHclHardwareReportOffset, kHclHardwareReportBytes), {}};
  // 64-bit sums: the sizes are whatever somebody wrote there.
  const std::uint64_t data_size = kDataHeaderBytes + std::uint64_t{header.claims_size};
  const std::uint64_t report_size = kRequestHeaderBytes + kHclHardwareReportBytes + data_size;
  if (!appraisal.require(report_size <= bytes.size(), "hcl.var_size", Doubt::Malformed,
                         "the HCL report claims " + std::to_string(report_size) + " bytes, " +
                             std::to_string(bytes.size()) + " are there")) {
    return report;
  }
  report.runtime_claims = bytes.subspan(kHclClaimsOffset, header.claims_size);
  appraisal.require(header.data_size == data_size, "hcl.data_size", Doubt::Malformed,
                    "the HCL report's data_size is " + std::to_string(header.data_size) +
                        " instead of " + std::to_string(data_size));
  appraisal.require(header.report_size == report_size, "hcl.report_size", Doubt::Malformed,
                    "the HCL report's report_size is " + std::to_string(header.report_size) +
                        " instead of " + std::to_string(report_size));
  appraisal.require(all_zero(bytes.subspan(kHclClaimsOffset + report.runtime_claims.size())),
                    "hcl.nonzero_tail", Doubt::Malformed,
                    "bytes behind the HCL report's end are not zero");
  return report;
}

}  // namespace cpods::evidence
