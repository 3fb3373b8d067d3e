#include "server/certificates.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ssl/context.hpp>
#include <condition_variable>

#include "base/limits.h"
#include "certs/files.h"
#include "certs/inspect.h"

namespace cpods::server {
namespace {

bool same(const net::Identity& one, const net::Identity& other) {
  return one.chain == other.chain && one.key == other.key;
}

// Sleeps for one tick; false when the thread is asked to end.
bool tick(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, limits::kTick, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

Certificates::~Certificates() = default;

net::TlsContext Certificates::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

Result<void> Certificates::install(const net::Identity& identity) {
  auto context = net::server_context(identity, std::chrono::system_clock::now());
  if (!context) return std::unexpected(context.error());
  if (const auto life = certs::validity(identity.chain)) {
    metrics_.certificate_expiry.Set(
        static_cast<double>(std::chrono::system_clock::to_time_t(life->not_after)));
  }
  metrics_.certificates_loaded.Increment();
  const std::scoped_lock lock(mutex_);
  current_ = std::move(*context);
  return {};
}

Result<net::Identity> Certificates::read(const Files& files) {
  auto chain = certs::read_file(files.certificate);
  if (!chain) return std::unexpected(chain.error());
  auto key = certs::read_file(files.key);
  if (!key) return std::unexpected(key.error());
  return net::Identity(std::move(*chain), std::move(*key));
}

Result<void> Certificates::follow(std::filesystem::path certificate, std::filesystem::path key) {
  Files files{std::move(certificate), std::move(key)};
  auto identity = read(files);
  if (!identity) return std::unexpected(identity.error());
  if (auto done = install(*identity); !done) {
    return failure(done.error().code, files.certificate.string() + " with " + files.key.string(),
                   done.error().message);
  }
  watcher_ =
      std::jthread([this](const std::stop_token& stop, const Files& followed,
                          net::Identity in_use) { watch(stop, followed, std::move(in_use)); },
                   std::move(files), std::move(*identity));
  return {};
}

void Certificates::watch(const std::stop_token& stop, const Files& files, net::Identity in_use) {
  // Two files cannot be replaced at once, so a pair that does not fit is believed to be a fault
  // only when it is still the same a tick later.
  std::string complaint;
  std::string told;
  while (tick(stop)) {
    const auto found = read(files);
    if (found && same(*found, in_use)) {
      complaint.clear();
      continue;
    }
    const auto done = found ? install(*found) : std::unexpected(found.error());
    if (done) {
      in_use = *found;
      spdlog::info("certificate: took {} into use for new connections", files.certificate.string());
      told.clear();
      complaint.clear();
      continue;
    }
    const bool settled = done.error().text() == complaint;
    complaint = done.error().text();
    if (!settled || complaint == told) continue;
    told = complaint;
    metrics_.certificates_refused.Increment();
    spdlog::error("certificate: {} with {}: {}. The one in use stays.", files.certificate.string(),
                  files.key.string(), complaint);
  }
}

}  // namespace cpods::server
