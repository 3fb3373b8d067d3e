#pragma once
// OpenSSL's objects as values that free themselves, and PEM text as objects. Private to certs.
// Plain values; any thread.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/freeing.h"

namespace cpods::certs {

using Bio = Owned<BIO, BIO_free_all>;
using BigNumber = Owned<BIGNUM, BN_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;
using Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using Store = Owned<X509_STORE, X509_STORE_free>;
using StoreContext = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using Address = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

using Time = std::chrono::system_clock::time_point;

// The reason of OpenSSL's oldest queued error, in its words; empties the queue.
[[nodiscard]] std::string openssl_reason();

// The first certificate of a PEM text; `what` names the text in the message.
[[nodiscard]] Result<Certificate> parse_certificate(std::string_view pem, std::string_view what);
[[nodiscard]] Result<Key> parse_private_key(std::string_view pem, std::string_view what);

}  // namespace cpods::certs
