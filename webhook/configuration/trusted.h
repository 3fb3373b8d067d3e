#pragma once
// Who is trusted so far that nobody asks about them.
// Plain values; any thread.

#include <string>
#include <vector>

#include "pod/names.h"

namespace cpods::configuration {

struct Trusted {
  // User names that may bind Pods.
  std::vector<std::string> schedulers{std::string(names::kScheduler)};
  // Groups whose members may take namespaces out of policies.
  std::vector<std::string> groups{std::string(names::kAdministratorsGroup)};
};

}  // namespace cpods::configuration
