#include "node/maa.h"

#include "evidence/hcl_report.h"
#include "evidence/place.h"
#include "json/document.h"
#include "json/writer.h"
#include "node/patient_request.h"
#include "node/remote_words.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Proven;
using evidence::refuse;

constexpr const char* kAttest = "/attest/SevSnpVm?api-version=2022-08-01";
constexpr const char* kKeys = "/certs";
constexpr std::chrono::milliseconds kOneTry{15000};
// A token has some KiB, a set of keys some tens.
constexpr std::size_t kLongestAnswer = std::size_t{256} * 1024;

std::unexpected<evidence::Refusal> no_answer(const Maa& maa, Doubt doubt, const std::string& why) {
  return refuse(doubt, "Microsoft Azure Attestation at " + maa.issuer + ": " + why);
}

std::string pem_of(const Bytes& der) {
  return "-----BEGIN CERTIFICATE-----\n" + base64_encode(der) + "\n-----END CERTIFICATE-----\n";
}

std::string base64url_text(std::string_view text) {
  return base64url_encode(as_bytes(text));
}

net::Request request_to(const Maa& maa, std::string method, const std::string& target) {
  net::Request request(std::move(method), maa.url.path + target);
  request.header("Accept", "application/json");
  request.longest_answer = kLongestAnswer;
  return request;
}

// What says no for good is a refusal; what went wrong on the way is none.
Proven<std::string> body_of(const Maa& maa, const net::Request& request,
                            std::chrono::milliseconds limit, Doubt refused) {
  auto answer =
      ask_patiently({maa.url.endpoint, maa.tls}, request, {.limit = limit, .one_try = kOneTry});
  if (!answer) return no_answer(maa, Doubt::Transport, answer.error().message);
  if (answer->status == 200) return std::move(answer->body);
  const bool says_no = answer->status >= 400 && !is_busy(answer->status);
  return no_answer(maa, says_no ? refused : Doubt::Transport, answers(*answer));
}

std::string report_text(const evidence::VtpmEvidence& evidence, ByteView snp_report) {
  auto chain = pem_of(evidence.chain.leaf);
  for (const auto& each : evidence.chain.others) chain += pem_of(each);
  json::Writer out;
  out.object().field("SnpReport", base64url_encode(snp_report));
  return out.field("VcekCertChain", base64url_text(chain)).end().take();
}

}  // namespace

Proven<Maa> maa_of(json::Node settings) {
  try {
    const auto issuer = settings["issuer"].text();
    auto url = net::parse_url(issuer);
    if (!url || !url->tls) {
      return refuse(Doubt::NotVerifiable, "verifier.maa.issuer must be an https:// address");
    }
    auto tls = net::client_context("");
    if (!tls) return refuse(Doubt::NotVerifiable, tls.error().text());
    return Maa{std::string(issuer), settings["requireSecureBoot"].flag(), *std::move(url),
               *std::move(tls)};
  } catch (const json::Malformed& wrong) {
    return refuse(Doubt::NotVerifiable, "verifier.maa: " + evidence::sentence_of(wrong));
  }
}

Proven<std::string> maa_request(const evidence::VtpmEvidence& evidence) {
  const auto hcl = evidence::read_hcl_report(evidence.hcl_report);
  if (!hcl) return refuse(Doubt::Malformed, "there is no SNP report to ask about");
  json::Writer out(16384);
  out.object().field("report", base64url_text(report_text(evidence, hcl->hardware_report)));
  out.key("runtimeData").object().field("data", base64url_encode(hcl->runtime_claims));
  return out.field("dataType", "JSON").end().end().take();
}

Proven<std::string> fetch_maa_token(const Maa& maa, const evidence::VtpmEvidence& evidence,
                                    std::chrono::milliseconds limit) {
  auto body = maa_request(evidence);
  if (!body) return body;
  auto request = request_to(maa, "POST", kAttest);
  request.content("application/json", *std::move(body));
  auto answer = body_of(maa, request, limit, Doubt::RemoteRefused);
  if (!answer) return answer;
  const auto document = json::Document::parse(*std::move(answer));
  if (!document) return no_answer(maa, Doubt::Malformed, document.error().text());
  try {
    return std::string(evidence::required(document->root(), "token").text());
  } catch (const json::Malformed& wrong) {
    return no_answer(maa, Doubt::Malformed, evidence::sentence_of(wrong));
  }
}

Proven<std::vector<evidence::IssuerKey>> fetch_maa_keys(const Maa& maa,
                                                        std::chrono::milliseconds limit) {
  auto answer = body_of(maa, request_to(maa, "GET", kKeys), limit, Doubt::Transport);
  if (!answer) return std::unexpected(answer.error());
  auto keys = evidence::read_issuer_keys(*std::move(answer));
  if (!keys) return no_answer(maa, keys.error().doubt, keys.error().sentence);
  return keys;
}

}  // namespace cpods::node
