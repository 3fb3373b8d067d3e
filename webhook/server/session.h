#pragma once
// One connection from its first byte to its last, and what it shares with the others of its thread
// and of its listener. Private to server. A session lives on its worker's thread.

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <list>
#include <map>
#include <string>
#include <tuple>

#include "net/tls.h"
#include "server/budget.h"
#include "server/http.h"
#include "server/listener.h"
#include "server/metrics.h"

namespace cpods::server {

struct Route {
  const PostHandler* post = nullptr;
  const GetHandler* get = nullptr;
  StatusCounters* answers = nullptr;
};

// What all sessions of a listener share: fixed once serving begins, but for `draining` and
// `bodies`.
struct Service {
  Service(Routes served, ListenerOptions chosen, Metrics& counted);

  const Routes routes;
  const ListenerOptions options;
  Metrics& metrics;
  std::map<std::string, Route, std::less<>> table;
  Route elsewhere;  // every path that is not served
  std::atomic<bool> draining = false;
  Budget bodies;  // the text of those under way that are not small
};

class Session;

// What all sessions of one thread share; only that thread looks inside, but for `load`.
struct Crowd {
  std::list<Session*> sessions;
  std::string date;  // RFC 9110's IMF-fixdate of the last tick
  std::atomic<std::size_t> load = 0;
};

class Session {
 public:
  using Clock = std::chrono::steady_clock;

  // What is awaited, and so what a passed deadline means.
  enum class Phase { Handshake, Idle, Request, Handler, Reply, Linger };

  Session(Service& service, Crowd& crowd);
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Whatever waits on the socket ends at once.
  virtual void close() = 0;
  // Called each tick: closes and counts when the phase has taken too long.
  void close_if_late(Clock::time_point now);
  // Closes and counts, to make room for another.
  void displace();
  [[nodiscard]] bool idle() const { return phase_ == Phase::Idle; }
  // Nothing is lost when it is closed now: its peer keeps it waiting, and it is not closed already.
  [[nodiscard]] bool can_be_displaced() const;
  // Which is closed sooner: one that has not answered anything yet before one that has, and of
  // these the one whose peer keeps it waiting longer.
  [[nodiscard]] bool is_before(const Session& other) const {
    return std::tie(answered_, since_) < std::tie(other.answered_, other.since_);
  }

 protected:
  void enter(Phase phase);
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool late() const { return late_; }
  [[nodiscard]] bool displaced() const { return displaced_; }

  Service& service_;
  Crowd& crowd_;
  bool answered_ = false;  // by a handler, as its peer wanted

 private:
  [[nodiscard]] std::chrono::milliseconds limit_of(Phase phase) const;
  void count_timeout();

  std::list<Session*>::iterator place_;
  Phase phase_ = Phase::Handshake;
  Clock::time_point since_;
  bool late_ = false;
  bool displaced_ = false;
};

// Serves the connection on the socket's executor until it ends; `tls` null: in the clear.
void spawn_session(boost::asio::ip::tcp::socket socket, net::TlsContext tls, Service& service,
                   Crowd& crowd);

}  // namespace cpods::server
