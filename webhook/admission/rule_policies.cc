// Threat: a slip in a policy file. The server keeps the last good set and says so in its log, but
// who applied the file sees "configured" and believes that it holds.
// Fields: the data of ConfigMaps of the installation's namespace with the label
// confidential.pods/policies=true, which the shipped manifests give to the one that the server
// mounts. Whether the label is there is up to whoever writes it: this is a help, and what is in
// force is decided by the server that loads the files.

#include <algorithm>

#include "admission/rules.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "pod/names.h"
#include "policy/directory.h"

namespace cpods::admission {
namespace {

std::vector<policy::SourceFile> files_of(json::Node config_map) {
  std::vector<policy::SourceFile> files;
  for (const auto [name, text] : config_map["data"].members()) {
    files.push_back({std::string(name), std::string(text.text())});
  }
  for (const auto [name, encoded] : config_map["binaryData"].members()) {
    const auto bytes = base64_decode(encoded.text());
    files.push_back({std::string(name), bytes ? std::string(as_text(*bytes)) : "\xff"});
  }
  std::erase_if(files, [](const auto& file) { return !policy::is_policy_file(file.name); });
  return files;
}

std::string told(const std::vector<policy::Diagnostic>& errors) {
  std::string out;
  for (std::size_t i = 0; i < std::min(errors.size(), limits::kFindingsTold); ++i) {
    out += (i == 0 ? "" : "; ") + errors[i].text();
  }
  if (errors.size() <= limits::kFindingsTold) return out;
  return out + "; and " + std::to_string(errors.size() - limits::kFindingsTold) + " more";
}

std::size_t size_of(const std::vector<policy::SourceFile>& files) {
  std::size_t size = 0;
  for (const auto& file : files) size += file.text.size();
  return size;
}

Verdict refuse_set(const Request& request, const std::string& why) {
  return refuse(Reason::Policies,
                who_asks(request) + ": these policies would not be taken into force: " + why + ".");
}

}  // namespace

bool is_policy_set(const Request& request) {
  return request.resource.group.empty() && request.resource.name == "configmaps" &&
         request.namespace_name == names::kInstallation &&
         request.object["metadata"]["labels"][names::kPoliciesLabel].present();
}

Verdict check_policies(const Request& request) {
  const auto files = files_of(request.object);
  // No ConfigMap of the API server is larger; whoever else asks is not worth the time.
  if (size_of(files) > limits::kPolicyFileBytes) return refuse_set(request, "larger than 1 MiB");
  // Which image the server was started with is not known here; that it has one is.
  auto loaded = policy::load_files("data", files, {.step_image = "step"});
  if (loaded.snapshot) return {};
  std::erase_if(loaded.diagnostics, [](const auto& diagnostic) {
    return diagnostic.severity != policy::Severity::Error;
  });
  return refuse_set(request, told(loaded.diagnostics));
}

}  // namespace cpods::admission
