#include "certs/authority.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "certs/inspect.h"
#include "certs/openssl.h"

namespace cpods::certs {
namespace {

std::unexpected<Error> openssl_failure(std::string_view doing) {
  return failure(ErrorCode::Internal, "",
                 "OpenSSL could not " + std::string(doing) + ": " + openssl_reason());
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

// 159 random bits: positive and within RFC 5280's 20 octets, and never to be guessed.
bool set_random_serial(X509* certificate) {
  const BigNumber serial(BN_new());
  return serial && BN_rand(serial.get(), 159, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_dates(X509* certificate, Time not_before, Time not_after) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate),
                       std::chrono::system_clock::to_time_t(not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate),
                       std::chrono::system_clock::to_time_t(not_after)) != nullptr;
}

bool set_common_name(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

struct ExtensionLine {
  int nid;
  std::string value;  // in the notation of x509v3_config(5)
};

bool add_extensions(X509* certificate, X509* issuer, const std::vector<ExtensionLine>& lines) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  return std::ranges::all_of(lines, [&](const ExtensionLine& line) {
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, line.nid, line.value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
  });
}

bool is_address(const std::string& name) {
  const bool is = Address(a2i_IPADDRESS(name.c_str())) != nullptr;
  ERR_clear_error();  // a name that is no address is no failure
  return is;
}

// The notation of x509v3_config(5) is split at commas, so only what a name may hold passes.
bool is_dns_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name.size() <= 253 && name.front() != '.' && name.back() != '.' &&
         name.find("..") == std::string_view::npos && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

Result<std::string> subject_alternative_names(const std::vector<std::string>& names) {
  if (names.empty()) {
    return failure(ErrorCode::Invalid, "", "a server certificate needs at least one name");
  }
  std::string line;
  for (const auto& name : names) {
    if (!line.empty()) line += ',';
    if (is_address(name)) {
      line += "IP:" + name;
    } else if (is_dns_name(name)) {
      line += "DNS:" + name;
    } else {
      return failure(ErrorCode::Invalid, "",
                     "\"" + name + "\" is neither a DNS name nor an IP address");
    }
  }
  return line;
}

Certificate unsigned_certificate(EVP_PKEY* key, Time not_before, Time not_after) {
  Certificate certificate(X509_new());
  const bool done = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    set_random_serial(certificate.get()) &&
                    set_dates(certificate.get(), not_before, not_after) &&
                    X509_set_pubkey(certificate.get(), key) == 1;
  return done ? std::move(certificate) : nullptr;
}

// Tells two authorities of one cluster apart where both are trusted during a change.
std::string authority_name() {
  std::array<unsigned char, 4> tag{};
  RAND_bytes(tag.data(), static_cast<int>(tag.size()));
  return "Confidential Pods CA " + hex_encode(tag);
}

}  // namespace

struct Authority::Parsed {
  Certificate certificate;
  Key key;
};

Authority::Authority(std::unique_ptr<Parsed> parsed, KeyPair pem)
    : parsed_(std::move(parsed)), pem_(std::move(pem)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority> Authority::create(Time now) {
  Key key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure("make a P-256 key");
  Certificate certificate = unsigned_certificate(key.get(), now - kBackdated, now + kAuthorityLife);
  // The authority's own key identifier comes first: the leaves' refer to it.
  const bool made =
      certificate && set_common_name(certificate.get(), authority_name()) &&
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1 &&
      add_extensions(certificate.get(), certificate.get(),
                     {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                      {NID_key_usage, "critical,keyCertSign,cRLSign"},
                      {NID_subject_key_identifier, "hash"}}) &&
      X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
  if (!made) return openssl_failure("make a CA certificate");
  KeyPair pem{pem_of(certificate.get()), pem_of(key.get())};
  return Authority(std::make_unique<Parsed>(std::move(certificate), std::move(key)),
                   std::move(pem));
}

Result<Authority> Authority::load(std::string_view certificate_pem, std::string_view key_pem) {
  auto certificate = parse_certificate(certificate_pem, "CA certificate");
  if (!certificate) return std::unexpected(certificate.error());
  auto key = parse_private_key(key_pem, "CA key");
  if (!key) return std::unexpected(key.error());
  if (X509_check_ca(certificate->get()) != 1) {
    return failure(ErrorCode::Invalid, "",
                   "the CA certificate may not sign others (its basicConstraints or keyUsage)");
  }
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return failure(ErrorCode::Invalid, "", "the CA key does not belong to the CA certificate");
  }
  KeyPair pem{std::string(certificate_pem), std::string(key_pem)};
  return Authority(std::make_unique<Parsed>(std::move(*certificate), std::move(*key)),
                   std::move(pem));
}

Result<KeyPair> Authority::issue(const std::vector<std::string>& names, Time now,
                                 std::chrono::seconds life) const {
  auto alternative_names = subject_alternative_names(names);
  if (!alternative_names) return std::unexpected(alternative_names.error());
  const auto own_life = validity(pem_.certificate);
  if (!own_life) return std::unexpected(own_life.error());
  if (now >= own_life->not_after) {
    return failure(ErrorCode::Invalid, "", "the CA certificate has expired; make a new CA");
  }
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure("make a P-256 key");
  X509* issuer = parsed_->certificate.get();
  const Certificate leaf =
      unsigned_certificate(key.get(), std::max(now - kBackdated, own_life->not_before),
                           std::min(now + life, own_life->not_after));
  // Clients read the alternative names; the common name is for people and holds 64 bytes at most.
  const bool made = leaf && set_common_name(leaf.get(), names.front().substr(0, 64)) &&
                    X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer)) == 1 &&
                    add_extensions(leaf.get(), issuer,
                                   {{NID_basic_constraints, "critical,CA:FALSE"},
                                    {NID_key_usage, "critical,digitalSignature"},
                                    {NID_ext_key_usage, "serverAuth"},
                                    {NID_subject_key_identifier, "hash"},
                                    {NID_authority_key_identifier, "keyid:always"},
                                    {NID_subject_alt_name, std::move(*alternative_names)}}) &&
                    X509_sign(leaf.get(), parsed_->key.get(), EVP_sha256()) > 0;
  if (!made) return openssl_failure("issue a certificate");
  return KeyPair{pem_of(leaf.get()), pem_of(key.get())};
}

}  // namespace cpods::certs
