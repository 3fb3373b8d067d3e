#include "server/metrics.h"

#include <openssl/ssl.h>
#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>

#include <boost/asio/ssl/error.hpp>

namespace cpods::server {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;

}  // namespace

void StatusCounters::count(unsigned status) {
  if (status < kFirst || status > kLast) return;
  auto& slot = counters_[status - kFirst];
  prometheus::Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Two threads may both come here; the family gives both the same counter.
    counter = &family_.Add({{"path", path_}, {"code", std::to_string(status)}});
    slot.store(counter, std::memory_order_release);
  }
  counter->Increment();
}

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      requests_(BuildCounter()
                    .Name("confidential_pods_http_requests_total")
                    .Help("Requests answered, by path and HTTP status code.")
                    .Register(*registry_)),
      connections_(BuildCounter()
                       .Name("confidential_pods_connections_total")
                       .Help("Connections taken or not taken.")
                       .Register(*registry_)),
      handshake_failures_(BuildCounter()
                              .Name("confidential_pods_tls_handshake_failures_total")
                              .Help("TLS handshakes that did not end well, by reason.")
                              .Register(*registry_)),
      timeouts_(BuildCounter()
                    .Name("confidential_pods_connection_timeouts_total")
                    .Help("Connections closed because a deadline passed, by what was awaited.")
                    .Register(*registry_)),
      reloads_(BuildCounter()
                   .Name("confidential_pods_certificate_loads_total")
                   .Help("Server certificates taken into use or refused.")
                   .Register(*registry_)),
      connections_open(BuildGauge()
                           .Name("confidential_pods_connections_open")
                           .Help("Connections open now.")
                           .Register(*registry_)
                           .Add({})),
      connections_accepted(connections_.Add({{"outcome", "accepted"}})),
      connections_refused(connections_.Add({{"outcome", "over_limit"}})),
      connections_displaced(connections_.Add({{"outcome", "displaced"}})),
      connections_untrusted(connections_.Add({{"outcome", "no_certificate"}})),
      accept_failures(connections_.Add({{"outcome", "failed"}})),
      handshakes_timed_out(handshake_failures_.Add({{"reason", "timeout"}})),
      handshakes_closed(handshake_failures_.Add({{"reason", "closed"}})),
      handshakes_alerted(handshake_failures_.Add({{"reason", "alert"}})),
      handshakes_plain_http(handshake_failures_.Add({{"reason", "plain_http"}})),
      handshakes_garbled(handshake_failures_.Add({{"reason", "protocol"}})),
      requests_timed_out(timeouts_.Add({{"awaited", "request"}})),
      replies_timed_out(timeouts_.Add({{"awaited", "reply_sent"}})),
      idle_closed(timeouts_.Add({{"awaited", "next_request"}})),
      handler_exceptions(BuildCounter()
                             .Name("confidential_pods_handler_exceptions_total")
                             .Help("Requests answered 500 because their handler threw.")
                             .Register(*registry_)
                             .Add({})),
      certificates_loaded(reloads_.Add({{"outcome", "loaded"}})),
      certificates_refused(reloads_.Add({{"outcome", "refused"}})),
      certificate_expiry(BuildGauge()
                             .Name("confidential_pods_certificate_expiry_timestamp_seconds")
                             .Help("When the server certificate in use expires.")
                             .Register(*registry_)
                             .Add({})) {}

StatusCounters& Metrics::answers(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  return answers_.try_emplace(path, requests_, path).first->second;
}

Reply Metrics::exposition() const {
  return {200, "text/plain; version=0.0.4; charset=utf-8",
          prometheus::TextSerializer().Serialize(registry_->Collect())};
}

void Metrics::count_handshake_failure(boost::system::error_code ec, bool late) {
  const auto reason = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
  const bool by_tls = ec.category() == boost::asio::error::get_ssl_category();
  if (late) {
    handshakes_timed_out.Increment();
  } else if (by_tls && reason == SSL_R_HTTP_REQUEST) {
    handshakes_plain_http.Increment();
  } else if (by_tls && reason >= SSL_AD_REASON_OFFSET) {
    handshakes_alerted.Increment();
  } else if (by_tls) {
    handshakes_garbled.Increment();
  } else {
    handshakes_closed.Increment();
  }
  spdlog::debug("TLS handshake failed: {}", late ? "no progress in time" : ec.message());
}

void Metrics::add_routes(Routes& routes) const {
  routes.get["/metrics"] = [this] { return exposition(); };
}

}  // namespace cpods::server
