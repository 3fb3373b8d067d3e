#pragma once
// What the commands that turn policies into objects of the API server share.
// Pure apart from reading the folder; one thread.

#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "policy/snapshot.h"

namespace cpods::commands {

// Loads the folder, tells `err` what is wrong with it, and prints what `make` says of the snapshot
// to `out`: objects as JSON in, YAML documents (yaml) or one JSON object a line (json) out. 0:
// printed; 1: the policies have an error; 2: the folder cannot be read.
[[nodiscard]] int print_objects_of(
    const std::string& directory, const std::string& output,
    const std::function<std::vector<std::string>(const policy::Snapshot&)>& make, std::ostream& out,
    std::ostream& err);

}  // namespace cpods::commands
