#include "server/session.h"

namespace cpods::server {

Service::Service(Routes served, ListenerOptions chosen, Metrics& counted)
    : routes(std::move(served)), options(chosen), metrics(counted), bodies(chosen.body_memory) {
  for (const auto& [path, handler] : routes.post) {
    table[path] = Route{&handler, nullptr, &metrics.answers(path)};
  }
  for (const auto& [path, handler] : routes.get) {
    table[path] = Route{nullptr, &handler, &metrics.answers(path)};
  }
  elsewhere.answers = &metrics.answers("other");
}

Session::Session(Service& service, Crowd& crowd)
    : service_(service), crowd_(crowd), place_(crowd.sessions.insert(crowd.sessions.end(), this)) {
  service_.metrics.connections_open.Increment();
  enter(Phase::Handshake);
}

Session::~Session() {
  crowd_.sessions.erase(place_);
  crowd_.load.fetch_sub(1, std::memory_order_relaxed);
  service_.metrics.connections_open.Decrement();
}

void Session::enter(Phase phase) {
  phase_ = phase;
  since_ = Clock::now();
}

bool Session::can_be_displaced() const {
  // A handler bounds its own waiting; closing the socket would not end it.
  return phase_ != Phase::Handler && !late_ && !displaced_;
}

std::chrono::milliseconds Session::limit_of(Phase phase) const {
  switch (phase) {
    case Phase::Handshake:
      return service_.options.handshake;
    case Phase::Idle:
      return service_.options.idle;
    case Phase::Request:
    case Phase::Handler:
    case Phase::Reply:
      return service_.options.request;
    case Phase::Linger:
      return limits::kLinger;
  }
  return service_.options.request;
}

void Session::close_if_late(Clock::time_point now) {
  if (!can_be_displaced() || now - since_ < limit_of(phase_)) return;
  late_ = true;
  count_timeout();
  close();
}

void Session::displace() {
  displaced_ = true;
  service_.metrics.connections_displaced.Increment();
  close();
}

void Session::count_timeout() {
  switch (phase_) {
    case Phase::Idle:
      return service_.metrics.idle_closed.Increment();
    case Phase::Request:
      return service_.metrics.requests_timed_out.Increment();
    case Phase::Reply:
      return service_.metrics.replies_timed_out.Increment();
    case Phase::Handshake:  // counted where the handshake fails
    case Phase::Handler:
    case Phase::Linger:
      return;
  }
}

}  // namespace cpods::server
