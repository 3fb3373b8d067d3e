#pragma once
// The certificate that new connections are served with. It can be replaced at any time; connections
// keep the one they began with, so that a replacement closes none.
// Shared by listeners and whoever renews; any thread.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "net/tls.h"
#include "server/metrics.h"

namespace cpods::server {

class Certificates {
 public:
  explicit Certificates(Metrics& metrics) : metrics_(metrics) {}
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  // Takes the pair into use for connections made from now on, or says what is wrong with it and
  // keeps the one before.
  [[nodiscard]] Result<void> install(const net::Identity& identity);

  // Installs the pair of these files, then follows them: both are read each limits::kTick, and a
  // new pair is taken when it is whole. A bad one is logged and counted once, and the old one
  // stays. Call once at most.
  [[nodiscard]] Result<void> follow(std::filesystem::path certificate, std::filesystem::path key);

  // Null until something was installed.
  [[nodiscard]] net::TlsContext current() const;

 private:
  struct Files {
    std::filesystem::path certificate;
    std::filesystem::path key;
  };

  [[nodiscard]] static Result<net::Identity> read(const Files& files);
  void watch(const std::stop_token& stop, const Files& files, net::Identity in_use);

  Metrics& metrics_;
  mutable std::mutex mutex_;
  net::TlsContext current_;
  std::jthread watcher_;
};

}  // namespace cpods::server
