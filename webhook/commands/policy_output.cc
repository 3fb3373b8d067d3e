#include "commands/policy_output.h"

#include "commands/exit_codes.h"
#include "json/document.h"
#include "json/yaml.h"
#include "policy/directory.h"

namespace cpods::commands {
namespace {

void print(const std::vector<std::string>& objects, bool as_yaml, std::ostream& out) {
  bool first = true;
  for (const auto& text : objects) {
    if (!as_yaml) {
      out << text << "\n";
      continue;
    }
    if (!first) out << "---\n";
    first = false;
    out << json::to_yaml(json::Document::parse(text)->root());
  }
}

void tell(const std::vector<policy::Diagnostic>& diagnostics, std::ostream& err) {
  for (const auto& each : diagnostics) err << each.text() << "\n";
}

}  // namespace

int print_objects_of(const std::string& directory, const std::string& output,
                     const std::function<Objects(const policy::Snapshot&)>& make, std::ostream& out,
                     std::ostream& err) {
  const auto files = policy::read_directory(directory);
  if (!files) {
    err << files.error().text() << "\n";
    return kUnusable;
  }
  // No image stands in what is printed.
  const auto loaded = policy::load_files(directory, *files, {.step_image = "confidential-pods"});
  tell(loaded.diagnostics, err);
  if (!loaded.snapshot) return kFinding;
  const auto objects = make(*loaded.snapshot);
  if (!objects) {
    tell(objects.error(), err);
    return kFinding;
  }
  print(*objects, output == "yaml", out);
  return kFine;
}

}  // namespace cpods::commands
