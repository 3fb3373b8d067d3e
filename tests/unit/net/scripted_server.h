#pragma once
// A server that does on each connection what a script says, byte by byte; blocking, on OpenSSL's
// BIO alone. One connection after the other, on its own thread until it is destroyed.

#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "certs/authority.h"

namespace cpods::test {

inline const certs::Authority& authority() {
  static const certs::Authority made =
      certs::Authority::create(std::chrono::system_clock::now()).value();
  return made;
}

class ScriptedServer {
 public:
  // The accepted side of a connection.
  class Connection {
   public:
    explicit Connection(BIO* bio) : bio_(bio) {}

    // The head of the next request, up to its empty line; "" when the client is gone.
    std::string head() {
      std::string text;
      char byte = 0;
      while (!text.ends_with("\r\n\r\n") && BIO_read(bio_, &byte, 1) == 1) text += byte;
      return text;
    }
    std::string read(std::size_t count) {
      std::string text;
      char byte = 0;
      while (count-- > 0 && BIO_read(bio_, &byte, 1) == 1) text += byte;
      return text;
    }
    void write(std::string_view bytes) {
      BIO_write(bio_, bytes.data(), static_cast<int>(bytes.size()));
    }
    // Until the client leaves.
    void wait() {
      std::array<char, 1024> chunk;
      while (BIO_read(bio_, chunk.data(), chunk.size()) > 0) {
      }
    }

   private:
    BIO* bio_;
  };

  using Script = std::function<void(Connection&)>;

  // Runs the first script on the first connection and so on; further connections are closed.
  // `names` not empty: TLS with a certificate for them.
  explicit ScriptedServer(std::vector<Script> scripts, const std::vector<std::string>& names = {})
      : scripts_(std::move(scripts)) {
    std::signal(SIGPIPE, SIG_IGN);
    if (!names.empty()) secure(names);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no listening socket");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void secure(const std::vector<std::string>& names) {
    const auto leaf = authority().issue(names, std::chrono::system_clock::now()).value();
    context_.reset(SSL_CTX_new(TLS_server_method()));
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> crt(
        BIO_new_mem_buf(leaf.certificate.data(), static_cast<int>(leaf.certificate.size())),
        BIO_free_all);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> key(
        BIO_new_mem_buf(leaf.key.data(), static_cast<int>(leaf.key.size())), BIO_free_all);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(crt.get(), nullptr, nullptr, nullptr), X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
        PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    SSL_CTX_use_certificate(context_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), private_key.get());
  }

  void serve() {
    for (std::size_t i = 0;; ++i) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections_;
      std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new_socket(fd, BIO_CLOSE),
                                                        BIO_free_all);
      if (i >= scripts_.size()) continue;
      if (context_) bio.reset(BIO_push(BIO_new_ssl(context_.get(), 0), bio.release()));
      Connection connection(bio.get());
      scripts_[i](connection);
    }
  }

  std::vector<Script> scripts_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace cpods::test
