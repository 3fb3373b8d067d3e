#include "evidence/certificate_table.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "evidence/layout.h"

namespace cpods::evidence {
namespace {

constexpr std::size_t kEntryBytes = 24;
constexpr std::size_t kGuidBytes = 16;

// In the order of their text (RFC 4122), as the table has them.
constexpr std::string_view kVcek = "63da758de6644564adc5f4b93be8accd";
constexpr std::string_view kVlek = "a8074bc2a25a483eaae639c045a0b8a1";
constexpr std::string_view kAsk = "4ab7b379bbac4fe4a02f05aef327c782";
constexpr std::string_view kArk = "c0b406a4a803495297433fb6014cd0ae";

std::unexpected<Refusal> malformed(const char* what) {
  return refuse(Doubt::Malformed,
                std::string("the host's certificate table is malformed: ") + what);
}

}  // namespace

Proven<CertificateChain> read_certificate_table(ByteView table) {
  CertificateChain chain;
  Bytes vlek;
  for (std::size_t at = 0;; at += kEntryBytes) {
    if (table.size() - at < kEntryBytes) return malformed("it does not end");
    const auto guid = table.subspan(at, kGuidBytes);
    if (all_zero(guid)) break;
    const std::uint64_t offset = little_endian<std::uint32_t>(table, at + kGuidBytes);
    const std::uint64_t length = little_endian<std::uint32_t>(table, at + kGuidBytes + 4);
    // 64-bit sum: both are whatever the host wrote.
    if (offset + length > table.size()) return malformed("an entry leads out of it");
    const auto der = table.subspan(offset, length);
    Bytes certificate(der.begin(), der.end());
    const auto name = hex_encode(guid);
    if (name == kVcek)
      chain.leaf = std::move(certificate);
    else if (name == kVlek)
      vlek = std::move(certificate);
    else if (name == kAsk || name == kArk)
      chain.others.push_back(std::move(certificate));
  }
  if (chain.leaf.empty()) chain.leaf = std::move(vlek);
  return chain;
}

}  // namespace cpods::evidence
