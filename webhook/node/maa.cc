#include "node/maa.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "base/freeing.h"
#include "evidence/hcl_report.h"
#include "evidence/place.h"
#include "json/document.h"
#include "json/writer.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Proven;
using evidence::refuse;

constexpr const char* kAttest = "/attest/SevSnpVm?api-version=2022-08-01";
constexpr const char* kKeys = "/certs";
// A token has some KiB, a set of keys some tens.
constexpr std::size_t kLongestAnswer = std::size_t{256} * 1024;

// In lines of 64 characters, as RFC 7468 wants it.
std::string pem_of(const Bytes& der) {
  const Owned<BIO, BIO_free_all> memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio(memory.get(), "CERTIFICATE", "", der.data(),
                               static_cast<long>(der.size())) <= 0) {
    return {};
  }
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string base64url_text(std::string_view text) {
  return base64url_encode(as_bytes(text));
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
    if (issuer.ends_with(":443")) {
      return refuse(Doubt::NotVerifiable,
                    "verifier.maa.issuer names the port 443, as no token's issuer does");
    }
    auto tls = net::client_context("");
    if (!tls) return refuse(Doubt::NotVerifiable, tls.error().text());
    return Maa{std::string(issuer),
               settings["requireSecureBoot"].flag(),
               {"Microsoft Azure Attestation at " + std::string(issuer), *std::move(url),
                *std::move(tls)}};
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
  auto request = request_to(maa.service, "POST", kAttest, kLongestAnswer);
  request.content("application/json", *std::move(body));
  auto answer = ask_service(maa.service, request, limit);
  if (!answer) return std::unexpected(answer.error());
  const auto document = json::Document::parse(std::move(answer->body));
  if (!document) return refuse_of(maa.service, Doubt::Malformed, document.error().text());
  try {
    return std::string(evidence::required(document->root(), "token").text());
  } catch (const json::Malformed& wrong) {
    return refuse_of(maa.service, Doubt::Malformed, evidence::sentence_of(wrong));
  }
}

Proven<std::vector<evidence::IssuerKey>> fetch_maa_keys(const Maa& maa,
                                                        std::chrono::milliseconds limit) {
  const auto request = request_to(maa.service, "GET", kKeys, kLongestAnswer);
  auto answer = ask_service(maa.service, request, limit, Doubt::Transport);
  if (!answer) return std::unexpected(answer.error());
  auto keys = evidence::read_issuer_keys(std::move(answer->body));
  if (!keys) return refuse_of(maa.service, keys.error().doubt, keys.error().sentence);
  return keys;
}

}  // namespace cpods::node
