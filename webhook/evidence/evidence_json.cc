#include "evidence/evidence_json.h"

#include <algorithm>

#include "evidence/place.h"
#include "evidence/snp_fields.h"
#include "evidence/snp_report.h"
#include "json/document.h"
#include "json/writer.h"

namespace cpods::evidence {
namespace {

// What an NV index, a quote, a signature or a certificate can have, with room to spare.
constexpr std::size_t kMostBytes = 16 * 1024;

[[noreturn]] void malformed(json::Node at, const std::string& what) {
  throw json::Malformed(at.pointer(), what);
}

Bytes listed_bytes(json::Node list) {
  if (list.size() > kMostBytes) malformed(list, "has too many bytes");
  Bytes bytes;
  for (const auto each : list.elements()) {
    const auto value = each.integer();
    if (!value || *value < 0 || *value > 255) malformed(each, "must be a byte, 0 to 255");
    bytes.push_back(static_cast<std::uint8_t>(*value));
  }
  return bytes;
}

Bytes hex_bytes(json::Node text) {
  auto bytes = hex_decode(text.text());
  if (!bytes) malformed(text, "must be hexadecimal");
  return *std::move(bytes);
}

// base64url, with its padding or without, or plain base64: Trustee's versions differ.
Bytes base64_bytes(json::Node text) {
  std::string digits(text.text());
  while (digits.ends_with('=')) digits.pop_back();
  std::ranges::replace(digits, '+', '-');
  std::ranges::replace(digits, '/', '_');
  auto bytes = base64url_decode(digits);
  if (!bytes) malformed(text, "must be base64url");
  return *std::move(bytes);
}

// Version 0 wrote lists, later ones text.
Bytes bytes_of(json::Node value, Bytes (*text)(json::Node)) {
  if (!value) malformed(value, "must not be null");
  return value.kind() == json::Kind::Array ? listed_bytes(value) : text(value);
}

// PEM, DER as base64url, or DER as a list.
std::vector<Bytes> certificates_of(json::Node value) {
  const bool is_pem = value.kind() == json::Kind::String && value.text().contains("-----BEGIN ");
  const auto bytes = is_pem ? Bytes(as_bytes(value.text()).begin(), as_bytes(value.text()).end())
                            : bytes_of(value, base64_bytes);
  auto read = read_certificates(bytes);
  if (!read) malformed(value, read.error().sentence);
  return *std::move(read);
}

CertificateChain chain_of(json::Node leaf, json::Node others) {
  auto first = certificates_of(leaf);
  CertificateChain chain{.leaf = std::move(first.front()), .others = {}};
  chain.others.assign(std::next(first.begin()), first.end());
  for (const auto each : others.elements()) {
    for (auto& certificate : certificates_of(each)) chain.others.push_back(std::move(certificate));
  }
  return chain;
}

PcrBank pcrs_of(json::Node list) {
  if (list.size() != kPcrs) malformed(list, "must have 24 PCRs");
  PcrBank bank{};
  for (std::size_t i = 0; i < kPcrs; ++i) {
    const auto value = bytes_of(list.at(i), hex_bytes);
    if (value.size() != bank[i].size()) malformed(list.at(i), "must have 32 bytes");
    std::ranges::copy(value, bank[i].begin());
  }
  return bank;
}

VtpmEvidence vtpm_of(json::Node evidence) {
  const auto version = evidence["version"].integer().value_or(0);
  if (version < 0 || version > 2) malformed(evidence["version"], "must be 0, 1 or 2");
  const auto report = required(evidence, version == 0 ? "report" : "hcl_report");
  const auto quote = required(evidence, version == 0 ? "quote" : "tpm_quote");
  return {.hcl_report = bytes_of(report, base64_bytes),
          .quote = bytes_of(required(quote, "message"), hex_bytes),
          .signature = bytes_of(required(quote, "signature"), hex_bytes),
          .pcrs = pcrs_of(required(quote, "pcrs")),
          .chain = chain_of(required(evidence, "vcek"), evidence["chain"])};
}

constexpr const char* kNoLeaf = "must have a VCEK or a VLEK";

// Of virtee's CertType; a list of revoked certificates, and what only its host knows, is none of
// ours.
bool is_certificate(json::Node type) {
  constexpr std::string_view kKinds[] = {"ARK", "ASK", "VCEK", "VLEK"};
  return type.kind() == json::Kind::String &&
         std::ranges::find(kKinds, type.text()) != std::end(kKinds);
}

// [{"cert_type":"VCEK","data":[…]},…]; of a VCEK and a VLEK the VCEK, as in the binary table.
CertificateChain typed_chain(json::Node list) {
  CertificateChain chain;
  Bytes vlek;
  for (const auto each : list.elements()) {
    const auto type = each["cert_type"];
    if (!is_certificate(type)) continue;
    for (auto& certificate : certificates_of(required(each, "data"))) {
      if (type.text() == "VCEK") {
        chain.leaf = std::move(certificate);
      } else if (type.text() == "VLEK") {
        vlek = std::move(certificate);
      } else {
        chain.others.push_back(std::move(certificate));
      }
    }
  }
  if (chain.leaf.empty()) chain.leaf = std::move(vlek);
  if (chain.leaf.empty()) malformed(list, kNoLeaf);
  return chain;
}

SnpEvidence snp_of(json::Node evidence) {
  const auto report = evidence["attestation_report"];
  const auto chain = required(evidence, "cert_chain");
  auto bytes = report.kind() == json::Kind::Object ? assembled_report(report)
                                                   : bytes_of(report, base64_bytes);
  if (chain.kind() == json::Kind::Array) return {std::move(bytes), typed_chain(chain)};
  const auto leaf = chain["vcek"] ? chain["vcek"] : chain["vlek"];
  if (!leaf) malformed(chain, kNoLeaf);
  return {.report = std::move(bytes), .chain = chain_of(leaf, chain["chain"])};
}

// With its padding, as Trustee writes it.
std::string padded_base64url(ByteView bytes) {
  auto text = base64url_encode(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

void write_chain(json::Writer& out, const CertificateChain& chain) {
  if (chain.others.empty()) return;
  out.key("chain").array();
  for (const auto& each : chain.others) out.text(padded_base64url(each));
  out.end();
}

void write_typed(json::Writer& out, std::string_view type, const Bytes& certificate) {
  out.object().field("cert_type", type).key("data").array();
  for (const auto byte : certificate) out.number(byte);
  out.end().end();
}

std::string raw_json(const SnpEvidence& evidence) {
  json::Writer out;
  out.object().field("attestation_report", padded_base64url(evidence.report));
  out.key("cert_chain").object().field("vcek", padded_base64url(evidence.chain.leaf));
  write_chain(out, evidence.chain);
  return out.end().end().take();
}

}  // namespace

Proven<Evidence> read_evidence(std::string text) {
  const auto document = json::Document::parse(std::move(text));
  if (!document) return refuse(Doubt::Malformed, "no JSON: " + document.error().text());
  try {
    const auto root = document->root();
    const auto evidence = root["evidence"] ? root["evidence"] : root;
    if (evidence["attestation_report"]) return snp_of(evidence);
    if (evidence["hcl_report"] || evidence["report"]) return vtpm_of(evidence);
    malformed(evidence, "has none of hcl_report, report and attestation_report");
  } catch (const json::Malformed& wrong) {
    return refuse(Doubt::Malformed, "no evidence: " + sentence_of(wrong));
  }
}

std::string to_json(const VtpmEvidence& evidence) {
  json::Writer out;
  out.object().key("version").number(2).key("tpm_quote").object();
  out.field("signature", hex_encode(evidence.signature));
  out.field("message", hex_encode(evidence.quote)).key("pcrs").array();
  for (const auto& pcr : evidence.pcrs) out.text(hex_encode(pcr));
  out.end().end().field("hcl_report", padded_base64url(evidence.hcl_report));
  out.field("vcek", padded_base64url(evidence.chain.leaf));
  write_chain(out, evidence.chain);
  return out.end().take();
}

std::string to_json(const SnpEvidence& evidence) {
  const bool has_report = evidence.report.size() == kSnpReportBytes;
  const auto fields = has_report ? fields_of_report(evidence.report) : std::string();
  if (fields.empty()) return raw_json(evidence);
  const bool is_vlek = read_snp_report(evidence.report).signing_key() == 1;
  json::Writer out(32768);
  out.object().key("attestation_report").raw(fields).key("cert_chain").array();
  write_typed(out, is_vlek ? "VLEK" : "VCEK", evidence.chain.leaf);
  for (const auto& each : evidence.chain.others) {
    write_typed(out, is_self_issued(each) ? "ARK" : "ASK", each);
  }
  return out.end().end().take();
}

Proven<PcrBank> read_pcrs(ByteView bytes) {
  PcrBank bank{};
  if (bytes.size() != kPcrs * sizeof(Sha256)) {
    return refuse(Doubt::Malformed,
                  "has " + std::to_string(bytes.size()) + " bytes instead of 24 PCRs of 32");
  }
  for (std::size_t i = 0; i < kPcrs; ++i) {
    std::ranges::copy(bytes.subspan(i * sizeof(Sha256), sizeof(Sha256)), bank[i].begin());
  }
  return bank;
}

}  // namespace cpods::evidence
