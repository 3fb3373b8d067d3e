#pragma once
// Certificates as AMD issues them, by keys that the test owns: ARK, ASK and ASVK for each product,
// the leaf of one chip with AMD's extensions, and reports signed by its key. One thread.

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "evidence/amd_chain.h"

namespace cpods::evidence::sample {

inline void need(bool made) {
  if (!made) throw std::runtime_error("OpenSSL did not make a sample");
}

// 2026-07-01T00:00:00Z; every certificate here is valid then.
inline std::chrono::system_clock::time_point now() {
  return std::chrono::system_clock::from_time_t(1782864000);
}

// Bootloader 4, tee 0, snp 22, microcode 213, which takes two bytes as a DER INTEGER.
inline constexpr std::array<std::uint8_t, 8> kMilanTcb = {4, 0, 0, 0, 0, 0, 22, 213};
// fmc 1, bootloader 2, tee 3, snp 4, microcode 75.
inline constexpr std::array<std::uint8_t, 8> kTurinTcb = {1, 2, 3, 4, 0, 0, 0, 75};

// What the chip of the samples calls itself, or its first bytes.
inline Bytes hwid(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(0xC0 + i);
  return bytes;
}

// ---- Keys -------------------------------------------------------------------------------------

using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

inline PrivateKey rsa_key() {
  // The fewest bits that OpenSSL's security level 3 takes; AMD's have 4096.
  PrivateKey key(EVP_RSA_gen(3072), EVP_PKEY_free);
  need(key != nullptr);
  return key;
}

// A key that signs reports.
class ReportKey {
 public:
  explicit ReportKey(const char* curve = "P-384") : key_(EVP_EC_gen(curve), EVP_PKEY_free) {
    need(key_ != nullptr);
  }
  [[nodiscard]] EVP_PKEY* get() const { return key_.get(); }

  // Over bytes 0 to 0x29F, R and S little-endian behind them.
  void sign(std::span<std::uint8_t> report) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    Bytes der(256);
    std::size_t size = der.size();
    need(EVP_DigestSignInit(context.get(), nullptr, EVP_sha384(), nullptr, key_.get()) == 1 &&
         EVP_DigestSign(context.get(), der.data(), &size, report.data(), 0x2A0) == 1);
    const auto* at = static_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
    need(signature != nullptr &&
         BN_bn2lebinpad(ECDSA_SIG_get0_r(signature.get()), &report[0x2A0], 72) == 72 &&
         BN_bn2lebinpad(ECDSA_SIG_get0_s(signature.get()), &report[0x2E8], 72) == 72);
  }

 private:
  PrivateKey key_;
};

inline const ReportKey& chip_key() {
  static const ReportKey key;
  return key;
}

// ---- Certificates -----------------------------------------------------------------------------

using SampleCertificate = std::unique_ptr<X509, decltype(&X509_free)>;

struct Extension {
  std::string suffix;  // of 1.3.6.1.4.1.3704.1.
  Bytes value;
};

inline Bytes der_integer(std::uint8_t value) {
  if (value < 0x80) return {0x02, 0x01, value};
  return {0x02, 0x02, 0x00, value};
}
inline Bytes ia5_string(const std::string& text) {
  Bytes string(2 + text.size());
  string[0] = 0x16;
  string[1] = static_cast<std::uint8_t>(text.size());
  std::ranges::copy(text, string.begin() + 2);
  return string;
}

inline void set_name(X509_NAME* name, const std::string& common_name) {
  const std::pair<const char*, std::string> parts[] = {
      {"OU", "Engineering"},           {"C", "US"},        {"L", "Santa Clara"}, {"ST", "CA"},
      {"O", "Advanced Micro Devices"}, {"CN", common_name}};
  for (const auto& [field, value] : parts) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
    need(X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, bytes,
                                    static_cast<int>(value.size()), -1, 0) == 1);
  }
}

inline void add_extension(X509* certificate, const Extension& extension) {
  const auto oid = "1.3.6.1.4.1.3704.1." + extension.suffix;
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> object(
      OBJ_txt2obj(oid.c_str(), 1), ASN1_OBJECT_free);
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> value(
      ASN1_OCTET_STRING_new(), ASN1_OCTET_STRING_free);
  need(ASN1_OCTET_STRING_set(value.get(), extension.value.data(),
                             static_cast<int>(extension.value.size())) == 1);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, value.get()), X509_EXTENSION_free);
  need(made != nullptr && X509_add_ext(certificate, made.get(), -1) == 1);
}

inline void make_authority(X509* certificate) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"),
      X509_EXTENSION_free);
  need(made != nullptr && X509_add_ext(certificate, made.get(), -1) == 1);
}

using Signing = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// RSASSA-PSS with SHA-384, as AMD signs; `pss` false: PKCS #1 v1.5.
inline Signing signing(EVP_PKEY* key, bool pss = true, const EVP_MD* digest = EVP_sha384()) {
  Signing context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* parameters = nullptr;
  need(EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key) == 1);
  if (pss) {
    need(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, 48) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, digest) == 1);
  }
  return context;
}

inline void sign_certificate(X509* certificate, EVP_PKEY* key, bool pss = true,
                             const EVP_MD* digest = EVP_sha384()) {
  need(X509_sign_ctx(certificate, signing(key, pss, digest).get()) > 0);
}

inline Bytes der(X509* certificate) {
  Bytes bytes(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
  auto* at = bytes.data();
  i2d_X509(certificate, &at);
  return bytes;
}

inline std::string pem(ByteView der_bytes, const std::string& kind = "CERTIFICATE") {
  const auto text = base64_encode(der_bytes);
  std::string lines = "-----BEGIN " + kind + "-----\n";
  for (std::size_t at = 0; at < text.size(); at += 64) lines += text.substr(at, 64) + "\n";
  return lines + "-----END " + kind + "-----\n";
}

// The same, calling itself encrypted: whoever reads it is to find a password.
inline std::string locked_pem(ByteView der_bytes, const std::string& kind = "CERTIFICATE") {
  const auto text = pem(der_bytes, kind);
  const auto body = text.find('\n') + 1;
  return text.substr(0, body) +
         "Proc-Type: 4,ENCRYPTED\n"
         "DEK-Info: AES-256-CBC,000102030405060708090A0B0C0D0E0F\n\n" +
         text.substr(body);
}

// From 2020-09-13 on for 25 years, unsigned yet.
inline SampleCertificate certificate(const std::string& subject, const std::string& issuer,
                                     EVP_PKEY* key) {
  SampleCertificate made(X509_new(), X509_free);
  need(X509_set_version(made.get(), X509_VERSION_3) == 1);
  set_name(X509_get_subject_name(made.get()), subject);
  set_name(X509_get_issuer_name(made.get()), issuer);
  constexpr std::time_t kBegin = 1600000000;
  ASN1_TIME_set(X509_getm_notBefore(made.get()), kBegin);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), kBegin + std::time_t{25} * 365 * 86400);
  need(X509_set_pubkey(made.get(), key) == 1);
  return made;
}

// ---- Families ---------------------------------------------------------------------------------

// What a leaf says; each test changes one thing.
struct Leaf {
  std::string subject = "SEV-VCEK";
  std::string issuer;  // empty: the intermediate that signs it
  std::vector<Extension> extensions;
  EVP_PKEY* key = chip_key().get();
  bool pss = true;
  const EVP_MD* digest = EVP_sha384();

  // Replaced, or taken away where `value` is empty.
  Leaf& set(const std::string& suffix, const Bytes& value) {
    std::erase_if(extensions, [&](const Extension& each) { return each.suffix == suffix; });
    if (!value.empty()) extensions.push_back({suffix, value});
    return *this;
  }
};

// The serial numbers that the root gave its intermediates; each leaf's is 0, as AMD's are.
inline constexpr std::int64_t kAskSerial = 0x010001;
inline constexpr std::int64_t kAsvkSerial = 0x010002;

// The three authorities of one product.
class Family {
 public:
  Family(std::string product, PrivateKey intermediate)
      : product_(std::move(product)), ask_key_(std::move(intermediate)) {
    ark_ = issue("ARK-" + product_, ark_key_.get(), 0x010000);
    ask_ = issue("SEV-" + product_, ask_key_.get(), kAskSerial);
    // The same key: their names keep them apart.
    asvk_ = issue("SEV-VLEK-" + product_, ask_key_.get(), kAsvkSerial);
  }
  [[nodiscard]] const std::string& product() const { return product_; }
  [[nodiscard]] EVP_PKEY* ark_key() const { return ark_key_.get(); }
  [[nodiscard]] const Bytes& ark() const { return ark_; }
  [[nodiscard]] const Bytes& ask() const { return ask_; }
  [[nodiscard]] const Bytes& asvk() const { return asvk_; }

  // As signed by the ASK, or where it calls itself a VLEK by the ASVK.
  [[nodiscard]] Bytes issue(const Leaf& leaf) const {
    const bool is_vlek = leaf.subject == "SEV-VLEK";
    const auto by = (is_vlek ? "SEV-VLEK-" : "SEV-") + product_;
    const auto made = certificate(leaf.subject, leaf.issuer.empty() ? by : leaf.issuer, leaf.key);
    for (const auto& each : leaf.extensions) add_extension(made.get(), each);
    sign_certificate(made.get(), ask_key_.get(), leaf.pss, leaf.digest);
    return der(made.get());
  }
  // Signed by the ARK itself, with no intermediate.
  [[nodiscard]] Bytes issue_by_root(const Leaf& leaf) const {
    const auto made = certificate(leaf.subject, "ARK-" + product_, leaf.key);
    for (const auto& each : leaf.extensions) add_extension(made.get(), each);
    sign_certificate(made.get(), ark_key_.get());
    return der(made.get());
  }

 private:
  [[nodiscard]] Bytes issue(const std::string& subject, EVP_PKEY* key, std::int64_t serial) const {
    const auto made = certificate(subject, "ARK-" + product_, key);
    need(ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), serial) == 1);
    make_authority(made.get());
    sign_certificate(made.get(), ark_key_.get());
    return der(made.get());
  }

  std::string product_;
  PrivateKey ark_key_ = rsa_key();
  PrivateKey ask_key_;
  Bytes ark_, ask_, asvk_;
};

// The intermediate's key of all three products, because making one takes long.
inline PrivateKey intermediate_key() {
  static const PrivateKey key = rsa_key();
  EVP_PKEY_up_ref(key.get());
  return {key.get(), EVP_PKEY_free};
}
inline const Family& milan() {
  static const Family family("Milan", intermediate_key());
  return family;
}
inline const Family& genoa() {
  static const Family family("Genoa", intermediate_key());
  return family;
}
inline const Family& turin() {
  static const Family family("Turin", intermediate_key());
  return family;
}
// AMD's names, another's keys.
inline const Family& forged() {
  static const Family family("Milan", rsa_key());
  return family;
}

// What the verifier believes in these tests.
inline const Roots& roots() {
  static std::vector<std::string> texts;  // what the views look at
  static const Roots made = [] {
    texts.reserve(18);
    const auto root = [](const Bytes& certificate) {
      const auto& text = texts.emplace_back(base64_encode(certificate));
      const auto& digest = texts.emplace_back(hex_encode(sha256(certificate)));
      return RootCertificate{text, digest};
    };
    const auto product = [&](const Family& family) {
      return ProductRoots{family.product(), root(family.ark()), root(family.ask()),
                          root(family.asvk())};
    };
    return Roots{product(milan()), product(genoa()), product(turin())};
  }();
  return made;
}

// The leaf of the samples' chip.
inline Leaf vcek_leaf() {
  return {.extensions = {{"1", der_integer(1)},
                         {"2", ia5_string("Milan-B0")},
                         {"3.1", der_integer(kMilanTcb[0])},
                         {"3.2", der_integer(kMilanTcb[1])},
                         {"3.3", der_integer(kMilanTcb[6])},
                         {"3.8", der_integer(kMilanTcb[7])},
                         {"4", hwid(64)}}};
}
// The same key as a cloud provider's.
inline Leaf vlek_leaf() {
  auto leaf = vcek_leaf();
  leaf.subject = "SEV-VLEK";
  leaf.set("4", {}).set("5", ia5_string("AWS"));
  return leaf;
}
inline Leaf turin_leaf() {
  return {.extensions = {{"1", der_integer(1)},
                         {"2", ia5_string("Turin-B0")},
                         {"3.9", der_integer(kTurinTcb[0])},
                         {"3.1", der_integer(kTurinTcb[1])},
                         {"3.2", der_integer(kTurinTcb[2])},
                         {"3.3", der_integer(kTurinTcb[3])},
                         {"3.8", der_integer(kTurinTcb[7])},
                         {"4", hwid(8)}}};
}
inline const Bytes& vcek() {
  static const Bytes made = milan().issue(vcek_leaf());
  return made;
}

}  // namespace cpods::evidence::sample
