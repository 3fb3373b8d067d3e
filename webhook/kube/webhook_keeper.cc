#include "kube/webhook_keeper.h"

#include <spdlog/spdlog.h>

#include <spdlog/fmt/chrono.h>
#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <exception>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "json/document.h"
#include "kube/backoff.h"
#include "kube/patience.h"

namespace cpods::kube {

namespace asio = boost::asio;
using configuration::Entries;
using configuration::Entry;
using Milliseconds = std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr Milliseconds kLimit{10'000};
// Another replica, or the certificate keeper, was faster.
constexpr int kRaces = 4;
// While one is not there, nobody asks this server anything that it would guard.
constexpr Milliseconds kWhileAbsent{1'000};

// 2026-11-28T06:29:52Z
std::string now_text() {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)));
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
  asio::awaitable<void> run();
  asio::awaitable<void> nap(Milliseconds duration);
  asio::awaitable<bool> look(Entries wanted);
  asio::awaitable<std::optional<Stored>> read(std::string path);
  // Nothing where it is as it should be or was written; else what went wrong.
  asio::awaitable<std::optional<ApiFailure>> write(const Stored& stored,
                                                   const std::vector<Entry>& wanted,
                                                   json::Node address);
  asio::awaitable<std::optional<ApiFailure>> send(std::string path,
                                                  std::optional<std::string> patch);
  Wish wish_for(const Stored& stored, const std::vector<Entry>& wanted);
  void note_presence(const Stored& stored);
  void note_narrowed(const Stored& stored, const std::vector<Entry>& wanted);
  bool note_failure(std::string_view what, std::string_view why);
  Milliseconds period() {
    const bool absent =
        std::ranges::any_of(is_there_, [](const auto& each) { return !each.second; });
    return varied(absent ? std::min(settings_.period, kWhileAbsent) : settings_.period, random_);
  }

  ApiClient& api_;
  const WebhookKeeperSettings settings_;

  // The loop's thread only.
  asio::steady_timer nap_;
  std::optional<Entries> wanted_;
  bool is_fresh_ = false;                     // `wanted_` has come since the last look began
  std::map<std::string, Patience> patience_;  // by path
  std::map<std::string, bool> is_there_;      // the configurations, by path
  std::map<std::string, std::set<std::string>> narrowed_;  // entries told of, by path
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
  std::optional<ApiFailure> failed;
  for (int race = 0; race < kRaces; ++race) {
    auto first = settings_.configurations.validating_path();
    const auto guard = co_await read(std::move(first));
    auto second = settings_.configurations.mutating_path();
    const auto place = co_await read(std::move(second));
    if (!guard || !place) co_return false;
    auto address = address_in(guard->root());
    if (!address) address = address_in(place->root());
    const bool needs_one = (guard->document && !wanted.validating.empty()) ||
                           (place->document && !wanted.mutating.empty());
    if (!address && needs_one) {
      co_return note_failure(settings_.configurations.validating,
                             "no entry says how the API server reaches this server; apply "
                             "manifests/base");
    }
    failed = co_await write(*guard, wanted.validating, address);
    if (!failed) failed = co_await write(*place, wanted.mutating, address);
    if (!failed) {
      ready_.store(true, std::memory_order_release);
      co_return true;
    }
    if (!failed->may_be_a_race()) break;
  }
  // 422 is also what the API server says of an entry that it does not take.
  co_return note_failure("write", failed->is_conflict()
                                      ? "others keep writing them at the same moment"
                                      : failed->message);
}

// A configuration that is not there yet is no failure: the manifests bring it.
asio::awaitable<std::optional<WebhookKeeper::Impl::Stored>> WebhookKeeper::Impl::read(
    std::string path) {
  net::Request get("GET", path);
  auto body = co_await api_.call(std::move(get), kLimit);
  if (!body && body.error().is_absent()) {
    Stored absent{std::move(path), std::nullopt};
    note_presence(absent);
    co_return std::move(absent);
  }
  if (!body) {
    note_failure("read", body.error().message);
    co_return std::nullopt;
  }
  auto document = json::Document::parse(std::move(*body));
  if (!document) {
    note_failure("read", document.error().text());
    co_return std::nullopt;
  }
  Stored stored{std::move(path), std::move(*document)};
  note_presence(stored);
  co_return std::move(stored);
}

void WebhookKeeper::Impl::note_presence(const Stored& stored) {
  const bool is_there = stored.document.has_value();
  const auto [told, is_new] = is_there_.try_emplace(stored.path, is_there);
  const bool was_there = std::exchange(told->second, is_there);
  if (is_new && !is_there) {
    spdlog::info("webhook configurations: {} is not there yet", name_in(stored.path));
  } else if (was_there && !is_there) {
    note_failure(name_in(stored.path),
                 "it has been deleted, and until manifests/base is applied again the API server "
                 "asks nobody about what it guards");
  }
}

// What the enforcer adds is left to it: who fights it loses every second round.
void WebhookKeeper::Impl::note_narrowed(const Stored& stored, const std::vector<Entry>& wanted) {
  std::set<std::string> names;
  for (const auto entry : stored.root()["webhooks"].elements()) {
    if (configuration::is_narrowed(entry)) names.emplace(entry["name"].text());
  }
  // A policy may say so itself.
  for (const auto& each : wanted) {
    const auto body = json::Document::parse(each.body);
    if (body && configuration::is_narrowed(body->root())) names.erase(each.name);
  }
  if (std::exchange(narrowed_[stored.path], names) == names || names.empty()) return;
  spdlog::warn(
      "webhook configurations: AKS' admissions enforcer has made {} of {} entries of {} leave out "
      "namespaces that carry its labels, and the same label takes a namespace away from the guard; "
      "label the configuration admissions.enforcer/disabled=true",
      names.size(), stored.root()["webhooks"].size(), name_in(stored.path));
}

asio::awaitable<std::optional<ApiFailure>> WebhookKeeper::Impl::write(
    const Stored& stored, const std::vector<Entry>& wanted, json::Node address) {
  if (!stored.document) co_return std::nullopt;
  note_narrowed(stored, wanted);
  const auto wish = wish_for(stored, wanted);
  auto path = stored.path;
  auto patch = list_patch(stored.root(), wish, address, settings_.bundles);
  auto failed = co_await send(std::move(path), std::move(patch));
  if (failed && !failed->is_conflict()) {
    // Notices are struck and given all the same, or another replica would take away what is needed.
    auto again = stored.path;
    auto notices = notices_patch(stored.root(), notices_for(stored.root(), wanted, now_text()));
    (void)co_await send(std::move(again), std::move(notices));
  }
  co_return failed;
}

asio::awaitable<std::optional<ApiFailure>> WebhookKeeper::Impl::send(
    std::string path, std::optional<std::string> patch) {
  if (!patch) co_return std::nullopt;
  net::Request request("PATCH", path + kFieldManager);
  request.content("application/json-patch+json", std::move(*patch));
  auto answer = co_await api_.call(std::move(request), kLimit);
  if (!answer) co_return std::move(answer.error());
  written_.fetch_add(1, std::memory_order_relaxed);
  spdlog::info("webhook configurations: wrote {}", name_in(path));
  co_return std::nullopt;
}

Wish WebhookKeeper::Impl::wish_for(const Stored& stored, const std::vector<Entry>& wanted) {
  Wish wish{
      .entries = wanted, .notices = notices_for(stored.root(), wanted, now_text()), .gone = {}};
  auto& patience = patience_.try_emplace(stored.path, settings_.patience).first->second;
  // Of those on notice, the ones that are needed here after all are not among `wish.notices`.
  for (const auto& name : patience.over(notices_in(stored.root()), steady_clock::now())) {
    if (wish.notices.erase(name) > 0) wish.gone.insert(name);
  }
  return wish;
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
