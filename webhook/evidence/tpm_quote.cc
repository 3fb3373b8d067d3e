#include "evidence/tpm_quote.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <string>

#include "base/freeing.h"

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

using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;

Pkey import_key(const RsaKey& key) {
  const Owned<BIGNUM, BN_free> n(
      BN_bin2bn(key.modulus.data(), static_cast<int>(key.modulus.size()), nullptr));
  const Owned<BIGNUM, BN_free> e(
      BN_bin2bn(key.exponent.data(), static_cast<int>(key.exponent.size()), nullptr));
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* imported = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &imported, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Pkey(imported);
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

bool is_signed_by(const RsaKey& key, ByteView attest, ByteView signature) {
  const Pkey imported = import_key(key);
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return imported && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, imported.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), attest.data(),
                          attest.size()) == 1;
}

}  // namespace cpods::evidence
