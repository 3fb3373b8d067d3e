#pragma once
// What the commands that turn policies into objects of the API server share.
// Pure apart from reading the folder; one thread.

#include <expected>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "policy/loader.h"
#include "policy/snapshot.h"

namespace cpods::commands {

// Objects as JSON, or why there are none.
using Objects = std::expected<std::vector<std::string>, std::vector<policy::Diagnostic>>;

// Loads the folder, tells `err` what is wrong with it, and prints what `make` says of the snapshot
// to `out`: YAML documents (yaml) or one JSON object a line (json). 0: printed; 1: the policies
// have an error, or nothing can be made of them; 2: the folder cannot be read.
[[nodiscard]] int print_objects_of(const std::string& directory, const std::string& output,
                                   const std::function<Objects(const policy::Snapshot&)>& make,
                                   std::ostream& out, std::ostream& err);

}  // namespace cpods::commands
