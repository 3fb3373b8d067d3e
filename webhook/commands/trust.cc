#include "commands/trust.h"

#include <algorithm>

namespace cpods::commands {

bool is_trusted(const admission::Request& request, const configuration::Trusted& trusted) {
  if (admission::is_binding(request)) {
    return std::ranges::find(trusted.schedulers, request.username) != trusted.schedulers.end();
  }
  return admission::is_namespace_update(request) &&
         std::ranges::find_first_of(request.groups, trusted.groups) != request.groups.end();
}

}  // namespace cpods::commands
