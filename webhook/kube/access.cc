#include "kube/access.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "certs/files.h"
#include "json/yaml.h"

namespace cpods::kube {
namespace {

namespace fs = std::filesystem;

// A token or name in a file may end in a line break, which is no part of it.
std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

bool has_line_break(std::string_view token) {
  return token.find_first_of("\r\n") != std::string_view::npos;
}

Result<std::string> read_token(const fs::path& path) {
  auto text = certs::read_file(path);
  if (!text) return text;
  std::string token = trimmed(std::move(*text));
  if (token.empty()) return failure(ErrorCode::Invalid, path.string(), "the token file is empty");
  if (has_line_break(token)) {
    return failure(ErrorCode::Invalid, path.string(), "the token has a line break within");
  }
  return token;
}

// One kubeconfig file being read; errors name the file and the field.
class Kubeconfig {
 public:
  Kubeconfig(fs::path path, json::Node root) : path_(std::move(path)), root_(root) {}

  Result<Access> read();

 private:
  [[nodiscard]] Result<json::Node> named(std::string_view list, std::string_view kind,
                                         std::string_view name) const;
  Result<void> read_cluster(json::Node cluster, Access& access) const;
  Result<void> read_user(json::Node user, Access& access) const;
  // The base64 of `field`-data, or the file that `field` names; "" when neither is there.
  [[nodiscard]] Result<std::string> pem(json::Node object, const std::string& field) const;
  [[nodiscard]] Result<void> refuse(json::Node object, std::string_view field,
                                    std::string_view why) const;
  [[nodiscard]] fs::path resolved(std::string_view file) const {
    return path_.parent_path() / file;
  }
  [[nodiscard]] std::unexpected<Error> invalid(json::Node at, std::string message) const {
    return failure(ErrorCode::Invalid, path_.string() + ": " + at.field_path(), std::move(message));
  }

  fs::path path_;
  json::Node root_;
};

Result<Access> Kubeconfig::read() {
  const std::string name(root_["current-context"].text());
  if (name.empty()) {
    return failure(ErrorCode::Invalid, path_.string(), "current-context is not set");
  }
  const auto context = named("contexts", "context", name);
  if (!context) return std::unexpected(context.error());
  const auto cluster = named("clusters", "cluster", (*context)["cluster"].text());
  if (!cluster) return std::unexpected(cluster.error());
  const auto user = named("users", "user", (*context)["user"].text());
  if (!user) return std::unexpected(user.error());

  Access access;
  access.origin = "kubeconfig " + path_.string() + ", context " + name;
  if (const auto read = read_cluster(*cluster, access); !read) return std::unexpected(read.error());
  if (const auto read = read_user(*user, access); !read) return std::unexpected(read.error());
  return access;
}

// The entry {name: NAME, KIND: {…}} of a list of named entries.
Result<json::Node> Kubeconfig::named(std::string_view list, std::string_view kind,
                                     std::string_view name) const {
  for (const json::Node entry : root_[list].elements()) {
    if (entry["name"].text() == name && entry[kind].present()) return entry[kind];
  }
  return failure(ErrorCode::Invalid, path_.string() + ": " + std::string(list),
                 "no " + std::string(kind) + " is named \"" + std::string(name) + "\"");
}

Result<void> Kubeconfig::refuse(json::Node object, std::string_view field,
                                std::string_view why) const {
  const json::Node value = object[field];
  const bool set = value.present() && !(value.kind() == json::Kind::Boolean && !value.flag()) &&
                   !(value.kind() == json::Kind::String && value.text().empty());
  if (!set) return {};
  return invalid(value, std::string(why));
}

Result<void> Kubeconfig::read_cluster(json::Node cluster, Access& access) const {
  if (auto fine = refuse(cluster, "insecure-skip-tls-verify",
                         "an API server whose certificate is not verified could tell any labels; "
                         "set certificate-authority or certificate-authority-data instead");
      !fine) {
    return fine;
  }
  if (auto fine = refuse(cluster, "proxy-url", "proxies are not supported"); !fine) return fine;

  auto url = net::parse_url(cluster["server"].text());
  if (!url) return invalid(cluster, "server: " + url.error().text());
  if (!url->tls) return invalid(cluster["server"], "the API server must be reached over https");
  access.endpoint = std::move(url->endpoint);
  access.endpoint.server_name = cluster["tls-server-name"].text();
  access.base_path = std::move(url->path);
  auto ca = pem(cluster, "certificate-authority");
  if (!ca) return std::unexpected(std::move(ca.error()));
  access.ca_pem = std::move(*ca);
  return {};
}

Result<void> Kubeconfig::read_user(json::Node user, Access& access) const {
  constexpr std::string_view kInstead =
      " are not supported; use a token, a tokenFile or a client certificate";
  for (const auto& [field, what] :
       {std::pair{"exec", "credentials from a command"},
        std::pair{"auth-provider", "auth providers"}, std::pair{"username", "name and password"},
        std::pair{"as", "impersonated users"}}) {
    if (auto fine = refuse(user, field, std::string(what) + std::string(kInstead)); !fine) {
      return fine;
    }
  }
  auto certificate = pem(user, "client-certificate");
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  auto key = pem(user, "client-key");
  if (!key) return std::unexpected(std::move(key.error()));
  if (certificate->empty() != key->empty()) {
    return invalid(user, "client-certificate and client-key belong together; one is missing");
  }
  access.client_certificate_pem = std::move(*certificate);
  access.client_key_pem = std::move(*key);

  access.token = trimmed(std::string(user["token"].text()));
  if (has_line_break(access.token)) {
    return invalid(user["token"], "the token has a line break within");
  }
  if (const std::string_view file = user["tokenFile"].text(); !file.empty()) {
    auto token = read_token(resolved(file));
    if (!token) return std::unexpected(std::move(token.error()));
    access.token = std::move(*token);
  }
  return {};
}

Result<std::string> Kubeconfig::pem(json::Node object, const std::string& field) const {
  const json::Node data = object[field + "-data"];
  if (!data.text().empty()) {
    const auto bytes = base64_decode(data.text());
    if (!bytes) return invalid(data, "not base64");
    return std::string(as_text(*bytes));
  }
  const std::string_view file = object[field].text();
  return file.empty() ? std::string() : certs::read_file(resolved(file));
}

}  // namespace

Result<Access> from_kubeconfig(const std::string& path) {
  const auto text = certs::read_file(path);
  if (!text) return std::unexpected(text.error());
  const json::ReadText read = json::read_documents(*text, json::Dialect::Manifest);
  if (!read.errors.empty()) {
    const json::TextError& first = read.errors.front();
    return failure(
        ErrorCode::Malformed,
        path + ":" + std::to_string(first.place.line) + ":" + std::to_string(first.place.column),
        first.message);
  }
  if (read.documents.size() != 1) {
    return failure(ErrorCode::Malformed, path, "a kubeconfig is one YAML document");
  }
  try {
    return Kubeconfig(path, read.documents.front().root()).read();
  } catch (const json::Malformed& wrong) {
    return failure(ErrorCode::Malformed, path + ": " + wrong.where(), wrong.what());
  }
}

Result<Access> in_cluster(const std::string& folder) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (!host || !port) {
    return failure(ErrorCode::NotFound, "",
                   "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a "
                   "Pod, or its service links are off; name a --kubeconfig instead");
  }
  const bool is_ipv6 = std::string_view(host).find(':') != std::string_view::npos;
  const std::string name = is_ipv6 ? "[" + std::string(host) + "]" : std::string(host);
  auto url = net::parse_url("https://" + name + ":" + port);
  if (!url) return failure(ErrorCode::Invalid, "KUBERNETES_SERVICE_HOST", url.error().text());
  auto ca = certs::read_file(fs::path(folder) / "ca.crt");
  if (!ca) return std::unexpected(std::move(ca.error()));
  auto token = read_token(fs::path(folder) / "token");
  if (!token) return std::unexpected(std::move(token.error()));

  Access access;
  access.endpoint = std::move(url->endpoint);
  access.ca_pem = std::move(*ca);
  access.token = std::move(*token);
  access.origin = "the Pod's service account";
  return access;
}

std::optional<AccessSource> find_access(const std::string& kubeconfig) {
  if (!kubeconfig.empty()) return [kubeconfig] { return from_kubeconfig(kubeconfig); };
  // A Pod without a token has no account to speak with, and may serve policies by name alone.
  if (std::getenv("KUBERNETES_SERVICE_HOST") &&
      fs::exists(fs::path(kServiceAccountFolder) / "token")) {
    return [] { return in_cluster(); };
  }
  return std::nullopt;
}

}  // namespace cpods::kube
