#include "node/evidence_file.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "json/writer.h"

namespace cpods::node {

std::string to_json(const evidence::VtpmEvidence& evidence) {
  json::Writer writer;
  writer.object().key("version").number(2).key("tpm_quote").object();
  writer.field("signature", hex_encode(evidence.signature));
  writer.field("message", hex_encode(evidence.quote));
  writer.key("pcrs").array();
  for (const auto& pcr : evidence.pcrs) writer.text(hex_encode(pcr));
  writer.end().end();
  writer.field("hcl_report", base64url_encode(evidence.hcl_report));
  writer.end();
  return writer.take();
}

Result<void> write_evidence(const std::string& folder, const evidence::VtpmEvidence& evidence) {
  namespace fs = std::filesystem;
  const fs::path path = fs::path(folder) / "evidence.json";
  fs::path draft = path;
  draft += ".new";
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file << to_json(evidence) << '\n';
  file.close();
  std::error_code error;
  if (file) {
    fs::permissions(draft, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read,
                    error);
    if (!error) fs::rename(draft, path, error);
  }
  if (!file || error) {
    return failure(ErrorCode::Unavailable, path.string(),
                   "cannot be written" + (error ? ": " + error.message() : std::string()));
  }
  return {};
}

}  // namespace cpods::node
