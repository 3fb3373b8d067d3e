#pragma once
// AMD's ATTESTATION_REPORT as the PSP signs it: SEV-SNP Firmware ABI Specification (56860), table
// "ATTESTATION_REPORT Structure"; 1184 bytes, little-endian. Only the fields that something here
// looks at. Plain value; any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "evidence/appraisal.h"

namespace cpods::evidence {

inline constexpr std::size_t kSnpReportBytes = 1184;

struct SnpReport {
  std::uint32_t version = 0;  // 2 to 5
  std::uint32_t guest_svn = 0;
  std::uint64_t policy = 0;  // GUEST_POLICY
  std::uint32_t vmpl = 0;
  std::uint64_t platform_info = 0;
  std::uint32_t key_info = 0;
  std::array<std::uint8_t, 64> report_data{};
  std::array<std::uint8_t, 48> measurement{};
  std::array<std::uint8_t, 32> host_data{};
  std::array<std::uint8_t, 48> id_key_digest{};
  std::array<std::uint8_t, 8> current_tcb{};  // TCB_VERSIONs, whose bytes differ by product
  std::array<std::uint8_t, 8> reported_tcb{};
  std::array<std::uint8_t, 8> committed_tcb{};
  std::uint8_t family = 0;  // CPUID, zero in version 2
  std::uint8_t model = 0;
  std::array<std::uint8_t, 64> chip_id{};

  [[nodiscard]] bool allows_smt() const { return (policy >> 16 & 1) != 0; }
  [[nodiscard]] bool debuggable() const { return (policy >> 19 & 1) != 0; }
  [[nodiscard]] bool migratable() const { return (policy >> 18 & 1) != 0; }
  // ALIAS_CHECK_COMPLETE: AMD-SB-3015's mitigation is in place.
  [[nodiscard]] bool alias_checked() const { return (platform_info >> 5 & 1) != 0; }
  // MASK_CHIP_KEY: the firmware was told to leave the signature out.
  [[nodiscard]] bool signature_masked() const { return (key_info >> 1 & 1) != 0; }
  // SIGNING_KEY: 0 VCEK, 1 VLEK, 7 none.
  [[nodiscard]] std::uint32_t signing_key() const { return key_info >> 2 & 7; }
};

// Milan, Genoa or Turin by CPUID family and model; "" when the report does not tell, as in
// version 2.
[[nodiscard]] std::string_view product_of(const SnpReport& report);

// The fields as they stand; `bytes` is kSnpReportBytes long.
[[nodiscard]] SnpReport read_snp_report(ByteView bytes);
// The checks snp.len, snp.version, snp.sig_algo, sig.reserved_nonzero (nothing signs the zeros
// behind the signature) and snp.tcb_order. Nothing where the length is another.
[[nodiscard]] std::optional<SnpReport> check_snp_report(ByteView bytes, Appraisal& appraisal);

}  // namespace cpods::evidence
