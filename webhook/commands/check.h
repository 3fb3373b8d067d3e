#pragma once
// `confidential-pods check DIR…`: everything that is wrong with policy folders, one line each.
// Pure apart from reading the folders; one thread.

#include <ostream>
#include <string>
#include <vector>

namespace cpods::commands {

// Each folder is a set of its own, as `serve` would load it. Findings and a summary go to `out`,
// unreadable folders to `err`. 0: fine, warnings included; 1: an error; 2: a folder cannot be read.
[[nodiscard]] int check(const std::vector<std::string>& directories, const std::string& step_image,
                        std::ostream& out, std::ostream& err);

}  // namespace cpods::commands
