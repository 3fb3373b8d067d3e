#include "node/patient_request.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include "node/pause.h"

namespace cpods::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLongestPause{8000};

milliseconds left_until(steady_clock::time_point end) {
  return std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
}

// What the service asks for, where it says so in seconds (RFC 9110 §10.2.3).
milliseconds asked_for(const net::Response& answer) {
  const auto text = answer.header("Retry-After");
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds > 3600) return {};
  return std::chrono::seconds(seconds);
}

}  // namespace

bool is_busy(unsigned status) {
  return status == 408 || status == 429 || status >= 500;
}

Result<net::Response> ask_patiently(const Peer& peer, const net::Request& request,
                                    const Patience& patience) {
  const auto end = steady_clock::now() + patience.limit;
  auto pause = patience.first_pause;
  while (true) {
    const auto limit = std::max(milliseconds(1), std::min(left_until(end), patience.one_try));
    auto answer = net::fetch(peer.endpoint, peer.tls, request, limit);
    const bool may_come_later = answer ? patience.may_come_later(answer->status)
                                       : answer.error().code == ErrorCode::Unavailable;
    if (!may_come_later) return answer;
    const auto wait = std::max(with_jitter(pause), answer ? asked_for(*answer) : milliseconds(0));
    if (wait >= left_until(end)) return answer;
    std::this_thread::sleep_for(wait);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace cpods::node
