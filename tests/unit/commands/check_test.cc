#include "commands/check.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

// A policy folder with one file that lives as long as the test, and what `check` says of it.
class Folder {
 public:
  explicit Folder(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("cpods-check-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
    std::ofstream(path_ / "set.yaml") << text;
    std::ostringstream out;
    std::ostringstream err;
    code = cpods::commands::check({path_}, "confidential-pods:test", out, err);
    said = out.str();
    for (std::size_t at; (at = said.find(path_.string())) != std::string::npos;) {
      said.replace(at, path_.string().size(), "DIR");
    }
  }
  ~Folder() { std::filesystem::remove_all(path_); }

  int code = -1;
  std::string said;

 private:
  std::filesystem::path path_;
};

std::string pool(const std::string& evidence, const std::string& verifier) {
  return R"(apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: pool}
spec:
  nodes: {matchLabels: {node-restriction.kubernetes.io/confidential: "yes"}}
  attestation:
    evidence: )" +
         evidence + R"(
    device: {hostPath: /dev/tpmrm0}
    verifier:
      )" +
         verifier + R"(
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: opt-in}
spec: {pool: pool, namespaces: ["*"], podSelector: {}}
)";
}

std::string warning(const std::string& place, const std::string& setting,
                    const std::string& clause) {
  return "DIR/set.yaml:" + place + ": warning: " + setting +
         ": no Pod of this pool starts, because " + clause +
         "; leave spec.attestation out to use placement and the secret guard today\n";
}

}  // namespace

TEST_CASE("check: an attestation that this version cannot finish is a warning at its setting") {
  struct Row {
    const char* evidence;
    const char* verifier;
    std::string said;
  };
  const std::string total = "DIR: 1 policy, 1 pool, no errors, ";
  const Row rows[] = {
      {"azure-vtpm", "local: {}", total + "no warnings\n"},
      {"sev-snp", "local: {}", total + "no warnings\n"},
      {"azure-vtpm", "maa: {issuer: \"https://a.example\"}", total + "no warnings\n"},
      {"azure-vtpm", "kbs: {url: \"https://k.example\"}", total + "no warnings\n"},
      {"sev-snp", "maa: {issuer: \"https://a.example\"}",
       warning("10:7", "maa",
               "this version asks Microsoft Azure Attestation about the evidence azure-vtpm "
               "alone") +
           total + "1 warning\n"},
      {"sev-snp", "kbs: {url: \"https://k.example\"}", total + "no warnings\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.evidence);
    CAPTURE(row.verifier);
    const Folder folder(pool(row.evidence, row.verifier));
    CHECK(folder.said == row.said);
    CHECK(folder.code == 0);
  }
}

TEST_CASE(
    "check: PCRs and secure boot of a guest whose firmware is not pinned get a warning each") {
  const std::string digits(96, 'a');
  const std::string pcrs = "pcrs: {\"7\": [\"" + std::string(64, '0') + "\"]}";
  const std::string total = "DIR: 1 policy, 1 pool, no errors, ";
  const auto bare = [](const std::string& place, const std::string& setting) {
    return "DIR/set.yaml:" + place + ": warning: " + setting +
           " proves nothing yet, because any SEV-SNP guest can make up its PCRs and its secure "
           "boot; pin idKeyDigests or measurements too\n";
  };
  struct Row {
    const char* evidence;
    std::string settings;
    std::string said;
  };
  const Row rows[] = {
      {"azure-vtpm", pcrs, bare("10:21", "pcrs") + total + "1 warning\n"},
      {"azure-vtpm", "requireSecureBoot: true",
       bare("10:34", "requireSecureBoot") + total + "1 warning\n"},
      {"azure-vtpm", "requireSecureBoot: true, " + pcrs,
       bare("10:34", "requireSecureBoot") + bare("10:46", "pcrs") + total + "2 warnings\n"},
      {"azure-vtpm", "requireSecureBoot: false, vmpl: 0", total + "no warnings\n"},
      {"azure-vtpm", pcrs + ", idKeyDigests: [\"" + digits + "\"]", total + "no warnings\n"},
      {"azure-vtpm", pcrs + ", measurements: [\"" + digits + "\"]", total + "no warnings\n"},
      // A bare guest has no PCRs, so that the setting is not met at all.
      {"sev-snp", pcrs, total + "no warnings\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.settings);
    const Folder folder(pool(row.evidence, "local: {" + row.settings + "}"));
    CHECK(folder.said == row.said);
    CHECK(folder.code == 0);
  }
}

TEST_CASE("check: a set with an error is told its errors only") {
  const Folder folder(pool("azure-vtpm", "local: {}") + "  unknown: 1\n");
  CHECK(folder.said.find("warning: ") == std::string::npos);
  CHECK(folder.said.ends_with("DIR: 1 error, no warnings\n"));
  CHECK(folder.code == 1);
}
