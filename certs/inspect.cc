#include "certs/inspect.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <vector>

#include "certs/openssl.h"

namespace cpods::certs {
namespace {

Bio reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Time time_of(const ASN1_TIME* asn1) {
  // Counted from the epoch by OpenSSL itself: no time zone of this machine can enter.
  const Owned<ASN1_TIME, ASN1_STRING_free> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, epoch.get(), asn1);
  return Time(std::chrono::days(days) + std::chrono::seconds(seconds));
}

std::vector<Certificate> certificates_of(std::string_view pem) {
  std::vector<Certificate> found;
  const Bio bio = reading(pem);
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    found.push_back(std::move(next));
  }
  ERR_clear_error();  // the end of the text is reported as an error
  return found;
}

Result<Store> trusting(std::string_view ca_pem) {
  Store store(X509_STORE_new());
  const auto authorities = certificates_of(ca_pem);
  for (const auto& each : authorities) X509_STORE_add_cert(store.get(), each.get());
  if (authorities.empty()) {
    return failure(ErrorCode::Malformed, "", "no certificate in the CA bundle");
  }
  return store;
}

void free_stack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}

bool expect_name(X509_VERIFY_PARAM* parameters, const std::string& name) {
  return X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1 ||
         X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1;
}

}  // namespace

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_get_error());
  std::string text = reason ? reason : "no reason given by OpenSSL";
  ERR_clear_error();
  return text;
}

Result<Certificate> parse_certificate(std::string_view pem, std::string_view what) {
  const Bio bio = reading(pem);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) {
    return failure(ErrorCode::Malformed, "",
                   "no PEM certificate in the " + std::string(what) + ": " + openssl_reason());
  }
  return certificate;
}

Result<Key> parse_private_key(std::string_view pem, std::string_view what) {
  const Bio bio = reading(pem);
  // Never ask at a terminal for the password of an encrypted key.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) {
    return failure(
        ErrorCode::Malformed, "",
        "no unencrypted PEM private key in the " + std::string(what) + ": " + openssl_reason());
  }
  return key;
}

Result<Validity> validity(std::string_view certificate_pem) {
  auto certificate = parse_certificate(certificate_pem, "certificate");
  if (!certificate) return std::unexpected(certificate.error());
  return Validity{time_of(X509_get0_notBefore(certificate->get())),
                  time_of(X509_get0_notAfter(certificate->get()))};
}

bool needs_renewal(std::string_view certificate_pem, Time now) {
  const auto life = validity(certificate_pem);
  if (!life) return true;
  return now >= life->not_before + (life->not_after - life->not_before) * 2 / 3;
}

Result<void> accepts(std::string_view ca_pem, std::string_view leaf_pem, const std::string& name,
                     Time now) {
  auto leaf = parse_certificate(leaf_pem, "leaf");
  if (!leaf) return std::unexpected(leaf.error());
  auto store = trusting(ca_pem);
  if (!store) return std::unexpected(store.error());
  // The leaf's text may bring intermediate authorities, and any trusted one ends the chain.
  const auto chain = certificates_of(leaf_pem);
  const Owned<STACK_OF(X509), free_stack> offered(sk_X509_new_null());
  for (const auto& each : chain) sk_X509_push(offered.get(), each.get());
  const StoreContext context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store->get(), leaf->get(), offered.get());
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(now));
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  if (!expect_name(parameters, name)) {
    return failure(ErrorCode::Invalid, "", "\"" + name + "\" is neither a DNS name nor an address");
  }
  if (X509_verify_cert(context.get()) == 1) return {};
  const int why = X509_STORE_CTX_get_error(context.get());
  return failure(ErrorCode::Invalid, "",
                 "the certificate would be refused under the name \"" + name +
                     "\": " + X509_verify_cert_error_string(why));
}

}  // namespace cpods::certs
