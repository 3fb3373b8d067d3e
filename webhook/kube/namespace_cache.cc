// LIST, then WATCH for ever (Kubernetes API concepts, "Efficient detection of changes"):
//
//   list ──ok──▶ watch ──the stream ends──▶ watch again from the last version
//     ▲            └──410, or a line that cannot be read──┐
//     └────────────────────── after a pause ──────────────┘
//
// The first list says resourceVersion=0: the API server answers it from memory, however many
// replicas start at once. Later ones ask for the newest state, so that what was seen never goes
// back. Bookmarks move the version while nothing changes, which keeps a re-watch from being too
// old.

#include "kube/namespace_cache.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <exception>
#include <optional>
#include <random>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "kube/backoff.h"
#include "kube/look_ups.h"
#include "kube/namespace_feed.h"

namespace cpods::kube {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

namespace {

// Names and labels alone; the second type is for servers that cannot cut objects down.
constexpr const char* kListType =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";
constexpr Milliseconds kListLimit{60'000};
constexpr Milliseconds kWatchHead{30'000};
// The API server ends the watch itself after so many seconds, different ones to spread the load:
// what a middlebox swallows stays unseen no longer. A dead peer is noticed sooner, by its TCP.
constexpr int kWatchSecondsLeast = 120;
constexpr int kWatchSecondsMost = 180;
// Bookmarks come about once a minute, but not before the first event since the API server's own
// start, so silence alone says nothing until the watch is over.
constexpr Milliseconds kWatchQuiet{(kWatchSecondsMost + 30) * 1000};
// A watch that ends sooner without a word counts as a failure, so that a peer that hangs up at once
// is not asked in a tight circle.
constexpr std::chrono::seconds kShortWatch{5};
constexpr unsigned kGone = 410;

}  // namespace

class NamespaceCache::Impl {
 public:
  Impl(ApiClient& api, Milliseconds stale_after) : api_(api), stale_after_(stale_after) { touch(); }

  asio::awaitable<void> run();
  asio::awaitable<Result<Labels>> look_up(std::string name, Milliseconds limit) {
    if (Labels labels = known(name)) co_return labels;
    co_return co_await look_ups_.look_up(std::move(name), limit);
  }
  [[nodiscard]] Figures figures() const;

  [[nodiscard]] ApiClient& api() const { return api_; }
  [[nodiscard]] const NamespaceMap& map() const { return map_; }
  [[nodiscard]] bool synced() const { return synced_.load(std::memory_order_acquire); }
  [[nodiscard]] bool stale() const { return !watching_ && silence() > stale_after_; }
  [[nodiscard]] Labels known(std::string_view name) const {
    return stale() ? nullptr : map_.find(name);
  }

 private:
  asio::awaitable<bool> round();
  asio::awaitable<bool> list();
  asio::awaitable<bool> watch();
  asio::awaitable<ApiResult<NamespacePage>> page(std::string continue_token);
  bool on_line(std::string_view line, Next& next, std::string& why);
  bool note_failure(std::string_view what, std::string_view why);
  bool note_failure(std::string_view what, const ApiFailure& failed) {
    retry_after_ = failed.retry_after;
    return note_failure(what, failed.message);
  }
  [[nodiscard]] std::chrono::duration<double> silence() const {
    const steady_clock::time_point last{
        steady_clock::duration(last_word_.load(std::memory_order_relaxed))};
    return steady_clock::now() - last;
  }
  void touch() {
    last_word_.store(steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  }

  ApiClient& api_;
  const Milliseconds stale_after_;
  NamespaceMap map_;
  LookUps look_ups_{api_, map_};

  // The loop's thread only.
  std::string version_;  // "" = list first
  std::optional<std::chrono::seconds> retry_after_;
  std::minstd_rand random_{std::random_device{}()};

  std::atomic<bool> synced_ = false;
  std::atomic<bool> watching_ = false;  // a watch is open
  std::atomic<steady_clock::rep> last_word_ = 0;
  std::atomic<std::uint64_t> lists_ = 0;
  std::atomic<std::uint64_t> events_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
};

bool NamespaceCache::Impl::note_failure(std::string_view what, std::string_view why) {
  if (api_.loop().stopping()) return false;
  failures_.fetch_add(1, std::memory_order_relaxed);
  spdlog::warn("namespaces: {}: {}", what, why);
  return false;
}

asio::awaitable<void> NamespaceCache::Impl::run() {
  Backoff backoff;
  while (!api_.loop().stopping()) {
    bool well = false;
    try {
      well = co_await round();
    } catch (const std::exception& error) {
      version_.clear();
      note_failure("internal error", error.what());
    }
    if (well) {
      backoff.reset();
    } else {
      co_await api_.loop().pause(backoff.next(std::exchange(retry_after_, {})));
    }
  }
}

asio::awaitable<bool> NamespaceCache::Impl::round() {
  if (version_.empty()) {
    co_return co_await list();
  }
  co_return co_await watch();
}

asio::awaitable<ApiResult<NamespacePage>> NamespaceCache::Impl::page(std::string continue_token) {
  std::string target = std::string(kNamespaces) + "?limit=500";
  if (!continue_token.empty()) {
    target += "&continue=" + percent_encoded(continue_token);
  } else if (!synced()) {
    target += "&resourceVersion=0";
  }
  net::Request request("GET", std::move(target));
  request.header("Accept", kListType);
  auto body = co_await api_.call(std::move(request), kListLimit);
  if (!body) co_return std::unexpected(std::move(body.error()));
  auto read = read_page(std::move(*body));
  if (!read) co_return std::unexpected(ApiFailure(0, read.error().text()));
  co_return std::move(*read);
}

// All pages or nothing: the map is replaced at once, and deleted namespaces are gone with it.
asio::awaitable<bool> NamespaceCache::Impl::list() {
  NamespaceMap::Entries entries;
  std::string version;
  std::string continue_token;
  do {
    auto read = co_await page(continue_token);
    if (!read) co_return note_failure("list", read.error());
    touch();
    entries.merge(read->namespaces);
    if (version.empty()) version = read->version;
    continue_token = std::move(read->continue_token);
  } while (!continue_token.empty());

  const std::size_t count = entries.size();
  map_.replace(std::move(entries));
  version_ = std::move(version);
  lists_.fetch_add(1, std::memory_order_relaxed);
  synced_.store(true, std::memory_order_release);
  spdlog::info("namespaces: {} listed at version {}", count, version_);
  co_return true;
}

bool NamespaceCache::Impl::on_line(std::string_view line, Next& next, std::string& why) {
  touch();
  watching_ = true;
  if (line.empty()) return true;
  events_.fetch_add(1, std::memory_order_relaxed);
  next = apply_line(std::string(line), map_, version_, why);
  return next == Next::ReadOn;
}

asio::awaitable<bool> NamespaceCache::Impl::watch() {
  std::uniform_int_distribution<int> timeout(kWatchSecondsLeast, kWatchSecondsMost);
  net::Request request(
      "GET", std::string(kNamespaces) + "?watch=true&allowWatchBookmarks=true&resourceVersion=" +
                 percent_encoded(version_) + "&timeoutSeconds=" + std::to_string(timeout(random_)));
  request.header("Accept", kNamespaceType);
  Next next = Next::ReadOn;
  std::string why;
  net::LineHandler lines = [this, &next, &why](std::string_view line) {
    return on_line(line, next, why);
  };
  const auto started = steady_clock::now();
  const std::string before = version_;
  const net::StreamLimits limits(kWatchHead, kWatchQuiet);
  auto ended = co_await api_.watch(std::move(request), std::move(lines), limits);
  if (watching_) touch();  // up to here an open watch has told all there was
  watching_ = false;

  if (!ended && ended.error().status == kGone) next = Next::Relist;
  if (next == Next::Relist) version_.clear();
  if (!ended) co_return note_failure("watch", ended.error());
  if (next != Next::ReadOn) co_return note_failure("watch", why);
  touch();
  const bool lasted = version_ != before || steady_clock::now() - started >= kShortWatch;
  co_return lasted || note_failure("watch", "ended at once, without a word");
}

NamespaceCache::Figures NamespaceCache::Impl::figures() const {
  return {.namespaces = map_.size(),
          .staleness_seconds = silence().count(),
          .lists = lists_.load(std::memory_order_relaxed),
          .events = events_.load(std::memory_order_relaxed),
          .failures = failures_.load(std::memory_order_relaxed),
          .look_ups = look_ups_.asked()};
}

NamespaceCache::NamespaceCache(ApiClient& api, Milliseconds stale_after)
    : impl_(std::make_unique<Impl>(api, stale_after)) {}
NamespaceCache::~NamespaceCache() = default;

void NamespaceCache::start() {
  spdlog::info("namespaces: watching {}", impl_->api().describe());
  impl_->api().loop().spawn(impl_->run());
}

bool NamespaceCache::synced() const {
  return impl_->synced();
}

bool NamespaceCache::stale() const {
  return impl_->stale();
}

NamespaceCache::Labels NamespaceCache::namespace_labels(std::string_view name) const {
  return impl_->known(name);
}

asio::awaitable<Result<NamespaceCache::Labels>> NamespaceCache::look_up(std::string name,
                                                                        Milliseconds limit) {
  return impl_->look_up(std::move(name), limit);
}

NamespaceCache::Figures NamespaceCache::figures() const {
  return impl_->figures();
}

}  // namespace cpods::kube
