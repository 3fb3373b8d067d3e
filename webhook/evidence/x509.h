#pragma once
// Reading a stranger's X.509 with OpenSSL. Any thread.

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/freeing.h"

namespace cpods::evidence {

using Certificate = Owned<X509, X509_free>;

// Null where it is none, or bytes follow it.
[[nodiscard]] inline Certificate parse_certificate(ByteView der) {
  const auto* at = der.data();
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) return nullptr;
  return certificate;
}

// A stranger's text may call itself encrypted; OpenSSL would ask for the password at the terminal.
inline int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

}  // namespace cpods::evidence
