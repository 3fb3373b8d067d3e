#include "node/imds.h"

#include <utility>

#include "json/document.h"
#include "node/patient_request.h"
#include "node/remote_service.h"

namespace cpods::node {
namespace {

using evidence::Doubt;

constexpr const char* kPath = "/metadata/THIM/amd/certification";

// Azure answers 404 while it has no certificate of this node yet.
bool may_come_later(unsigned status) {
  return status == 404 || is_busy(status);
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
                                                        std::chrono::milliseconds limit) {
  net::Request request("GET", kPath);
  request.header("Metadata", "true");
  request.longest_answer = kCertificateAnswer;
  auto answer = ask_patiently({endpoint, nullptr}, request, {limit, may_come_later});
  if (!answer) return no_certificate(Doubt::Transport, answer.error().text());
  if (!answer->ok()) return no_certificate(Doubt::Transport, answers(*answer));
  return read_thim(std::move(answer->body));
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
