#include "node/imds.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "json/document.h"
#include "net/client.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kPath = "/metadata/THIM/amd/certification";
constexpr milliseconds kOneTry{5000};
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{8000};

bool may_come_later(unsigned status) {
  return status == 404 || status == 429 || status >= 500;
}

milliseconds left_until(steady_clock::time_point end) {
  return std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
}

std::unexpected<evidence::Refusal> no_certificate(Doubt doubt, const std::string& why) {
  return evidence::refuse(doubt,
                          "the certificate of this node's VCEK cannot be had from Azure's "
                          "instance metadata service: " +
                              why);
}

}  // namespace

net::Endpoint imds_endpoint() {
  return {"169.254.169.254", 80};
}

evidence::Proven<evidence::CertificateChain> fetch_vcek(const net::Endpoint& endpoint,
                                                        milliseconds limit) {
  const auto end = steady_clock::now() + limit;
  auto pause = kFirstPause;
  std::string why;
  while (true) {
    const auto left = left_until(end);
    if (left.count() <= 0) return no_certificate(Doubt::Transport, why);
    net::Request request("GET", kPath);
    request.header("Metadata", "true");
    auto answer = net::fetch(endpoint, nullptr, std::move(request), std::min(left, kOneTry));
    if (answer && answer->ok()) return read_thim(std::move(answer->body));
    why = answer ? "it answers HTTP " + std::to_string(answer->status) : answer.error().text();
    if (answer && !may_come_later(answer->status)) return no_certificate(Doubt::Transport, why);
    std::this_thread::sleep_for(std::min(pause, left_until(end)));
    pause = std::min(pause * 2, kLongestPause);
  }
}

evidence::Proven<evidence::CertificateChain> read_thim(std::string json) {
  const auto document = json::Document::parse(std::move(json));
  if (!document) return no_certificate(Doubt::Malformed, document.error().text());
  try {
    const auto root = document->root();
    auto leaf = evidence::read_certificates(as_bytes(root["vcekCert"].text()));
    if (!leaf) return no_certificate(Doubt::Malformed, "vcekCert " + leaf.error().sentence);
    auto chain = evidence::read_certificates(as_bytes(root["certificateChain"].text()));
    if (!chain) {
      return no_certificate(Doubt::Malformed, "certificateChain " + chain.error().sentence);
    }
    return evidence::CertificateChain{std::move(leaf->front()), *std::move(chain)};
  } catch (const json::Malformed& wrong) {
    return no_certificate(Doubt::Malformed, wrong.where() + " " + wrong.what());
  }
}

}  // namespace cpods::node
