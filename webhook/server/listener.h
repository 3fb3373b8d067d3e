#pragma once
// One listening address with its threads: accepts, serves the routes over TLS or in the clear, and
// stops gracefully.
//
// Each thread runs its own event loop, and a connection lives on one thread from start to end: no
// locks and no strands. One acceptor hands each connection to the thread that has the fewest; the
// API server keeps few connections and for long, which the kernel's hashing (SO_REUSEPORT) would
// spread unevenly. A thread that has its part of the connections closes the one that has waited for
// its peer longest, those first that no handler has answered, and takes the new one: nobody can
// lock others out by idling.
//
// Owned by the command that serves. Any thread may call; join() is for the owner.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/limits.h"
#include "net/endpoint.h"
#include "server/certificates.h"
#include "server/http.h"
#include "server/metrics.h"

namespace cpods::server {

struct ListenerOptions {
  unsigned threads = 0;  // 0: one for each core, up to limits::kThreads
  std::size_t connections = limits::kConnections;
  std::size_t body = limits::kReviewBytes;        // held and handed on whole
  std::size_t longest_body = limits::kBodyBytes;  // read at all
  std::size_t body_memory = limits::kBodyMemory;  // of all bodies under way
  std::chrono::milliseconds handshake = limits::kHandshake;
  std::chrono::milliseconds request = limits::kRequest;
  std::chrono::milliseconds idle = limits::kIdle;
  std::chrono::milliseconds drain_grace = limits::kDrainGrace;
  std::chrono::milliseconds drain_limit = limits::kDrainLimit;
};

class Listener {
 public:
  // Binds and begins to serve. `certificates` null: plain HTTP. `metrics` and `certificates` must
  // outlive the listener. Unavailable when the address cannot be bound.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> start(const net::Endpoint& address,
                                                               Routes routes,
                                                               ListenerOptions options,
                                                               Metrics& metrics,
                                                               const Certificates* certificates);
  // Stops at once what is still running.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The address in use; with the port the system chose when 0 was asked for.
  [[nodiscard]] const net::Endpoint& address() const;

  // From now on every answer ends its connection. After `drain_grace` nothing is accepted any more
  // and idle connections are closed; exchanges under way may take `drain_limit` longer.
  void begin_drain();
  // Closes everything now.
  void stop();
  // Waits until all threads have ended, which takes a begin_drain() or stop().
  void join();

 private:
  class Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpods::server
