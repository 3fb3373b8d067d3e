#include "kube/certificate_secret.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "json/writer.h"

namespace cpods::kube {
namespace {

using Key = std::pair<std::string_view, std::string CertificateFiles::*>;
constexpr std::array<Key, 4> kKeys{{{"ca.crt", &CertificateFiles::ca_crt},
                                    {"ca.key", &CertificateFiles::ca_key},
                                    {"tls.crt", &CertificateFiles::tls_crt},
                                    {"tls.key", &CertificateFiles::tls_key}}};

bool is_ours(std::string_view key) {
  for (const auto& [ours, member] : kKeys) {
    if (key == ours) return true;
  }
  return false;
}

// The members of `data`, foreign keys of `before` first.
void write_data(json::Writer& out, json::Node before, const CertificateFiles& files) {
  out.key("data").object();
  for (const auto [key, value] : before.members()) {
    if (!is_ours(key)) out.key(key).node(value);
  }
  for (const auto& [key, member] : kKeys) {
    out.field(key, base64_encode(as_bytes(files.*member)));
  }
  out.end();
}

}  // namespace

Result<CertificateFiles> read_files(json::Node secret) {
  CertificateFiles files;
  for (const auto& [key, member] : kKeys) {
    const auto bytes = base64_decode(secret["data"][key].text());
    if (!bytes) {
      return failure(ErrorCode::Malformed, "data[" + std::string(key) + "]", "not base64");
    }
    files.*member = as_text(*bytes);
  }
  return files;
}

std::string new_secret(const std::string& name_space, const std::string& name,
                       const CertificateFiles& files) {
  json::Writer out;
  out.object().field("apiVersion", "v1").field("kind", "Secret");
  out.key("metadata").object().field("namespace", name_space).field("name", name);
  out.key("labels").object().field("app.kubernetes.io/name", "confidential-pods").end().end();
  out.field("type", "kubernetes.io/tls");
  write_data(out, {}, files);
  out.end();
  return out.take();
}

std::string updated_secret(json::Node secret, const CertificateFiles& files) {
  json::Writer out;
  out.object();
  for (const auto [key, value] : secret.members()) {
    if (key != "data") out.key(key).node(value);
  }
  write_data(out, secret["data"], files);
  out.end();
  return out.take();
}

}  // namespace cpods::kube
