#pragma once
// The attestation step: the init container that a pool prescribes, with the volumes it needs.
//
// It is rendered once a pool, so that injecting it is a copy of bytes and checking it is a
// comparison of content. Every field that the API server would default is written out, and
// resources are complete, so that defaults, quotas and limit ranges leave it as it is. Immutable
// after render(); any thread.

#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "json/node.h"
#include "json/patch.h"

namespace cpods::pod {

struct StepSettings {
  std::string image;
  std::string evidence;          // azure-vtpm | sev-snp
  std::string device_host_path;  // exactly one of the two is set; a file, or names::kTsmFolder
  std::string device_resource;
  std::string verifier;   // one JSON object: {"local":{…}}, {"maa":{…}} or {"kbs":{…}}
  std::string resources;  // one JSON object: core/v1 ResourceRequirements; empty: the default
};

class Step {
 public:
  [[nodiscard]] static Step render(const StepSettings& settings);

  // What is wrong with the step of a Pod: the containers or volumes, and the rest of a sentence,
  // e.g. spec.initContainers[1] "is not the attestation step as prescribed".
  struct Flaw {
    std::string what;
    std::vector<json::Node> at;  // none: the step, or a volume of it, is not there
  };
  // All of them, so that an update cannot hide a second behind the first.
  [[nodiscard]] std::vector<Flaw> find_flaws(json::Node spec) const;

  // Puts the step first in initContainers and its volumes at the end. Its image is pulled always
  // where every other container's is. A container or volume of a
  // reserved name that differs is replaced; an intact, well placed step is left alone. A list that
  // has the reserved name elsewhere is written anew, however often it has it.
  void inject(json::Node spec, std::string_view spec_path, json::Patch& patch) const;

  [[nodiscard]] json::Node container() const { return container_.root(); }
  // Pod Security "baseline" and "restricted" refuse it.
  [[nodiscard]] bool is_privileged() const {
    return container()["securityContext"]["privileged"].flag();
  }

 private:
  Step(std::string container, std::string pulled_always, std::vector<std::string> volumes);

  void check_list(json::Node list, std::size_t place, std::vector<Flaw>& flaws) const;
  void check_volumes(json::Node list, bool has_step, std::vector<Flaw>& flaws) const;
  void inject_container(json::Node spec, const std::string& path, json::Patch& patch) const;
  [[nodiscard]] const std::string& container_text_for(json::Node spec) const;
  void inject_volumes(json::Node spec, const std::string& path, json::Patch& patch) const;

  std::string container_text_;
  std::string pulled_always_text_;
  std::vector<std::string> volume_texts_;
  json::Document container_;
  std::vector<json::Document> volumes_;
};

}  // namespace cpods::pod
