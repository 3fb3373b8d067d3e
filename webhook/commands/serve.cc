// serve, top to bottom: policies, the API server if there is one, certificates, routes, listeners;
// then a supervisor that ticks until a signal comes; then the way out.

#include "commands/serve.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <malloc.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "commands/exit_codes.h"
#include "commands/review_service.h"
#include "configuration/webhooks.h"
#include "kube/certificate_keeper.h"
#include "kube/loop.h"
#include "kube/namespace_cache.h"
#include "kube/pod_search.h"
#include "kube/webhook_keeper.h"
#include "pod/names.h"
#include "policy/directory.h"
#include "policy/store.h"
#include "server/listener.h"
#include "server/readiness.h"

namespace cpods::commands {
namespace {

// Without an API server a namespace is known by its name alone.
class NamesOnly final : public admission::Cluster {
 public:
  [[nodiscard]] std::shared_ptr<const pod::Labels> namespace_labels(
      std::string_view name) const override {
    auto labels = std::make_shared<pod::Labels>();
    labels->set(names::kNamespaceNameLabel, name);
    return labels;
  }
};

// Everything that talks to the API server, on its own thread.
struct ApiServer {
  kube::Loop loop;
  std::unique_ptr<kube::ApiClient> client;
  std::unique_ptr<kube::NamespaceCache> namespaces;
  std::unique_ptr<kube::PodSearch> pods;
  std::unique_ptr<kube::CertificateKeeper> keeper;
  std::unique_ptr<kube::WebhookKeeper> webhooks;

  ~ApiServer() { loop.stop(); }
};

// SIGTERM and SIGINT, blocked in every thread and waited for in one.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  // True when one came within a quarter of a second.
  [[nodiscard]] bool wait() const {
    const timespec quarter{0, 250'000'000};
    return sigtimedwait(&signals_, nullptr, &quarter) > 0;
  }

 private:
  sigset_t signals_{};
};

void start_logging(const std::string& level) {
  // One buffered stream: a line a decision must not cost a system call a line.
  std::ios::sync_with_stdio(false);
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(std::clog);
  auto logger = std::make_shared<spdlog::logger>("confidential-pods", std::move(sink));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::warn);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %l %v", spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_every(std::chrono::seconds(1));
}

// What is large goes back to the system as soon as it is free, so that a crowd that has left leaves
// no memory behind.
void give_back_large_memory() {
  mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
}

class Serving {
 public:
  explicit Serving(const ServeOptions& options)
      : options_(options),
        policies_(options.policies,
                  {.step_image = options.step_image,
                   .namespace_labels = kube::find_access(options.kubeconfig).has_value()}),
        metrics_(server_metrics_.registry()),
        certificates_(server_metrics_) {}

  // The exit code of a failed start, told to `err`; or nothing.
  std::optional<int> start(std::ostream& err) {
    if (auto code = read_options(err)) return code;
    if (auto code = load_policies(err)) return code;
    if (auto code = reach_api_server(err)) return code;
    if (auto code = take_certificates(err)) return code;
    if (auto code = keep_webhooks(err)) return code;
    service_.emplace(policies_, cluster(), questions(), metrics_,
                     options_.manage_webhooks ? std::optional(options_.trusted) : std::nullopt);
    if (auto code = listen(err)) return code;
    if (api_) api_->loop.start();
    return std::nullopt;
  }

  // A few times a second, so that an edited policy is in force within one.
  void tick() {
    follow_policies();
    read_figures();
  }

  // Serves on for a while, as Kubernetes wants it; a second signal ends that.
  void stop(const StopSignals& signals) {
    spdlog::info("stopping: serving for {} s more, then ending", options_.drain_seconds);
    spdlog::default_logger()->flush();
    readiness_.drain();
    listener_->begin_drain();
    std::atomic<bool> ended = false;
    std::jthread waiting([&] {
      listener_->join();
      ended = true;
    });
    while (!ended) {
      if (signals.wait()) listener_->stop();
      tick();
    }
    waiting.join();
    if (plain_listener_) {
      plain_listener_->stop();
      plain_listener_->join();
    }
    api_.reset();
    spdlog::info("stopped");
  }

 private:
  [[nodiscard]] const admission::Cluster& cluster() const {
    if (api_) return *api_->namespaces;
    return names_only_;
  }

  [[nodiscard]] ApiQuestions questions() const {
    if (!api_) return {};
    return {api_->namespaces.get(), api_->pods.get()};
  }

  // What is wrong with the command line alone is told before anything is begun.
  std::optional<int> read_options(std::ostream& err) {
    const bool by_hand = !options_.tls_cert.empty() || !options_.tls_key.empty();
    if (options_.manage_certificates && by_hand) {
      err << "--manage-certificates makes the certificate itself: leave --tls-cert and --tls-key "
             "out, or leave --manage-certificates out\n";
      return kUnusable;
    }
    if (!options_.manage_certificates && (options_.tls_cert.empty() || options_.tls_key.empty())) {
      err << "give --tls-cert and --tls-key, or --manage-certificates in a cluster\n";
      return kUnusable;
    }
    address_ = read_address("--listen", options_.listen, err);
    if (!address_) return kUnusable;
    if (options_.metrics_listen.empty()) return std::nullopt;
    plain_address_ = read_address("--metrics-listen", options_.metrics_listen, err);
    if (!plain_address_) return kUnusable;
    return std::nullopt;
  }

  static std::optional<net::Endpoint> read_address(std::string_view flag, const std::string& text,
                                                   std::ostream& err) {
    auto endpoint = net::parse_listen_address(text);
    if (endpoint) return std::move(*endpoint);
    err << flag << ": " << endpoint.error().text() << "\n";
    return std::nullopt;
  }

  std::optional<int> load_policies(std::ostream& err) {
    if (const auto files = policy::read_directory(options_.policies); !files) {
      err << files.error().text() << "\n";
      return kUnusable;
    }
    const auto reload = policies_.reload();
    for (const auto& diagnostic : reload.diagnostics) err << diagnostic.text() << "\n";
    if (!reload.accepted) return kFinding;
    tell_policies_in_force();
    return std::nullopt;
  }

  void tell_policies_in_force() {
    const auto snapshot = policies_.current();
    metrics_.policy_generation.Set(static_cast<double>(policies_.generation()));
    spdlog::info("policies: generation {}, {} in force, digest {}", policies_.generation(),
                 snapshot->policies().size(), snapshot->digest().substr(0, 12));
  }

  std::optional<int> reach_api_server(std::ostream& err) {
    auto access = kube::find_access(options_.kubeconfig);
    if (!access) {
      if (!options_.manage_certificates) return std::nullopt;
      err << "--manage-certificates needs the API server: give --kubeconfig or run in a Pod\n";
      return kUnusable;
    }
    api_ = std::make_unique<ApiServer>();
    auto client = kube::ApiClient::create(api_->loop, std::move(*access));
    if (!client) {
      err << client.error().text() << "\n";
      return kUnusable;
    }
    api_->client = std::move(*client);
    spdlog::info("API server: {}", api_->client->describe());
    api_->namespaces = std::make_unique<kube::NamespaceCache>(*api_->client);
    api_->namespaces->start();
    api_->pods = std::make_unique<kube::PodSearch>(*api_->client);
    readiness_.require([this]() -> std::optional<std::string> {
      if (api_->namespaces->synced()) return std::nullopt;
      return "the namespaces have not been listed yet";
    });
    return std::nullopt;
  }

  std::optional<int> take_certificates(std::ostream& err) {
    if (options_.manage_certificates) return keep_certificates(err);
    if (const auto followed = certificates_.follow(options_.tls_cert, options_.tls_key);
        !followed) {
      err << followed.error().text() << "\n";
      return kUnusable;
    }
    return std::nullopt;
  }

  std::optional<int> keep_certificates(std::ostream& err) {
    auto settings = kube::keeper_settings(options_.certificate_secret, options_.certificate_names);
    if (!settings) {
      err << settings.error().text() << "\n";
      return kUnusable;
    }
    api_->keeper = std::make_unique<kube::CertificateKeeper>(
        *api_->client, std::move(*settings),
        [this](const net::Identity& identity) { return certificates_.install(identity); });
    api_->keeper->start();
    readiness_.require([this]() -> std::optional<std::string> {
      if (api_->keeper->ready()) return std::nullopt;
      return "there is no certificate yet";
    });
    return std::nullopt;
  }

  std::optional<int> keep_webhooks(std::ostream& err) {
    if (!options_.manage_webhooks) return std::nullopt;
    if (!api_) {
      err << "--manage-webhooks needs the API server: give --kubeconfig or run in a Pod\n";
      return kUnusable;
    }
    kube::WebhookKeeperSettings settings;
    if (options_.manage_certificates) settings.bundles = kube::Bundles::Keep;
    api_->webhooks = std::make_unique<kube::WebhookKeeper>(*api_->client, std::move(settings));
    api_->webhooks->start();
    want_webhooks();
    readiness_.require([this]() -> std::optional<std::string> {
      if (api_->webhooks->ready()) return std::nullopt;
      return "the webhook configurations do not say yet what the policies reach";
    });
    return std::nullopt;
  }

  void want_webhooks() {
    if (!api_ || !api_->webhooks) return;
    api_->webhooks->want(configuration::scoped_entries(*policies_.current(), options_.trusted));
  }

  std::optional<int> listen(std::ostream& err) {
    server::Routes routes;
    readiness_.add_routes(routes);
    server::Routes plain_routes = routes;
    server_metrics_.add_routes(plain_routes);
    service_->add_routes(routes);
    server::ListenerOptions listener_options;
    listener_options.threads = options_.threads;
    listener_options.drain_grace = std::chrono::seconds(options_.drain_seconds);
    if (!bind("--listen", *address_, listener_, std::move(routes), listener_options, &certificates_,
              err)) {
      return kUnusable;
    }
    spdlog::info("listening on https://{}", listener_->address().text());
    if (!plain_address_) return std::nullopt;
    listener_options.threads = 1;
    listener_options.connections = limits::kPlainConnections;
    if (!bind("--metrics-listen", *plain_address_, plain_listener_, std::move(plain_routes),
              listener_options, nullptr, err)) {
      return kUnusable;
    }
    spdlog::info("metrics on http://{}/metrics", plain_listener_->address().text());
    return std::nullopt;
  }

  bool bind(std::string_view flag, const net::Endpoint& address,
            std::unique_ptr<server::Listener>& listener, server::Routes routes,
            const server::ListenerOptions& listener_options,
            const server::Certificates* certificates, std::ostream& err) {
    auto started = server::Listener::start(address, std::move(routes), listener_options,
                                           server_metrics_, certificates);
    if (!started) {
      err << flag << ": " << started.error().text() << "\n";
      return false;
    }
    listener = std::move(*started);
    return true;
  }

  void follow_policies() {
    const auto reload = policies_.reload_if_changed();
    if (!reload.tried) return;
    for (const auto& diagnostic : reload.diagnostics) {
      const bool is_error = diagnostic.severity == policy::Severity::Error;
      spdlog::log(is_error ? spdlog::level::err : spdlog::level::warn, "{}", diagnostic.text());
    }
    if (reload.accepted) {
      metrics_.policy_reloads.Increment();
      tell_policies_in_force();
      want_webhooks();
    } else {
      metrics_.policy_reload_failures.Increment();
      spdlog::error("policies not reloaded: generation {} stays in force", policies_.generation());
    }
  }

  void read_figures() {
    if (!api_) return;
    const auto figures = api_->namespaces->figures();
    metrics_.namespaces.Set(static_cast<double>(figures.namespaces));
    metrics_.namespaces_staleness.Set(figures.staleness_seconds);
    metrics_.namespace_failures.Set(static_cast<double>(figures.failures));
    if (api_->keeper) {
      metrics_.certificate_failures.Set(static_cast<double>(api_->keeper->figures().failures));
    }
    if (api_->webhooks) {
      metrics_.webhook_failures.Set(static_cast<double>(api_->webhooks->figures().failures));
    }
  }

  const ServeOptions& options_;
  std::optional<net::Endpoint> address_;
  std::optional<net::Endpoint> plain_address_;
  policy::Store policies_;
  server::Metrics server_metrics_;
  ReviewMetrics metrics_;
  server::Readiness readiness_;
  server::Certificates certificates_;
  NamesOnly names_only_;
  std::unique_ptr<ApiServer> api_;
  std::optional<ReviewService> service_;
  std::unique_ptr<server::Listener> plain_listener_;
  std::unique_ptr<server::Listener> listener_;
};

}  // namespace

int serve(const ServeOptions& options, std::ostream& err) {
  const StopSignals signals;
  give_back_large_memory();
  start_logging(options.log_level);
  Serving serving(options);
  if (const auto code = serving.start(err)) return *code;
  while (!signals.wait()) serving.tick();
  serving.stop(signals);
  spdlog::shutdown();
  return kFine;
}

}  // namespace cpods::commands
