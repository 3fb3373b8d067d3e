#include "node/demand.h"

#include <initializer_list>

#include "evidence/local_policy.h"
#include "json/document.h"

namespace cpods::node {
namespace {

std::unexpected<Error> invalid(json::Node at, std::string message) {
  return failure(ErrorCode::Invalid, at.pointer(), std::move(message));
}

Result<void> only_known(json::Node object, std::initializer_list<std::string_view> known) {
  for (const auto [key, value] : object.members()) {
    bool found = false;
    for (const auto name : known) found = found || name == key;
    if (!found) return invalid(value, "this version knows no such setting");
  }
  return {};
}

Result<EvidenceKind> evidence_kind(json::Node root) {
  const auto name = root["evidence"].text();
  if (name == "azure-vtpm") return EvidenceKind::AzureVtpm;
  if (name == "sev-snp") return EvidenceKind::SevSnp;
  return failure(ErrorCode::Invalid, "/evidence", "must be azure-vtpm or sev-snp");
}

Result<std::string> device(json::Node root, EvidenceKind kind) {
  const json::Node given = root["device"];
  if (!given) return kind == EvidenceKind::AzureVtpm ? "/dev/tpmrm0" : "/dev/sev-guest";
  if (!given.text().starts_with('/')) return invalid(given, "must be an absolute path");
  return std::string(given.text());
}

bool is_maa_setting(std::string_view name) {
  return name == "issuer" || name == "requireSecureBoot";
}
bool is_kbs_setting(std::string_view name) {
  return name == "url" || name == "resource" || name == "caBundle";
}

struct VerifierName {
  std::string_view name;
  Verifier verifier;
  bool (*is_setting)(std::string_view name);
};
constexpr VerifierName kVerifiers[] = {{"local", Verifier::Local, evidence::is_local_setting},
                                       {"maa", Verifier::Maa, is_maa_setting},
                                       {"kbs", Verifier::Kbs, is_kbs_setting}};

Result<void> read_verifier(json::Node given, Demand& demand) {
  if (given.size() != 1) {
    return failure(ErrorCode::Invalid, "/verifier", "must name exactly one of local, maa and kbs");
  }
  for (const auto& [name, verifier, is_setting] : kVerifiers) {
    const json::Node settings = given[name];
    if (!settings) continue;
    for (const auto [key, value] : settings.members()) {
      if (!is_setting(key)) return invalid(value, "this version knows no such setting");
    }
    demand.verifier = verifier;
    demand.settings = json::to_text(settings);
    return {};
  }
  return invalid(given, "must be local, maa or kbs with an object of settings");
}

Result<Demand> read(json::Node root) {
  if (const auto known = only_known(root, {"evidence", "device", "verifier"}); !known) {
    return std::unexpected(known.error());
  }
  Demand demand;
  const auto kind = evidence_kind(root);
  if (!kind) return std::unexpected(kind.error());
  demand.evidence = *kind;
  auto path = device(root, *kind);
  if (!path) return std::unexpected(path.error());
  demand.device = *std::move(path);
  if (const auto chosen = read_verifier(root["verifier"], demand); !chosen) {
    return std::unexpected(chosen.error());
  }
  return demand;
}

}  // namespace

Result<Demand> parse_demand(std::string_view json) {
  const auto document = json::Document::parse(std::string(json));
  if (!document) return std::unexpected(document.error());
  try {
    return read(document->root());
  } catch (const json::Malformed& wrong) {
    return failure(ErrorCode::Malformed, wrong.where(), wrong.what());
  }
}

}  // namespace cpods::node
