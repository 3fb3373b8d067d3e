#include "node/kds.h"

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "evidence/revocation.h"
#include "evidence/tcb.h"
#include "node/patient_request.h"
#include "node/remote_service.h"

namespace cpods::node {
namespace {

using evidence::Doubt;

// The service limits its callers hard.
constexpr std::chrono::milliseconds kFirstPause{3000};
constexpr std::size_t kShortChipId = 8;  // of a Turin

std::string two_digits(std::uint8_t level) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%02u", static_cast<unsigned>(level));
  return text.data();
}

std::unexpected<evidence::Refusal> not_had(const std::string& what, Doubt doubt,
                                           const std::string& why) {
  return evidence::refuse(doubt, what + " cannot be had from AMD's key service: " + why);
}

constexpr const char* kCertificate = "the certificate of this node's VCEK";
constexpr const char* kList = "the list of revoked certificates";

// The body of a good answer.
evidence::Proven<std::string> fetch_body(const Kds& kds, const std::string& what,
                                         const std::string& target,
                                         std::chrono::milliseconds limit) {
  net::Request request("GET", target);
  request.longest_answer = kCertificateAnswer;
  auto answer =
      ask_patiently({kds.endpoint, kds.tls}, request, {.limit = limit, .first_pause = kFirstPause});
  if (!answer) return not_had(what, Doubt::Transport, answer.error().text());
  if (!answer->ok()) return not_had(what, Doubt::Transport, answers(*answer));
  return std::move(answer->body);
}

}  // namespace

evidence::Proven<Kds> kds_at(const std::string& url) {
  Kds kds;
  const auto mirror = net::parse_url(url);
  if (mirror) kds.endpoint = mirror->endpoint;
  if (mirror && !mirror->tls) return kds;
  auto tls = net::client_context("");
  if (!tls) {
    return evidence::refuse(Doubt::Transport,
                            "AMD's key service cannot be asked: " + tls.error().text());
  }
  kds.tls = *std::move(tls);
  return kds;
}

std::string kds_target(const evidence::SnpReport& report) {
  const auto product = evidence::product_of(report);
  if (product.empty()) return {};
  const bool is_turin = product == "Turin";
  const ByteView chip = report.chip_id;
  std::string target = "/vcek/v1/" + std::string(product) + "/" +
                       hex_encode(is_turin ? chip.first(kShortChipId) : chip) + "?";
  for (const auto& component : evidence::kTcb) {
    const auto place = component.place(is_turin);
    if (!place) continue;
    target += (target.ends_with('?') ? "" : "&") + std::string(component.query) + "=" +
              two_digits(report.reported_tcb.at(*place));
  }
  return target;
}

evidence::Proven<evidence::CertificateChain> fetch_vcek(const Kds& kds,
                                                        const evidence::SnpReport& report,
                                                        std::chrono::milliseconds limit) {
  const auto target = kds_target(report);
  if (target.empty()) {
    return not_had(kCertificate, Doubt::Transport,
                   "the report does not tell the processor's generation");
  }
  const auto body = fetch_body(kds, kCertificate, target, limit);
  if (!body) return std::unexpected(body.error());
  auto read = evidence::read_certificates(as_bytes(*body));
  if (!read) return not_had(kCertificate, Doubt::Malformed, "its answer " + read.error().sentence);
  return evidence::CertificateChain{std::move(read->front()), {}};
}

std::string crl_target(std::string_view product, bool is_vlek) {
  return (is_vlek ? "/vlek/v1/" : "/vcek/v1/") + std::string(product) + "/crl";
}

evidence::Proven<std::vector<Bytes>> fetch_crl(const Kds& kds, std::string_view product,
                                               bool is_vlek, std::chrono::milliseconds limit) {
  const auto body = fetch_body(kds, kList, crl_target(product, is_vlek), limit);
  if (!body) return std::unexpected(body.error());
  auto read = evidence::read_revocation_lists(as_bytes(*body));
  if (!read) return not_had(kList, Doubt::Malformed, "its answer " + read.error().sentence);
  return read;
}

}  // namespace cpods::node
