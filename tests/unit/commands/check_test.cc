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

std::string pool(const std::string& evidence, const std::string& verifier,
                 const std::string& device = {}) {
  const bool is_azure = evidence == "azure-vtpm";
  const auto path = device.empty() ? (is_azure ? "/dev/tpmrm0" : "/dev/sev-guest") : device;
  return R"(apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: pool}
spec:
  nodes: {matchLabels: {node-restriction.kubernetes.io/confidential: "yes"}}
  attestation:
    evidence: )" +
         evidence + R"(
    device: {hostPath: )" +
         path + R"(}
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
         ": no Pod of this pool starts, because " + clause + "\n";
}

}  // namespace

TEST_CASE("check: an attestation that no node can pass is a warning at its setting") {
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
       warning("10:12", "maa",
               "Microsoft Azure Attestation is asked about the evidence azure-vtpm alone; write "
               "local or kbs") +
           total + "1 warning\n"},
      {"azure-vtpm", "local: {vmpl: 1}",
       warning("10:21", "vmpl", "the paravisor of an Azure VM asks at VMPL 0; write 0") + total +
           "1 warning\n"},
      {"azure-vtpm", "local: {vmpl: 0}", total + "no warnings\n"},
      {"sev-snp", "local: {vmpl: 1, requireSecureBoot: false}", total + "no warnings\n"},
      {"sev-snp", "local: {requireSecureBoot: true}",
       warning("10:34", "requireSecureBoot",
               "the evidence sev-snp tells nothing of it; take it out") +
           total + "1 warning\n"},
      {"sev-snp", "kbs: {url: \"https://k.example/kbs/v0\"}",
       warning("10:18", "url", "the step adds /kbs/v0 itself; take it off") + total +
           "1 warning\n"},
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

TEST_CASE("check: a device of the other kind of node is a warning") {
  const std::string total = "DIR: 1 policy, 1 pool, no errors, 1 warning\n";
  CHECK(Folder(pool("sev-snp", "local: {}", "/dev/tpmrm0")).said ==
        warning("8:24", "device", "/dev/tpmrm0 gives no SNP report; write /dev/sev-guest") + total);
  CHECK(Folder(pool("azure-vtpm", "local: {}", "/dev/sev-guest")).said ==
        warning("8:24", "device", "/dev/sev-guest is no vTPM; write /dev/tpmrm0") + total);
}

TEST_CASE("check: no ID key is none that can be pinned") {
  const Folder folder(
      pool("azure-vtpm", "local: {idKeyDigests: [\"" + std::string(96, '0') + "\"]}"));
  CHECK(folder.code == 1);
  CHECK(folder.said ==
        "DIR/set.yaml:10:30: is what every launch has that no ID key signed, and pins nothing; "
        "take it out, and pin measurements\nDIR: 1 error, no warnings\n");
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
      {"sev-snp", pcrs,
       "DIR/set.yaml:10:21: warning: pcrs: no Pod of this pool starts, because the evidence "
       "sev-snp "
       "tells nothing of it; take it out\n" +
           total + "1 warning\n"},
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
