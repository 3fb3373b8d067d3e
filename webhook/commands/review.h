#pragma once
// `confidential-pods review`: what would happen to these manifests, offline.
// Blocks on files and standard input; one thread.

#include <ostream>
#include <string>
#include <vector>

namespace cpods::commands {

struct ReviewOptions {
  std::string policies;                       // directory
  std::vector<std::string> files;             // empty: standard input
  std::vector<std::string> namespace_labels;  // NS:KEY=VALUE
  std::string default_namespace = "default";
  std::string output = "summary";  // summary | json | yaml | diff | review
  std::string step_image;
  bool colour = false;
};

// 0 nothing would be refused, 1 something would, 2 unreadable input or policies.
[[nodiscard]] int review(const ReviewOptions& options, std::ostream& out, std::ostream& err);

}  // namespace cpods::commands
