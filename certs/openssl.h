#pragma once
// OpenSSL's objects as values that free themselves, and PEM text as objects. Private to certs.
// Plain values; any thread.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cpods::certs {

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, Freeing<BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;
using Store = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;
using Address = std::unique_ptr<ASN1_OCTET_STRING, Freeing<ASN1_OCTET_STRING_free>>;

using Time = std::chrono::system_clock::time_point;

// The reason of OpenSSL's oldest queued error, in its words; empties the queue.
[[nodiscard]] std::string openssl_reason();

// The first certificate of a PEM text; `what` names the text in the message.
[[nodiscard]] Result<Certificate> parse_certificate(std::string_view pem, std::string_view what);
[[nodiscard]] Result<Key> parse_private_key(std::string_view pem, std::string_view what);

}  // namespace cpods::certs
