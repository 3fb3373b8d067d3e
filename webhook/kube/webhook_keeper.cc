#include "kube/webhook_keeper.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "json/document.h"
#include "kube/backoff.h"
#include "kube/webhook_list.h"

namespace cpods::kube {

namespace asio = boost::asio;
using configuration::Entries;
using configuration::Entry;
using Milliseconds = std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr Milliseconds kLimit{10'000};
constexpr unsigned kNotFound = 404;
// What the API server says where the tested resourceVersion is not there any more.
constexpr unsigned kConflict = 409;
constexpr unsigned kInvalid = 422;
// Another replica, or the certificate keeper, was faster.
constexpr int kRaces = 4;
constexpr const char* kConfigurations = "/apis/admissionregistration.k8s.io/v1/";
constexpr const char* kFieldManager = "?fieldManager=confidential-pods";

// The first entry that says how it is reached; missing where there is none.
json::Node address_in(json::Node configuration) {
  for (const auto entry : configuration["webhooks"].elements()) {
    const auto client_config = entry["clientConfig"];
    if (client_config["url"] || client_config["service"]) return client_config;
  }
  return {};
}

}  // namespace

class WebhookKeeper::Impl {
 public:
  Impl(ApiClient& api, WebhookKeeperSettings settings)
      : api_(api), settings_(std::move(settings)), nap_(api.loop().executor()) {}

  void start() {
    api_.loop().on_stop([this] { nap_.cancel(); });
    api_.loop().spawn(run());
  }
  void want(Entries entries) {
    asio::post(api_.loop().executor(), [this, wanted = std::move(entries)]() mutable {
      wanted_ = std::move(wanted);
      is_fresh_ = true;
      nap_.cancel();
    });
  }
  [[nodiscard]] bool ready() const { return ready_.load(std::memory_order_acquire); }
  [[nodiscard]] Figures figures() const {
    return {.failures = failures_.load(std::memory_order_relaxed),
            .written = written_.load(std::memory_order_relaxed)};
  }

 private:
  // One of the two configurations, as it was read.
  struct Stored {
    std::string path;
    std::optional<json::Document> document;  // nothing: there is no such object
    [[nodiscard]] json::Node root() const { return document ? document->root() : json::Node(); }
  };
  // Since when an entry is not needed, by path and name.
  using Since = std::map<std::pair<std::string, std::string>, steady_clock::time_point>;

  asio::awaitable<void> run();
  asio::awaitable<void> nap(Milliseconds duration);
  asio::awaitable<bool> look(Entries wanted);
  asio::awaitable<std::optional<Stored>> read(std::string path);
  // Nothing where it is as it should be or was written; else what went wrong.
  asio::awaitable<std::optional<ApiFailure>> write(const Stored& stored,
                                                   const std::vector<Entry>& wanted,
                                                   json::Node address);
  std::set<std::string> over_patience(const Stored& stored, const std::vector<Entry>& wanted);
  bool note_failure(std::string_view what, std::string_view why);
  Milliseconds period() {
    // Replicas drift apart, so that they seldom race.
    std::uniform_int_distribution<std::int64_t> spread(90, 110);
    return settings_.period * spread(random_) / 100;
  }

  ApiClient& api_;
  const WebhookKeeperSettings settings_;

  // The loop's thread only.
  asio::steady_timer nap_;
  std::optional<Entries> wanted_;
  bool is_fresh_ = false;  // `wanted_` has come since the last look began
  Since unneeded_since_;
  std::minstd_rand random_{std::random_device{}()};

  std::atomic<bool> ready_ = false;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::uint64_t> written_ = 0;
};

bool WebhookKeeper::Impl::note_failure(std::string_view what, std::string_view why) {
  if (api_.loop().stopping()) return false;
  failures_.fetch_add(1, std::memory_order_relaxed);
  spdlog::warn("webhook configurations: {}: {}", what, why);
  return false;
}

asio::awaitable<void> WebhookKeeper::Impl::run() {
  Backoff backoff;
  while (!api_.loop().stopping()) {
    is_fresh_ = false;
    bool well = true;
    if (wanted_) {
      try {
        Entries wanted = *wanted_;
        well = co_await look(std::move(wanted));
      } catch (const json::Malformed& wrong) {
        well = note_failure("an answer that cannot be read", wrong.where() + ": " + wrong.what());
      } catch (const std::exception& error) {
        well = note_failure("internal error", error.what());
      }
    }
    if (well) backoff.reset();
    const Milliseconds wait = well ? period() : backoff.next();
    if (!is_fresh_) co_await nap(wait);
  }
}

asio::awaitable<void> WebhookKeeper::Impl::nap(Milliseconds duration) {
  if (api_.loop().stopping()) co_return;
  nap_.expires_after(duration);
  co_await nap_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<bool> WebhookKeeper::Impl::look(Entries wanted) {
  const std::string mutating =
      std::string(kConfigurations) + "mutatingwebhookconfigurations/" + settings_.mutating;
  const std::string validating =
      std::string(kConfigurations) + "validatingwebhookconfigurations/" + settings_.validating;
  for (int race = 0; race < kRaces; ++race) {
    std::string first = validating;
    const auto guard = co_await read(std::move(first));
    std::string second = mutating;
    const auto place = co_await read(std::move(second));
    if (!guard || !place) co_return false;
    auto address = address_in(guard->root());
    if (!address) address = address_in(place->root());
    if (!address && (guard->document || place->document)) {
      co_return note_failure(settings_.validating,
                             "no entry says how the API server reaches this server; apply "
                             "manifests/base");
    }
    auto failed = co_await write(*guard, wanted.validating, address);
    if (!failed) failed = co_await write(*place, wanted.mutating, address);
    if (!failed) {
      ready_.store(true, std::memory_order_release);
      co_return true;
    }
    if (failed->status != kConflict && failed->status != kInvalid) {
      co_return note_failure("write", failed->message);
    }
  }
  co_return note_failure("write", "others keep writing them at the same moment");
}

// A configuration that is not there is no failure: it is looked for again at the next look.
asio::awaitable<std::optional<WebhookKeeper::Impl::Stored>> WebhookKeeper::Impl::read(
    std::string path) {
  net::Request get("GET", path);
  auto body = co_await api_.call(std::move(get), kLimit);
  if (!body && body.error().status == kNotFound) co_return Stored{std::move(path), std::nullopt};
  if (!body) {
    note_failure("read", body.error().message);
    co_return std::nullopt;
  }
  auto document = json::Document::parse(std::move(*body));
  if (!document) {
    note_failure("read", document.error().text());
    co_return std::nullopt;
  }
  co_return Stored{std::move(path), std::move(*document)};
}

asio::awaitable<std::optional<ApiFailure>> WebhookKeeper::Impl::write(
    const Stored& stored, const std::vector<Entry>& wanted, json::Node address) {
  if (!stored.document) co_return std::nullopt;
  const auto gone = over_patience(stored, wanted);
  auto patch = list_patch(stored.root(), wanted, gone, address);
  if (!patch) co_return std::nullopt;
  net::Request request("PATCH", stored.path + kFieldManager);
  request.content("application/json-patch+json", std::move(*patch));
  auto answer = co_await api_.call(std::move(request), kLimit);
  if (!answer) co_return std::move(answer.error());
  written_.fetch_add(1, std::memory_order_relaxed);
  spdlog::info("webhook configurations: wrote {} entries into {}, took away {}", wanted.size(),
               stored.path.substr(stored.path.rfind('/') + 1), gone.size());
  co_return std::nullopt;
}

std::set<std::string> WebhookKeeper::Impl::over_patience(const Stored& stored,
                                                         const std::vector<Entry>& wanted) {
  const auto now = steady_clock::now();
  const auto names = unneeded(stored.root(), wanted);
  std::erase_if(unneeded_since_, [&](const auto& each) {
    return each.first.first == stored.path && !names.contains(each.first.second);
  });
  std::set<std::string> gone;
  for (const auto& name : names) {
    const auto since = unneeded_since_.try_emplace({stored.path, name}, now).first->second;
    if (now - since >= settings_.patience) gone.insert(name);
  }
  return gone;
}

WebhookKeeper::WebhookKeeper(ApiClient& api, WebhookKeeperSettings settings)
    : impl_(std::make_unique<Impl>(api, std::move(settings))) {}
WebhookKeeper::~WebhookKeeper() = default;

void WebhookKeeper::start() {
  impl_->start();
}

void WebhookKeeper::want(configuration::Entries entries) {
  impl_->want(std::move(entries));
}

bool WebhookKeeper::ready() const {
  return impl_->ready();
}

WebhookKeeper::Figures WebhookKeeper::figures() const {
  return impl_->figures();
}

}  // namespace cpods::kube
