#pragma once
// An API server that says what a script tells it: real sockets and TLS on loopback, scripted
// answers, every request written down.
//
// Each request takes the first unused step whose words occur in "METHOD TARGET"; one that no step
// expects gets a 500 and is reported by unexpected(). One thread a connection; ends with the
// object.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kube/access.h"

namespace cpods::test {

struct Reply {
  unsigned status = 200;
  std::string body;
  std::string headers = {};              // whole lines, each ended by \r\n
  std::vector<std::string> pieces = {};  // sent as one HTTP chunk each, instead of the body
  enum class Then { End, Hang, Cut } then = Then::End;
  std::chrono::milliseconds delay{0};  // before the answer begins, and between pieces
};

struct Step {
  std::string expected;
  Reply reply;
};

struct Seen {
  std::string line;  // "GET /api/v1/namespaces?limit=500"
  std::string head;  // header lines
  std::string body;
};

class FakeApiServer {
 public:
  explicit FakeApiServer(std::vector<Step> script);
  ~FakeApiServer();
  FakeApiServer(const FakeApiServer&) = delete;
  FakeApiServer& operator=(const FakeApiServer&) = delete;

  // Who a client must be: this server's address and authority, and the token "token".
  [[nodiscard]] kube::Access access() const;
  [[nodiscard]] std::vector<Seen> seen() const;
  // Lines of requests that no step expected.
  [[nodiscard]] std::vector<std::string> unexpected() const;
  void add(Step step);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The Status object that comes with an error.
[[nodiscard]] Reply refusal(unsigned status, const std::string& message,
                            const std::string& headers = {});

// Waits up to 5 s for something that another thread brings about.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    struct timespec nap{0, 2'000'000};
    ::nanosleep(&nap, nullptr);
  }
  return true;
}

}  // namespace cpods::test
