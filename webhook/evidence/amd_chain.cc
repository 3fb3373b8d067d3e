// Order of the checks: the chain says whose key the leaf is; the leaf's extensions say which chip
// and which firmware the key stands for, and the report must say the same; then the key's signature
// over the report. Each is made for itself, so that a report tells all that is wrong.
//
// X.509 pitfalls of AMD's certificates: serial number 0 and no key identifiers, so OpenSSL's strict
// mode cannot be used; HWID is an extension of raw bytes without a DER tag; TCB numbers of 128 and
// more take two bytes as INTEGER.

#include "evidence/amd_chain.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <expected>
#include <span>
#include <utility>

#include "base/freeing.h"
#include "evidence/layout.h"
#include "evidence/tcb.h"
#include "evidence/x509.h"

namespace cpods::evidence {
namespace {

void free_stack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);  // the certificates have owners of their own
}

constexpr std::size_t kSignedBytes = 0x2A0;
constexpr std::size_t kNumberBytes = 72;
constexpr std::size_t kMostCertificates = 8;
constexpr int kSecurityLevel = 3;  // 128 bits
constexpr int kChainLength = 3;

Bytes der_of(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size));
  auto* at = der.data();
  i2d_X509(certificate, &at);
  return der;
}

std::string common_name(const X509_NAME* name) {
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  const auto* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
  const auto* bytes = ASN1_STRING_get0_data(data);
  return {bytes, bytes + ASN1_STRING_length(data)};
}

// ---- Extensions (OID 1.3.6.1.4.1.3704.1.x) ----------------------------------------------------

// The value of the one extension of this OID; nothing where there is none or a second.
std::optional<Bytes> extension(X509* certificate, const std::string& suffix) {
  const auto text = "1.3.6.1.4.1.3704.1." + suffix;
  const Owned<ASN1_OBJECT, ASN1_OBJECT_free> oid(OBJ_txt2obj(text.c_str(), 1));
  const int index = X509_get_ext_by_OBJ(certificate, oid.get(), -1);
  if (index < 0 || X509_get_ext_by_OBJ(certificate, oid.get(), index) >= 0) return std::nullopt;
  const auto* data = X509_EXTENSION_get_data(X509_get_ext(certificate, index));
  const auto* bytes = ASN1_STRING_get0_data(data);
  return Bytes(bytes, bytes + ASN1_STRING_length(data));
}

// A DER INTEGER from 0 to 255.
std::optional<std::uint8_t> security_patch_level(X509* certificate, const std::string& suffix) {
  const auto der = extension(certificate, suffix);
  if (!der || der->size() < 3 || (*der)[0] != 0x02) return std::nullopt;
  const auto& bytes = *der;
  if (bytes.size() == 3 && bytes[1] == 1 && bytes[2] < 0x80) return bytes[2];
  if (bytes.size() == 4 && bytes[1] == 2 && bytes[2] == 0 && bytes[3] >= 0x80) return bytes[3];
  return std::nullopt;
}

// ---- Chain ------------------------------------------------------------------------------------

const ProductRoots* roots_of(std::string_view product, const Roots& roots) {
  const auto found = std::ranges::find(roots, product, &ProductRoots::product);
  return found == roots.end() ? nullptr : &*found;
}

Certificate built_in(const RootCertificate& root) {
  const auto der = base64_decode(root.der);
  return der ? parse_certificate(*der) : nullptr;
}

bool is_self_issued(X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

struct Parsed {
  Certificate leaf;
  Certificate ark;  // as it came; null where none did
  std::vector<Certificate> intermediates;
  bool readable = true;
};

Parsed parse_chain(const CertificateChain& chain) {
  Parsed parsed;
  parsed.leaf = parse_certificate(chain.leaf);
  for (const auto& der : chain.others) {
    auto certificate = parse_certificate(der);
    if (!certificate) {
      parsed.readable = false;
    } else if (is_self_issued(certificate.get())) {
      // A second root is one that nobody asked for.
      parsed.readable = parsed.readable && !parsed.ark;
      parsed.ark = std::move(certificate);
    } else {
      parsed.intermediates.push_back(std::move(certificate));
    }
  }
  return parsed;
}

bool is_vlek(X509* leaf) {
  return common_name(X509_get_subject_name(leaf)) == "SEV-VLEK";
}

std::string issuing_product(X509* leaf) {
  const auto issuer = common_name(X509_get_issuer_name(leaf));
  return issuer.substr(issuer.rfind('-') + 1);
}

// By CPUID, or where the report does not tell (version 2), by who issued the leaf: SEV-Milan.
std::string product_for(const SnpReport& report, X509* leaf) {
  if (const auto product = product_of(report); !product.empty()) return std::string(product);
  return issuing_product(leaf);
}

bool is_pss_sha384(X509* certificate) {
  int digest = 0;
  int key = 0;
  return X509_get_signature_nid(certificate) == NID_rsassaPss &&
         X509_get_signature_info(certificate, &digest, &key, nullptr, nullptr) == 1 &&
         digest == NID_sha384;
}

// The certificate between leaf and `root`, or why OpenSSL does not build that chain.
std::expected<Bytes, std::string> intermediate_of(X509* leaf, X509* root,
                                                  std::span<X509* const> between,
                                                  std::chrono::system_clock::time_point now) {
  const Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  const Owned<STACK_OF(X509), free_stack> untrusted(sk_X509_new_null());
  if (!store || !context || !untrusted || X509_STORE_add_cert(store.get(), root) != 1) {
    return std::unexpected("out of memory");
  }
  for (X509* each : between) sk_X509_push(untrusted.get(), each);
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, untrusted.get()) != 1) {
    return std::unexpected("out of memory");
  }
  auto* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(now));
  X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  // The root's signature over itself is looked at, too.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CHECK_SS_SIGNATURE);
  if (X509_verify_cert(context.get()) != 1) {
    return std::unexpected(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  auto* chain = X509_STORE_CTX_get0_chain(context.get());
  if (sk_X509_num(chain) != kChainLength) {
    return std::unexpected("it is not made of three certificates");
  }
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    if (!is_pss_sha384(sk_X509_value(chain, i))) {
      return std::unexpected("a certificate is not signed by RSASSA-PSS with SHA-384");
    }
  }
  return der_of(sk_X509_value(chain, 1));
}

void check_root(const Parsed& parsed, const ProductRoots& roots, Appraisal& appraisal) {
  if (!parsed.ark) {
    appraisal.pass("x509.root_pin", "built in, ARK-" + std::string(roots.product));
    return;
  }
  const auto digest = hex_encode(sha256(der_of(parsed.ark.get())));
  appraisal.require(digest == roots.ark.digest, "x509.root_pin", Doubt::Signature,
                    "the root certificate that came with the evidence, " +
                        common_name(X509_get_subject_name(parsed.ark.get())) +
                        ", is not AMD's ARK-" + std::string(roots.product));
}

std::optional<VouchedChain> check_chain(const Parsed& parsed, const ProductRoots& roots,
                                        std::chrono::system_clock::time_point now,
                                        Appraisal& appraisal) {
  const auto ark = built_in(roots.ark);
  const auto intermediate = built_in(is_vlek(parsed.leaf.get()) ? roots.asvk : roots.ask);
  std::vector<X509*> between;
  for (const auto& each : parsed.intermediates) between.push_back(each.get());
  if (between.empty() && intermediate) between.push_back(intermediate.get());
  auto found = ark ? intermediate_of(parsed.leaf.get(), ark.get(), between, now)
                   : std::unexpected<std::string>("the built-in root cannot be read");
  const std::string product(roots.product);
  if (!appraisal.require(found.has_value(), "x509.chain", Doubt::Signature,
                         "the certificate of the signing key does not hang from AMD's ARK-" +
                             product + ": " + (found ? "" : found.error()))) {
    return std::nullopt;
  }
  return VouchedChain{.product = product,
                      .root = der_of(ark.get()),
                      .intermediate = *std::move(found),
                      .leaf = der_of(parsed.leaf.get())};
}

// ---- Leaf against report ----------------------------------------------------------------------

void check_tcb(X509* leaf, const SnpReport& report, std::string_view product,
               Appraisal& appraisal) {
  for (const auto& component : kTcb) {
    const auto place = component.place(product == "Turin");
    if (!place) continue;
    const auto name = std::string(component.name);
    const auto reported = report.reported_tcb.at(*place);
    const auto level = security_patch_level(leaf, std::string(component.extension));
    if (!level) {
      appraisal.fail("vcek.tcb", Doubt::Signature,
                     "the certificate of the signing key does not say its " + name + " version");
      return;
    }
    if (*level != reported) {
      appraisal.fail("vcek.tcb", Doubt::Signature,
                     "the key is of " + name + " " + std::to_string(*level) + ", the report says " +
                         std::to_string(reported));
      return;
    }
  }
  appraisal.pass("vcek.tcb");
}

// A VCEK is of one chip: 64 bytes of HWID, on Turin 8. A VLEK is of a cloud provider.
void check_hwid(X509* leaf, const SnpReport& report, Appraisal& appraisal) {
  if (is_vlek(leaf)) {
    appraisal.require(extension(leaf, "5").has_value() && !extension(leaf, "4"), "vcek.hwid",
                      Doubt::Signature, "the VLEK certificate does not name a provider alone");
    return;
  }
  const auto hwid = extension(leaf, "4");
  const ByteView chip = report.chip_id;
  const bool is_whole = hwid && hwid->size() == chip.size() && std::ranges::equal(*hwid, chip);
  const bool is_short = hwid && hwid->size() == 8 && product_of(report) == "Turin" &&
                        std::ranges::equal(*hwid, chip.first(8)) && all_zero(chip.subspan(8));
  appraisal.require(is_whole || is_short, "vcek.hwid", Doubt::Signature,
                    "the certificate of the signing key is of another chip than the report");
}

void check_product(X509* leaf, std::string_view product, Appraisal& appraisal) {
  const auto name = extension(leaf, "2");  // IA5String: Milan-B0, Genoa
  const bool is_text =
      name && name->size() > 2 && (*name)[0] == 0x16 && (*name)[1] == name->size() - 2;
  const auto text = is_text ? as_text(*name).substr(2) : std::string_view();
  appraisal.require(text == product || text.starts_with(std::string(product) + "-"), "vcek.product",
                    Doubt::Signature,
                    "the certificate of the signing key is of \"" + std::string(text) +
                        "\", the report of a " + std::string(product));
}

void check_signing_key(X509* leaf, const SnpReport& report, Appraisal& appraisal) {
  const auto name = common_name(X509_get_subject_name(leaf));
  constexpr std::uint32_t kVcek = 0;
  constexpr std::uint32_t kVlek = 1;
  const bool fits = (name == "SEV-VCEK" && report.signing_key() == kVcek) ||
                    (name == "SEV-VLEK" && report.signing_key() == kVlek);
  appraisal.require(
      fits && !report.signature_masked(), "snp.signing_key", Doubt::Signature,
      "the report does not say that it is signed by a key like the certificate's, " + name);
}

// ---- Signature --------------------------------------------------------------------------------

bool is_p384(EVP_PKEY* key) {
  char group[32] = {};
  std::size_t size = 0;
  return key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
         std::string_view(group, size) == "secp384r1";
}

using Number = Owned<BIGNUM, BN_free>;

Number number_at(ByteView report, std::size_t offset) {
  return Number(BN_lebin2bn(report.data() + offset, static_cast<int>(kNumberBytes), nullptr));
}

// Greater than zero and below the order of P-384.
bool is_in_range(const Number& number) {
  const Owned<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_secp384r1));
  return number && group && BN_is_zero(number.get()) == 0 &&
         BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) < 0;
}

bool verifies(EVP_PKEY* key, ByteView signed_bytes, Number r, Number s) {
  const Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  if (!signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return false;
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  const auto free_der = [](unsigned char* bytes) { OPENSSL_free(bytes); };
  const std::unique_ptr<unsigned char, decltype(free_der)> owned(der, free_der);
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return size > 0 && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), signed_bytes.data(),
                          signed_bytes.size()) == 1;
}

void check_signature(X509* leaf, ByteView report, Appraisal& appraisal) {
  EVP_PKEY* key = X509_get0_pubkey(leaf);
  if (!appraisal.require(is_p384(key), "x509.key", Doubt::Signature,
                         "the certificate's key is not one of P-384")) {
    appraisal.skip("snp.ecdsa", "there is no such key");
    return;
  }
  auto r = number_at(report, kSignedBytes);
  auto s = number_at(report, kSignedBytes + kNumberBytes);
  appraisal.require(is_in_range(r) && is_in_range(s), "sig.range", Doubt::Signature,
                    "the signature's numbers are not between zero and the order of P-384");
  appraisal.require(verifies(key, report.first(kSignedBytes), std::move(r), std::move(s)),
                    "snp.ecdsa", Doubt::Signature,
                    "the SNP report is not signed by the key of its certificate");
}

void skip_all(Appraisal& appraisal, const std::string& why) {
  for (const auto* name : {"x509.chain", "snp.signing_key", "vcek.product", "vcek.tcb", "vcek.hwid",
                           "sig.range", "snp.ecdsa"}) {
    appraisal.skip(name, why);
  }
}

}  // namespace

bool is_self_issued(ByteView certificate) {
  const auto parsed = parse_certificate(certificate);
  return parsed && is_self_issued(parsed.get());
}

void complete(CertificateChain& chain, const Roots& roots) {
  const auto leaf = parse_certificate(chain.leaf);
  if (!chain.others.empty() || !leaf) return;
  const auto* found = roots_of(issuing_product(leaf.get()), roots);
  if (found == nullptr) return;
  for (const auto& root : {is_vlek(leaf.get()) ? found->asvk : found->ask, found->ark}) {
    if (auto der = base64_decode(root.der)) chain.others.push_back(*std::move(der));
  }
}

std::string_view product_of_leaf(ByteView leaf) {
  const auto certificate = parse_certificate(leaf);
  if (!certificate) return {};
  const auto* found = roots_of(issuing_product(certificate.get()), amd_roots());
  return found == nullptr ? std::string_view() : found->product;
}

Proven<std::vector<Bytes>> read_certificates(ByteView der_or_pem) {
  std::vector<Bytes> out;
  if (as_text(der_or_pem).contains("-----BEGIN ")) {
    const Owned<BIO, BIO_free> bio(
        BIO_new_mem_buf(der_or_pem.data(), static_cast<int>(der_or_pem.size())));
    while (out.size() < kMostCertificates) {
      const Certificate each(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
      if (!each) break;
      out.push_back(der_of(each.get()));
    }
    ERR_clear_error();  // the end of the text is an error to OpenSSL
  } else if (const auto certificate = parse_certificate(der_or_pem)) {
    out.push_back(der_of(certificate.get()));
  }
  if (out.empty()) return refuse(Doubt::Malformed, "holds no X.509 certificate in DER or PEM");
  return out;
}

std::optional<VouchedChain> check_amd_signature(const SnpReport& report, ByteView signed_report,
                                                const CertificateChain& chain,
                                                std::chrono::system_clock::time_point now,
                                                const Roots& roots, Appraisal& appraisal) {
  const auto parsed = parse_chain(chain);
  if (!appraisal.require(parsed.leaf && parsed.readable, "x509.parse", Doubt::Malformed,
                         "the certificates that came with the evidence cannot be read")) {
    appraisal.skip("x509.root_pin", "there are no certificates");
    skip_all(appraisal, "there are no certificates");
    return std::nullopt;
  }
  auto* leaf = parsed.leaf.get();
  const auto product = product_for(report, leaf);
  const auto* known = roots_of(product, roots);
  if (known == nullptr) {
    appraisal.fail("x509.root_pin", Doubt::Signature,
                   "no root of AMD's is known for the product \"" + product + "\"");
    skip_all(appraisal, "the product is not known");
    return std::nullopt;
  }
  check_root(parsed, *known, appraisal);
  auto vouched = check_chain(parsed, *known, now, appraisal);
  check_signing_key(leaf, report, appraisal);
  check_product(leaf, product, appraisal);
  check_tcb(leaf, report, product, appraisal);
  check_hwid(leaf, report, appraisal);
  check_signature(leaf, signed_report, appraisal);
  ERR_clear_error();
  return vouched;
}

}  // namespace cpods::evidence
