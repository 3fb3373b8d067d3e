#include "kube/access.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "unit/certs/temporary_folder.h"

namespace cpods::kube {
namespace {

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
         "contexts:\n- {name: there, context: {cluster: x, user: y}}\n"
         "- {name: here, context: {cluster: c, user: u}}\n"
         "clusters:\n- name: c\n  cluster: {" +
         cluster +
         "}\n"
         "users:\n- name: u\n  user: {" +
         user + "}\n";
}

TEST_CASE("access: a kubeconfig's current context is read, with files beside it and data inside") {
  const test::TemporaryFolder folder;
  write(folder.path() / "token", "secret-token\n");
  write(folder.path() / "client.crt", "CRT");
  write(folder.path() / "config",
        kubeconfig("server: 'https://[::1]:6443/k8s/', certificate-authority-data: Q0E=, "
                   "tls-server-name: kubernetes",
                   "tokenFile: token, token: older, client-certificate: client.crt, "
                   "client-key-data: S0VZ"));
  const auto access = from_kubeconfig((folder.path() / "config").string());
  REQUIRE_MESSAGE(access, (access ? "" : access.error().text()));
  CHECK(access->endpoint == net::Endpoint("::1", 6443, "kubernetes"));
  CHECK(access->base_path == "/k8s");
  CHECK(access->ca_pem == "CA");
  CHECK(access->token == "secret-token");
  CHECK(access->client_certificate_pem == "CRT");
  CHECK(access->client_key_pem == "KEY");
  CHECK(access->origin == "kubeconfig " + (folder.path() / "config").string() + ", context here");
}

TEST_CASE("access: what cannot be used safely is refused with the place and a sentence") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "config").string();
  const std::string fine = "server: https://127.0.0.1:6443";
  struct Row {
    std::string cluster;
    std::string user;
    std::string error;
  };
  const std::string cluster_path = path + ": clusters[0].cluster";
  const std::string user_path = path + ": users[0].user";
  const std::string instead =
      " are not supported; use a token, a tokenFile or a client certificate";
  const std::vector<Row> rows = {
      {fine + ", insecure-skip-tls-verify: true", "",
       cluster_path + ".insecure-skip-tls-verify: an API server whose certificate is not verified "
                      "could tell any labels; set certificate-authority or "
                      "certificate-authority-data instead"},
      {fine + ", proxy-url: http://p", "", cluster_path + ".proxy-url: proxies are not supported"},
      {"server: http://127.0.0.1:8080", "",
       cluster_path + ".server: the API server must be reached over https"},
      {fine + ", certificate-authority-data: '?'", "",
       cluster_path + ".certificate-authority-data: not base64"},
      {fine, "exec: {command: x}", user_path + ".exec: credentials from a command" + instead},
      {fine, "auth-provider: {name: x}", user_path + ".auth-provider: auth providers" + instead},
      {fine, "username: x, password: y", user_path + ".username: name and password" + instead},
      {fine, "as: x", user_path + ".as: impersonated users" + instead},
      {fine, "client-certificate-data: Q0E=",
       user_path + ": client-certificate and client-key belong together; one is missing"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.cluster);
    CAPTURE(row.user);
    write(path, kubeconfig(row.cluster, row.user));
    const auto access = from_kubeconfig(path);
    REQUIRE_FALSE(access);
    CHECK(access.error().text() == row.error);
  }
  write(path, kubeconfig(fine + ", insecure-skip-tls-verify: false", ""));
  CHECK(from_kubeconfig(path));
}

TEST_CASE("access: a kubeconfig that names nothing or nobody is refused") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "config").string();
  struct Row {
    const char* text;
    std::string error;
  };
  for (const Row& row : std::vector<Row>{
           {"{}", path + ": current-context is not set"},
           {"current-context: x", path + ": contexts: no context is named \"x\""},
           {"{current-context: x, contexts: [{name: x, context: {cluster: c}}]}",
            path + ": clusters: no cluster is named \"c\""},
       }) {
    CAPTURE(row.text);
    write(path, row.text);
    const auto access = from_kubeconfig(path);
    REQUIRE_FALSE(access);
    CHECK(access.error().text() == row.error);
  }
  write(path, "current-context: [");
  CHECK(from_kubeconfig(path).error().code == ErrorCode::Malformed);
  CHECK(from_kubeconfig((folder.path() / "absent").string()).error().code == ErrorCode::NotFound);
}

TEST_CASE("access: a Pod finds the API server through its environment and its account's files") {
  const test::TemporaryFolder folder;
  write(folder.path() / "ca.crt", "CA");
  write(folder.path() / "token", "first");
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto access = in_cluster(folder.path().string());
  REQUIRE_MESSAGE(access, (access ? "" : access.error().text()));
  CHECK(access->endpoint == net::Endpoint("fd00::1", 443));
  CHECK(access->ca_pem == "CA");
  CHECK(access->token == "first");
  write(folder.path() / "token", "second");
  CHECK(in_cluster(folder.path().string())->token == "second");
  write(folder.path() / "token", "\n");
  CHECK(in_cluster(folder.path().string()).error().message == "the token file is empty");
  write(folder.path() / "token", "one\ntwo");
  CHECK(in_cluster(folder.path().string()).error().message == "the token has a line break within");
  CHECK_FALSE(find_access("").has_value());  // this machine has no account's token
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  ::unsetenv("KUBERNETES_SERVICE_PORT");
  CHECK_FALSE(find_access("").has_value());
  CHECK(in_cluster(folder.path().string()).error().code == ErrorCode::NotFound);
}

}  // namespace
}  // namespace cpods::kube
