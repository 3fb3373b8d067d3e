#pragma once
// `confidential-pods backstop --policies DIR`: ValidatingAdmissionPolicies and their bindings that
// hold the core of these policies without a webhook, ready for kubectl apply.
// Pure apart from reading the files; one thread.

#include <ostream>
#include <string>
#include <vector>

#include "pod/names.h"

namespace cpods::commands {

struct BackstopOptions {
  std::string policies;
  std::vector<std::string> schedulers{std::string(names::kScheduler)};
  std::string output = "yaml";  // yaml | json
};

// 0: printed; 1: the policies have an error, or are too long for the API server, and nothing is
// printed; 2: the folder cannot be read.
[[nodiscard]] int backstop(const BackstopOptions& options, std::ostream& out, std::ostream& err);

}  // namespace cpods::commands
