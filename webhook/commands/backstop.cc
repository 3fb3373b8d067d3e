#include "commands/backstop.h"

#include "commands/policy_output.h"
#include "configuration/backstop.h"

namespace cpods::commands {

int backstop(const BackstopOptions& options, std::ostream& out, std::ostream& err) {
  const auto make = [&](const policy::Snapshot& snapshot) {
    return configuration::backstop(snapshot, options.schedulers);
  };
  return print_objects_of(options.policies, options.output, make, out, err);
}

}  // namespace cpods::commands
