#pragma once
// Where the API server keeps the two webhook configurations, and as whom we write them.
// Constants; any thread.

#include <string>
#include <string_view>

#include "pod/names.h"

namespace cpods::kube {

// Names of the field manager in managedFields.
inline constexpr const char* kFieldManager = "?fieldManager=confidential-pods";

struct WebhookConfigurations {
  std::string mutating{names::kMutatingWebhook};
  std::string validating{names::kValidatingConfiguration};

  [[nodiscard]] std::string mutating_path() const {
    return "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" + mutating;
  }
  [[nodiscard]] std::string validating_path() const {
    return "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + validating;
  }
};

// mutatingwebhookconfigurations/place.confidential.pods without what is before the name.
[[nodiscard]] inline std::string_view name_in(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace cpods::kube
