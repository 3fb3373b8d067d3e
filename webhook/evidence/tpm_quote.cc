#include "evidence/tpm_quote.h"

#include <string>

namespace cpods::evidence {
namespace {

constexpr std::uint32_t kTpmGenerated = 0xFF544347;
constexpr std::uint16_t kAttestQuote = 0x8018;
constexpr std::uint16_t kAlgSha256 = 0x000B;
constexpr std::size_t kClockInfoBytes = 17;
constexpr std::size_t kFirmwareVersionBytes = 8;

// Takes big-endian fields from the front; once something is missing, everything after it is too,
// and whole() says so at the end.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T number() {
    T value = 0;
    for (const auto byte : bytes(sizeof(T))) {
      value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | byte);
    }
    return value;
  }
  ByteView bytes(std::size_t count) {
    if (short_ || count > rest_.size()) {
      short_ = true;
      return {};
    }
    const auto front = rest_.first(count);
    rest_ = rest_.subspan(count);
    return front;
  }
  // A TPM2B: a 16-bit size and that many bytes.
  ByteView sized() { return bytes(number<std::uint16_t>()); }

  [[nodiscard]] bool ran_short() const { return short_; }
  [[nodiscard]] bool whole() const { return !short_ && rest_.empty(); }

 private:
  ByteView rest_;
  bool short_ = false;
};

bool selects_whole_sha256_bank(Reader& reader) {
  if (reader.number<std::uint32_t>() != 1) return false;
  if (reader.number<std::uint16_t>() != kAlgSha256) return false;
  const auto mask = reader.bytes(reader.number<std::uint8_t>());
  return mask.size() == kPcrs / 8 && mask[0] == 0xFF && mask[1] == 0xFF && mask[2] == 0xFF;
}

}  // namespace

Quote check_quote(ByteView attest, Appraisal& appraisal) {
  constexpr std::string_view kIs = "the TPM's quote is malformed: ";
  Reader reader(attest);
  appraisal.require(reader.number<std::uint32_t>() == kTpmGenerated, "quote.magic",
                    Doubt::Malformed,
                    std::string(kIs) + "it does not start with TPM_GENERATED_VALUE");
  appraisal.require(reader.number<std::uint16_t>() == kAttestQuote, "quote.type", Doubt::Malformed,
                    std::string(kIs) + "its type is not TPM_ST_ATTEST_QUOTE");
  reader.sized();  // qualifiedSigner: the key is known by its public part instead
  const auto nonce = reader.sized();
  reader.bytes(kClockInfoBytes);
  reader.bytes(kFirmwareVersionBytes);
  const bool whole_bank = selects_whole_sha256_bank(reader);
  const auto pcr_digest = reader.sized();
  if (appraisal.require(!reader.ran_short(), "quote.parse", Doubt::Malformed,
                        std::string(kIs) + "it ends early")) {
    appraisal.require(
        whole_bank, "quote.pcr_selection", Doubt::Malformed,
        std::string(kIs) + "it does not cover exactly the 24 PCRs of the SHA-256 bank");
    appraisal.require(reader.whole(), "quote.trailing", Doubt::Malformed,
                      std::string(kIs) + "bytes follow its end");
  }
  return {{nonce.begin(), nonce.end()}, {pcr_digest.begin(), pcr_digest.end()}};
}

Sha256 digest_of(const PcrBank& pcrs) {
  Bytes values;
  values.reserve(kPcrs * sizeof(Sha256));
  for (const auto& pcr : pcrs) values.insert(values.end(), pcr.begin(), pcr.end());
  return sha256(values);
}

}  // namespace cpods::evidence
