#pragma once
// The server's own counters and the registry that they and others' live in.
// One for the program; must outlive listeners and certificates. Any thread may count and read.

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <boost/system/error_code.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/http.h"

namespace cpods::server {

// One path's answers by status code. Finding a counter by labels takes a lock and half a
// microsecond, so each is looked up once and then reached by its code.
class StatusCounters {
 public:
  StatusCounters(prometheus::Family<prometheus::Counter>& family, std::string path)
      : family_(family), path_(std::move(path)) {}

  void count(unsigned status);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static constexpr unsigned kFirst = 100;
  static constexpr unsigned kLast = 599;

  prometheus::Family<prometheus::Counter>& family_;
  std::string path_;
  std::array<std::atomic<prometheus::Counter*>, kLast - kFirst + 1> counters_{};
};

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  [[nodiscard]] prometheus::Registry& registry() { return *registry_; }
  // Answers to requests for `path`; paths that are not served share one ("other"), so that a
  // scanner cannot grow the metric.
  [[nodiscard]] StatusCounters& answers(const std::string& path);
  // The text exposition format, version 0.0.4.
  [[nodiscard]] Reply exposition() const;
  // `late`: the server gave up, because its deadline had passed.
  void count_handshake_failure(boost::system::error_code ec, bool late);
  // Adds GET /metrics.
  void add_routes(Routes& routes) const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Counter>& connections_;
  prometheus::Family<prometheus::Counter>& handshake_failures_;
  prometheus::Family<prometheus::Counter>& timeouts_;
  prometheus::Family<prometheus::Counter>& reloads_;
  std::mutex mutex_;
  std::map<std::string, StatusCounters> answers_;

 public:
  prometheus::Gauge& connections_open;
  prometheus::Counter& connections_accepted;
  prometheus::Counter& connections_refused;    // beyond the limit, and all the others were busy
  prometheus::Counter& connections_displaced;  // closed to make room for a new one
  prometheus::Counter& connections_untrusted;  // there was no certificate yet
  prometheus::Counter& accept_failures;        // the system gave no socket
  prometheus::Counter& handshakes_timed_out;
  prometheus::Counter& handshakes_closed;   // the peer left before the end
  prometheus::Counter& handshakes_alerted;  // the peer refused, e.g. our certificate
  prometheus::Counter& handshakes_plain_http;
  prometheus::Counter& handshakes_garbled;
  prometheus::Counter& requests_timed_out;
  prometheus::Counter& replies_timed_out;
  prometheus::Counter& idle_closed;
  prometheus::Counter& handler_exceptions;
  prometheus::Counter& certificates_loaded;
  prometheus::Counter& certificates_refused;
  prometheus::Gauge& certificate_expiry;  // seconds since 1970
};

}  // namespace cpods::server
