#include "commands/check.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "commands/attest_gaps.h"
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

// Placement and the secret guard work with such a pool, but no Pod of it gets past the step.
void warn_of_gaps(const policy::SourceFile& file, policy::Loaded& loaded) {
  const auto read = json::read_documents(file.text, json::Dialect::Policy);
  for (const auto& document : read.documents) {
    const auto attestation = document.root()["spec"]["attestation"];
    for (const auto [word, settings] : attestation["verifier"].members()) {
      const auto clause = gap_of(attestation["evidence"].text(), word);
      if (clause.empty()) continue;
      const auto [line, column] = document.key_place_of(settings.pointer());
      loaded.diagnostics.push_back(
          {policy::Severity::Warning,
           {file.name, line, column},
           std::string(word) + ": no Pod of this pool starts, because " + std::string(clause) +
               "; leave spec.attestation out to use placement and the secret guard today"});
    }
  }
}

void add_gaps(const std::vector<policy::SourceFile>& files, policy::Loaded& loaded) {
  if (!loaded.snapshot) return;  // errors first
  for (const auto& file : files) warn_of_gaps(file, loaded);
  std::ranges::stable_sort(loaded.diagnostics, {}, [](const policy::Diagnostic& each) {
    return std::tie(each.position.file, each.position.line, each.position.column);
  });
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
    auto loaded = policy::load_files(directory, *files, {.step_image = step_image});
    add_gaps(*files, loaded);
    for (const auto& diagnostic : loaded.diagnostics) out << diagnostic.text() << "\n";
    summarise(directory, loaded, out);
    if (!loaded.snapshot) worst = std::max(worst, kFinding);
  }
  return worst;
}

}  // namespace cpods::commands
