#include "node/demand.h"

#include <initializer_list>

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

Result<Verifier> verifier(json::Node root) {
  const json::Node given = root["verifier"];
  if (given.size() != 1) {
    return failure(ErrorCode::Invalid, "/verifier", "must name exactly one of local, maa and kbs");
  }
  if (const auto known = only_known(given, {"local", "maa", "kbs"}); !known) {
    return std::unexpected(known.error());
  }
  if (given["maa"]) return Verifier::Maa;
  if (given["kbs"]) return Verifier::Kbs;
  const json::Node local = given["local"];
  if (!local) return invalid(given, "must hold the verifier's settings, {} at least");
  if (const auto known = only_known(local, {}); !known) return std::unexpected(known.error());
  return Verifier::Local;
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
  const auto who = verifier(root);
  if (!who) return std::unexpected(who.error());
  demand.verifier = *who;
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
