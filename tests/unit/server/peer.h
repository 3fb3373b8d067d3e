#pragma once
// A peer that sends exactly the bytes it is told, over TLS or in the clear, and an authority that
// it trusts. Blocking, on OpenSSL's BIO alone, so that no code of ours is on both ends.
// One test, one thread a peer.

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "certs/authority.h"
#include "net/tls.h"

namespace cpods::test {

struct Freed {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

inline const certs::Authority& authority() {
  static const certs::Authority made =
      certs::Authority::create(std::chrono::system_clock::now()).value();
  return made;
}

inline net::Identity issue(std::chrono::seconds life = certs::kLeafLife) {
  const auto now = std::chrono::system_clock::now();
  auto leaf = authority().issue({"localhost", "127.0.0.1"}, now, life).value();
  return {std::move(leaf.certificate), std::move(leaf.key)};
}

class Peer {
 public:
  enum class Security { Plain, Tls };

  Peer(std::uint16_t port, Security security) {
    std::signal(SIGPIPE, SIG_IGN);  // a closed connection is an answer like others
    const std::string where = "127.0.0.1:" + std::to_string(port);
    if (security == Security::Plain) {
      bio_.reset(BIO_new_connect(where.c_str()));
    } else {
      context_.reset(SSL_CTX_new(TLS_client_method()));
      bio_.reset(BIO_new_ssl_connect(context_.get()));
      BIO_get_ssl(bio_.get(), &ssl_);
      BIO_set_conn_hostname(bio_.get(), where.c_str());
    }
    if (BIO_do_connect(bio_.get()) != 1) throw std::runtime_error("cannot connect to " + where);
    // Nothing here waits for ever: a server that stays silent shows as an empty answer.
    const timeval patience{10, 0};
    const auto fd = static_cast<int>(BIO_get_fd(bio_.get(), nullptr));
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  // False when the server has closed the connection.
  bool send(std::string_view bytes) {
    return BIO_write(bio_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }

  // One answer: head and as many body bytes as its Content-Length says; "" at the end.
  std::string answer() {
    while (true) {
      if (const auto size = answer_size()) {
        std::string whole = received_.substr(0, *size);
        received_.erase(0, *size);
        return whole;
      }
      if (!receive()) return std::exchange(received_, {});
    }
  }

  std::string ask(std::string_view bytes) {
    send(bytes);
    return answer();
  }

  // True when the server ends the connection without another byte.
  bool at_end() { return received_.empty() && !receive() && BIO_should_retry(bio_.get()) == 0; }

  [[nodiscard]] std::string certificate() const {
    const std::unique_ptr<X509, decltype(&X509_free)> leaf(SSL_get1_peer_certificate(ssl_),
                                                           X509_free);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    X509_digest(leaf.get(), EVP_sha256(), digest, &size);
    return {reinterpret_cast<const char*>(digest), size};
  }

 private:
  [[nodiscard]] std::optional<std::size_t> answer_size() const {
    constexpr std::string_view kEnd = "\r\n\r\n";
    constexpr std::string_view kLength = "Content-Length: ";
    const auto end = received_.find(kEnd);
    if (end == std::string::npos) return std::nullopt;
    const auto length = received_.find(kLength);
    const std::size_t body =
        length < end ? std::stoul(received_.substr(length + kLength.size())) : 0;
    const std::size_t size = end + kEnd.size() + body;
    return received_.size() >= size ? std::optional(size) : std::nullopt;
  }

  bool receive() {
    std::array<char, 16384> chunk;
    const int count = BIO_read(bio_.get(), chunk.data(), static_cast<int>(chunk.size()));
    if (count <= 0) return false;
    received_.append(chunk.data(), static_cast<std::size_t>(count));
    return true;
  }

  std::unique_ptr<SSL_CTX, Freed> context_;
  std::unique_ptr<BIO, Freed> bio_;
  SSL* ssl_ = nullptr;
  std::string received_;
};

}  // namespace cpods::test
