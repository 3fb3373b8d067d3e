#include "commands/check.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "commands/exit_codes.h"
#include "json/yaml.h"
#include "policy/directory.h"

namespace cpods::commands {
namespace {

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return count == 0 ? "no " + many : std::to_string(count) + " " + (count == 1 ? one : many);
}

std::size_t count(const policy::Loaded& loaded, policy::Severity severity) {
  return static_cast<std::size_t>(
      std::ranges::count(loaded.diagnostics, severity, &policy::Diagnostic::severity));
}

// policies: 2 policies, 1 pool, no errors, 1 warning
void summarise(const std::string& directory, const policy::Loaded& loaded, std::ostream& out) {
  out << directory << ": ";
  if (loaded.snapshot) {
    out << counted(loaded.snapshot->policies().size(), "policy", "policies") << ", "
        << counted(loaded.snapshot->pools().size(), "pool", "pools") << ", ";
  }
  out << counted(count(loaded, policy::Severity::Error), "error", "errors") << ", "
      << counted(count(loaded, policy::Severity::Warning), "warning", "warnings") << "\n";
}

}  // namespace

int check(const std::vector<std::string>& directories, const std::string& step_image,
          std::ostream& out, std::ostream& err) {
  int worst = kFine;
  for (const auto& directory : directories) {
    const auto files = policy::read_directory(directory);
    if (!files) {
      err << files.error().text() << "\n";
      worst = kUnusable;
      continue;
    }
    const auto loaded = policy::load_files(directory, *files, {.step_image = step_image});
    for (const auto& diagnostic : loaded.diagnostics) out << diagnostic.text() << "\n";
    summarise(directory, loaded, out);
    if (!loaded.snapshot) worst = std::max(worst, kFinding);
  }
  return worst;
}

}  // namespace cpods::commands
