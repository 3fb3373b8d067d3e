#pragma once
// The components of a TCB_VERSION: eight bytes of a report, of which each component has one, and
// where else they are told (AMD 56860, TCB_VERSION; AMD 57230, extensions of a VCEK and queries of
// the Key Distribution Service). Turin has its bytes elsewhere, and one component more. Constants;
// any thread.

#include <cstddef>
#include <optional>
#include <string_view>

namespace cpods::evidence {

struct TcbComponent {
  std::string_view name;
  std::optional<std::size_t> milan_and_genoa;  // its byte
  std::size_t turin;
  std::string_view extension;  // below 1.3.6.1.4.1.3704.1
  std::string_view query;

  [[nodiscard]] constexpr std::optional<std::size_t> place(bool is_turin) const {
    return is_turin ? turin : milan_and_genoa;
  }
};

inline constexpr TcbComponent kTcb[] = {{"fmc", std::nullopt, 0, "3.9", "fmcSPL"},
                                        {"bootloader", 0, 1, "3.1", "blSPL"},
                                        {"tee", 1, 2, "3.2", "teeSPL"},
                                        {"snp", 6, 3, "3.3", "snpSPL"},
                                        {"microcode", 7, 7, "3.8", "ucodeSPL"}};

}  // namespace cpods::evidence
