#include "kube/certificate_keeper.h"

#include <spdlog/spdlog.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "base/text.h"
#include "certs/inspect.h"
#include "json/document.h"
#include "kube/backoff.h"
#include "kube/ca_bundle.h"
#include "kube/certificate_secret.h"
#include "kube/renewal.h"

namespace cpods::kube {

namespace asio = boost::asio;
using Milliseconds = std::chrono::milliseconds;
using std::chrono::system_clock;

namespace {

constexpr Milliseconds kLimit{20'000};
// Looks at the Secret in one go: each lost race means that another replica just wrote it.
constexpr int kRaces = 3;

json::Document parsed(std::string body) {
  auto document = json::Document::parse(std::move(body));
  if (!document) throw json::Malformed(document.error().where, document.error().message);
  return std::move(*document);
}

}  // namespace

Result<KeeperSettings> keeper_settings(std::string_view secret, std::vector<std::string> names) {
  const auto slash = secret.find('/');
  KeeperSettings settings;
  if (slash != std::string_view::npos) {
    settings.name_space = secret.substr(0, slash);
    settings.secret = secret.substr(slash + 1);
  }
  if (!is_dns_label(settings.name_space) || !is_dns_subdomain(settings.secret)) {
    return failure(ErrorCode::Invalid, "",
                   "\"" + std::string(secret) + "\" is not NAMESPACE/NAME of a Secret");
  }
  if (names.empty()) {
    return failure(ErrorCode::Invalid, "",
                   "a certificate needs at least one DNS name, usually SERVICE.NAMESPACE.svc");
  }
  settings.names = std::move(names);
  return settings;
}

class CertificateKeeper::Impl {
 public:
  Impl(ApiClient& api, KeeperSettings settings, Use use)
      : api_(api), settings_(std::move(settings)), use_(std::move(use)) {}

  asio::awaitable<void> run();
  [[nodiscard]] Figures figures() const;
  [[nodiscard]] bool ready() const { return ready_.load(std::memory_order_acquire); }
  [[nodiscard]] ApiClient& api() const { return api_; }

 private:
  struct Wanted {
    CertificateFiles files;
    bool fresh = false;  // not yet in the Secret
  };

  asio::awaitable<bool> look();
  asio::awaitable<std::optional<CertificateFiles>> shared_files();
  asio::awaitable<ApiResult<json::Document>> read_secret();
  asio::awaitable<ApiResult<std::string>> write_secret(json::Node before, CertificateFiles files);
  [[nodiscard]] Result<Wanted> wanted_files(json::Node secret) const;
  std::optional<CertificateFiles> no_files(std::string_view why);
  asio::awaitable<bool> write_bundle(std::string path, std::string bundle);
  asio::awaitable<std::optional<ApiFailure>> write_bundle_once(std::string path,
                                                               std::string bundle);
  bool take(const CertificateFiles& files);
  [[nodiscard]] bool is_trusted_already(const CertificateFiles& files) const;
  void warn_when_old(const CertificateFiles& files);
  bool note_failure(std::string_view what, std::string_view why);

  [[nodiscard]] std::string secret_text() const {
    return settings_.name_space + "/" + settings_.secret;
  }
  [[nodiscard]] std::string secrets_path() const {
    return "/api/v1/namespaces/" + settings_.name_space + "/secrets";
  }

  ApiClient& api_;
  const KeeperSettings settings_;
  const Use use_;

  // The loop's thread only.
  CertificateFiles in_use_;
  std::set<std::string, std::less<>> absent_;  // configurations already reported as not there
  std::minstd_rand random_{std::random_device{}()};

  std::atomic<bool> ready_ = false;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::uint64_t> issued_ = 0;
  std::atomic<std::uint64_t> bundles_written_ = 0;
  std::atomic<std::int64_t> expires_ = 0;
};

bool CertificateKeeper::Impl::note_failure(std::string_view what, std::string_view why) {
  if (api_.loop().stopping()) return false;
  failures_.fetch_add(1, std::memory_order_relaxed);
  spdlog::warn("certificates: {}: {}", what, why);
  return false;
}

asio::awaitable<void> CertificateKeeper::Impl::run() {
  Backoff backoff;
  while (!api_.loop().stopping()) {
    bool well = false;
    try {
      well = co_await look();
    } catch (const json::Malformed& wrong) {
      note_failure("an answer that cannot be read", wrong.where() + ": " + wrong.what());
    } catch (const std::exception& error) {
      note_failure("internal error", error.what());
    }
    if (well) backoff.reset();
    const Milliseconds wait = well ? varied(settings_.period, random_) : backoff.next();
    co_await api_.loop().pause(wait);
  }
}

// The API server is told whom to trust before the server shows the certificate: one that the old
// bundle does not trust is only taken once both new ones are written, or where there is none yet.
asio::awaitable<bool> CertificateKeeper::Impl::look() {
  const std::optional<CertificateFiles> files = co_await shared_files();
  if (!files) co_return false;
  auto mutating = settings_.configurations.mutating_path();
  const bool first = co_await write_bundle(std::move(mutating), files->ca_crt);
  auto validating = settings_.configurations.validating_path();
  const bool second = co_await write_bundle(std::move(validating), files->ca_crt);
  const bool told = first && second;
  const bool fits = told || in_use_.tls_crt.empty() || is_trusted_already(*files);
  const bool taken = fits && take(*files);
  if (told && taken) ready_.store(true, std::memory_order_release);
  co_return told&& taken;
}

bool CertificateKeeper::Impl::is_trusted_already(const CertificateFiles& files) const {
  return certs::accepts(in_use_.ca_crt, files.tls_crt, settings_.names.front(), system_clock::now())
      .has_value();
}

// What the Secret holds once it is as it should be; made or renewed here when nobody else was
// first.
asio::awaitable<std::optional<CertificateFiles>> CertificateKeeper::Impl::shared_files() {
  for (int race = 0; race < kRaces; ++race) {
    const auto secret = co_await read_secret();
    if (!secret) co_return no_files(secret.error().message);
    const json::Node before = secret->root();
    auto wanted = wanted_files(before);
    if (!wanted) co_return no_files(wanted.error().text());
    if (!wanted->fresh) co_return std::move(wanted->files);
    const auto written = co_await write_secret(before, wanted->files);
    if (written) {
      issued_.fetch_add(1, std::memory_order_relaxed);
      spdlog::info("certificates: issued a certificate into Secret {}", secret_text());
      co_return std::move(wanted->files);
    }
    if (!written.error().is_conflict()) co_return no_files(written.error().message);
  }
  co_return no_files("others keep writing it at the same moment");
}

std::optional<CertificateFiles> CertificateKeeper::Impl::no_files(std::string_view why) {
  note_failure("Secret " + secret_text(), why);
  return std::nullopt;
}

Result<CertificateKeeper::Impl::Wanted> CertificateKeeper::Impl::wanted_files(
    json::Node secret) const {
  auto files = read_files(secret);
  if (!files) return std::unexpected(std::move(files.error()));
  auto better = renewed(*files, settings_.names, in_use_.ca_crt, system_clock::now());
  if (!better) return std::unexpected(std::move(better.error()));
  std::optional<CertificateFiles>& fresh = *better;
  if (!fresh) return Wanted{std::move(*files), false};
  return Wanted{std::move(*fresh), true};
}

// A null document when there is no such Secret.
asio::awaitable<ApiResult<json::Document>> CertificateKeeper::Impl::read_secret() {
  net::Request get("GET", secrets_path() + "/" + settings_.secret);
  auto body = co_await api_.call(std::move(get), kLimit);
  if (body) co_return parsed(std::move(*body));
  if (body.error().is_absent()) co_return parsed("null");
  co_return std::unexpected(std::move(body.error()));
}

// A conflict (409) says that another replica was faster.
asio::awaitable<ApiResult<std::string>> CertificateKeeper::Impl::write_secret(
    json::Node before, CertificateFiles files) {
  const bool create = !before.present();
  net::Request request(create ? "POST" : "PUT",
                       secrets_path() + (create ? "" : "/" + settings_.secret) + kFieldManager);
  request.content("application/json",
                  create ? new_secret(settings_.name_space, settings_.secret, files)
                         : updated_secret(before, files));
  co_return co_await api_.call(std::move(request), kLimit);
}

// Whoever adds an entry at the same moment brings it with the old bundle, so the list is read
// again.
asio::awaitable<bool> CertificateKeeper::Impl::write_bundle(std::string path, std::string bundle) {
  std::optional<ApiFailure> failed;
  for (int race = 0; race < kRaces; ++race) {
    std::string of = path;
    std::string wanted = bundle;
    failed = co_await write_bundle_once(std::move(of), std::move(wanted));
    if (!failed) co_return true;
    if (!failed->may_be_a_race()) break;
  }
  co_return note_failure("caBundle", failed->message);
}

// A configuration that is not there yet is no failure: it is looked for again at the next look.
asio::awaitable<std::optional<ApiFailure>> CertificateKeeper::Impl::write_bundle_once(
    std::string path, std::string bundle) {
  net::Request get("GET", path);
  auto body = co_await api_.call(std::move(get), kLimit);
  if (!body && body.error().is_absent()) {
    if (absent_.insert(path).second) {
      spdlog::info("certificates: {} is not there yet; its caBundle is written once it is",
                   name_in(path));
    }
    co_return std::nullopt;
  }
  if (!body) co_return std::move(body.error());
  absent_.erase(path);
  const json::Document configuration = parsed(std::move(*body));
  auto operations = ca_bundle_patch(configuration.root(), bundle);
  if (!operations) co_return std::nullopt;

  net::Request patch("PATCH", path + kFieldManager);
  patch.content("application/json-patch+json", std::move(*operations));
  auto answer = co_await api_.call(std::move(patch), kLimit);
  if (!answer) co_return std::move(answer.error());
  bundles_written_.fetch_add(1, std::memory_order_relaxed);
  spdlog::info("certificates: wrote caBundle into {}", name_in(path));
  co_return std::nullopt;
}

bool CertificateKeeper::Impl::take(const CertificateFiles& files) {
  warn_when_old(files);
  if (files.tls_crt == in_use_.tls_crt && files.tls_key == in_use_.tls_key) return true;
  const net::Identity identity(files.tls_crt, files.tls_key);
  if (const auto used = use_(identity); !used) {
    return note_failure("Secret " + secret_text() + " cannot be used", used.error().text());
  }
  in_use_ = files;
  if (const auto life = certs::validity(files.tls_crt)) {
    expires_.store(system_clock::to_time_t(life->not_after), std::memory_order_relaxed);
  }
  spdlog::info("certificates: using the certificate of Secret {}", secret_text());
  return true;
}

// Only a certificate that is someone else's to renew can be old here.
void CertificateKeeper::Impl::warn_when_old(const CertificateFiles& files) {
  if (files.ca_key.empty() && certs::needs_renewal(files.tls_crt, system_clock::now())) {
    spdlog::warn(
        "certificates: two thirds of the life of the certificate in Secret {} are over, "
        "and there is no ca.key to renew it with",
        secret_text());
  }
}

CertificateKeeper::Figures CertificateKeeper::Impl::figures() const {
  return {.failures = failures_.load(std::memory_order_relaxed),
          .issued = issued_.load(std::memory_order_relaxed),
          .bundles_written = bundles_written_.load(std::memory_order_relaxed),
          .expires = expires_.load(std::memory_order_relaxed)};
}

CertificateKeeper::CertificateKeeper(ApiClient& api, KeeperSettings settings, Use use)
    : impl_(std::make_unique<Impl>(api, std::move(settings), std::move(use))) {}
CertificateKeeper::~CertificateKeeper() = default;

void CertificateKeeper::start() {
  impl_->api().loop().spawn(impl_->run());
}

bool CertificateKeeper::ready() const {
  return impl_->ready();
}

CertificateKeeper::Figures CertificateKeeper::figures() const {
  return impl_->figures();
}

}  // namespace cpods::kube
