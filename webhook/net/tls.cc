#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

namespace cpods::net {
namespace {

namespace ssl = boost::asio::ssl;

// TLS 1.2 with forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::unexpected<Error> invalid(std::string message) {
  return failure(ErrorCode::Invalid, "", std::move(message));
}

// The API server offers h2 too on loopback addresses; a client that offers only others is served
// without a protocol rather than refused.
int choose_http11(SSL*, const unsigned char** chosen, unsigned char* length,
                  const unsigned char* offered, unsigned int offered_length, void*) {
  unsigned char* choice = nullptr;
  const int found =
      SSL_select_next_proto(&choice, length, kHttp11, sizeof kHttp11, offered, offered_length);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = choice;
  return SSL_TLSEXT_ERR_OK;
}

std::string words(const ASN1_TIME* time) {
  std::tm parts{};
  char text[32] = "at an unreadable time";
  if (ASN1_TIME_to_tm(time, &parts) == 1) {
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  }
  return text;
}

Result<void> check_dates(const X509* leaf, std::time_t now) {
  if (X509_cmp_time(X509_get0_notBefore(leaf), &now) > 0) {
    return invalid("the certificate is valid only from " + words(X509_get0_notBefore(leaf)) +
                   " on");
  }
  if (X509_cmp_time(X509_get0_notAfter(leaf), &now) < 0) {
    return invalid("the certificate expired on " + words(X509_get0_notAfter(leaf)));
  }
  return {};
}

Result<void> use_identity(ssl::context& context, const Identity& identity) {
  boost::system::error_code ec;
  // Never ask at a terminal for the password of an encrypted key.
  context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; }, ec);
  context.use_certificate_chain(boost::asio::buffer(identity.chain), ec);
  if (ec) {
    ERR_clear_error();
    return invalid("no readable PEM certificate chain (" + ec.message() + ")");
  }
  context.use_private_key(boost::asio::buffer(identity.key), ssl::context::pem, ec);
  if (!ec) return {};
  ERR_clear_error();
  if (ERR_GET_REASON(static_cast<unsigned long>(ec.value())) == X509_R_KEY_VALUES_MISMATCH) {
    return invalid("the private key does not belong to the certificate");
  }
  return invalid("no readable, unencrypted PEM private key (" + ec.message() + ")");
}

void forbid_old_protocols(ssl::context& context) {
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, kTls12Ciphers);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // An idle connection keeps no 34 KiB of record buffers.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
}

}  // namespace

Result<TlsContext> server_context(const Identity& identity,
                                  std::chrono::system_clock::time_point now) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  forbid_old_protocols(*context);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(native, choose_http11, nullptr);
  if (auto used = use_identity(*context, identity); !used) return std::unexpected(used.error());
  const auto dated =
      check_dates(SSL_CTX_get0_certificate(native), std::chrono::system_clock::to_time_t(now));
  if (!dated) return std::unexpected(dated.error());
  return context;
}

Result<TlsContext> client_context(const std::string& ca_pem, const Identity* identity) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  forbid_old_protocols(*context);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_alpn_protos(native, kHttp11, sizeof kHttp11);
  boost::system::error_code ec;
  context->set_verify_mode(ssl::verify_peer, ec);
  if (ca_pem.empty()) {
    context->set_default_verify_paths(ec);
  } else {
    context->add_certificate_authority(boost::asio::buffer(ca_pem), ec);
  }
  if (ec) {
    ERR_clear_error();
    return invalid("no readable PEM certificate in the CA bundle (" + ec.message() + ")");
  }
  if (identity != nullptr) {
    if (auto used = use_identity(*context, *identity); !used) return std::unexpected(used.error());
  }
  return context;
}

}  // namespace cpods::net
