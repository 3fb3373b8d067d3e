#pragma once
// Lists of revoked certificates as AMD's roots sign them, by the keys of the sample chains.
// One thread.

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "unit/evidence/sample_chain.h"

namespace cpods::evidence::sample {

struct Entry {
  std::int64_t serial = 0;
  std::string issuer;     // of the certificate, as an extension; empty: the list's
  int reason = -1;        // CRL_REASON_…, as an extension
  bool critical = false;  // the reason
};

// What a list says; each test changes one thing.
struct List {
  std::string issuer = "ARK-Milan";
  std::vector<Entry> entries;
  std::time_t from = std::chrono::system_clock::to_time_t(now()) - 86400;
  std::time_t until = std::chrono::system_clock::to_time_t(now()) + 86400;  // 0: not said
  bool is_delta = false;
  std::string critical;  // an extension by its OID, with an empty value; "": none
  bool pss = true;
  const EVP_MD* digest = EVP_sha384();
};

inline void name_issuer(X509_REVOKED* entry, const std::string& issuer) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(GENERAL_NAMES_new(),
                                                                            GENERAL_NAMES_free);
  auto* name = X509_NAME_new();
  set_name(name, issuer);
  auto* general = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(general, GEN_DIRNAME, name);
  need(sk_GENERAL_NAME_push(names.get(), general) == 1 &&
       X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names.get(), 1, 0) == 1);
}

inline void give_reason(X509_REVOKED* entry, int reason, bool critical) {
  const std::unique_ptr<ASN1_ENUMERATED, decltype(&ASN1_ENUMERATED_free)> number(
      ASN1_ENUMERATED_new(), ASN1_ENUMERATED_free);
  need(ASN1_ENUMERATED_set(number.get(), reason) == 1 &&
       X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, number.get(), critical ? 1 : 0, 0) == 1);
}

inline void add_entry(X509_CRL* list, const Entry& entry, std::time_t when) {
  auto* made = X509_REVOKED_new();
  const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> serial(ASN1_INTEGER_new(),
                                                                           ASN1_INTEGER_free);
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(ASN1_TIME_set(nullptr, when),
                                                                   ASN1_TIME_free);
  need(ASN1_INTEGER_set_int64(serial.get(), entry.serial) == 1 &&
       X509_REVOKED_set_serialNumber(made, serial.get()) == 1 &&
       X509_REVOKED_set_revocationDate(made, time.get()) == 1);
  if (!entry.issuer.empty()) name_issuer(made, entry.issuer);
  if (entry.reason >= 0) give_reason(made, entry.reason, entry.critical);
  need(X509_CRL_add0_revoked(list, made) == 1);
}

inline void make_delta(X509_CRL* list) {
  const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> base(ASN1_INTEGER_new(),
                                                                         ASN1_INTEGER_free);
  need(X509_CRL_add1_ext_i2d(list, NID_delta_crl, base.get(), 1, 0) == 1);
}

inline void add_critical(X509_CRL* list, const std::string& oid) {
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> object(
      OBJ_txt2obj(oid.c_str(), 1), ASN1_OBJECT_free);
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> value(
      ASN1_OCTET_STRING_new(), ASN1_OCTET_STRING_free);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 1, value.get()), X509_EXTENSION_free);
  need(made != nullptr && X509_CRL_add_ext(list, made.get(), -1) == 1);
}

// In DER, signed by the root of `family`, whoever the list says it is of.
inline Bytes revocation_list(const List& list = {}, const Family& family = milan()) {
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> made(X509_CRL_new(), X509_CRL_free);
  const std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)> issuer(X509_NAME_new(),
                                                                     X509_NAME_free);
  const auto time = [](std::time_t seconds) {
    return std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)>(ASN1_TIME_set(nullptr, seconds),
                                                                 ASN1_TIME_free);
  };
  set_name(issuer.get(), list.issuer);
  need(X509_CRL_set_version(made.get(), X509_CRL_VERSION_2) == 1 &&
       X509_CRL_set_issuer_name(made.get(), issuer.get()) == 1 &&
       X509_CRL_set1_lastUpdate(made.get(), time(list.from).get()) == 1);
  if (list.until != 0) need(X509_CRL_set1_nextUpdate(made.get(), time(list.until).get()) == 1);
  for (const auto& entry : list.entries) add_entry(made.get(), entry, list.from);
  if (list.is_delta) make_delta(made.get());
  if (!list.critical.empty()) add_critical(made.get(), list.critical);
  need(X509_CRL_sign_ctx(made.get(), signing(family.ark_key(), list.pss, list.digest).get()) > 0);
  Bytes der(static_cast<std::size_t>(i2d_X509_CRL(made.get(), nullptr)));
  auto* at = der.data();
  i2d_X509_CRL(made.get(), &at);
  return der;
}

}  // namespace cpods::evidence::sample
