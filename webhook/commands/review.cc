#include "commands/review.h"

#include <algorithm>
#include <optional>
#include <set>

#include "commands/exit_codes.h"
#include "commands/review_output.h"
#include "policy/directory.h"

namespace cpods::commands {
namespace {

// NS:KEY=VALUE; the key may hold a slash, the value may be empty.
bool take_label(const std::string& text, OfflineCluster& cluster) {
  const auto colon = text.find(':');
  const auto equals = text.find('=', colon == std::string::npos ? 0 : colon);
  if (colon == std::string::npos || colon == 0 || equals == std::string::npos ||
      equals == colon + 1) {
    return false;
  }
  cluster.set_label(text.substr(0, colon), text.substr(colon + 1, equals - colon - 1),
                    text.substr(equals + 1));
  return true;
}

std::optional<OfflineCluster> make_cluster(const ReviewOptions& options, const Input& input,
                                           std::ostream& err) {
  OfflineCluster cluster;
  for (const auto& object : input.objects) {
    if (object.node["kind"].text() == "Namespace") cluster.add_namespace(object.node);
  }
  for (const auto& label : options.namespace_labels) {
    if (take_label(label, cluster)) continue;
    err << "--namespace-label \"" << label << "\" is not NAMESPACE:KEY=VALUE\n";
    return std::nullopt;
  }
  return cluster;
}

Input read_all(const ReviewOptions& options) {
  Input input;
  const std::vector<std::string> standard_input = {"-"};
  for (const auto& file : options.files.empty() ? standard_input : options.files) {
    read_input(file, input);
  }
  return input;
}

// A namespace whose labels nobody gave is judged by its name alone; that is worth a word.
void note_unknown_namespaces(const std::vector<Outcome>& outcomes, const OfflineCluster& cluster,
                             const policy::Snapshot& snapshot, std::ostream& err) {
  std::set<std::string> told;
  for (const auto& outcome : outcomes) {
    const auto& name = outcome.namespace_name;
    if (name.empty() || cluster.knows(name) || !snapshot.needs_labels_of(name)) continue;
    if (!told.insert(name).second) continue;
    err << "note: no labels are known for namespace \"" << name
        << "\"; add the Namespace to the input or give --namespace-label " << name
        << ":KEY=VALUE\n";
  }
}

void print(const std::vector<Outcome>& outcomes, const ReviewOptions& options, std::ostream& out) {
  if (options.output == "json") return print_json(outcomes, out);
  if (options.output == "yaml") return print_yaml(outcomes, out);
  if (options.output == "diff") return print_diff(outcomes, out);
  if (options.output == "review") return print_answers(outcomes, out);
  print_summary(outcomes, options.colour, out);
}

// Manifests on standard output leave no room for a refusal; it goes beside them.
void tell_refusals(const std::vector<Outcome>& outcomes, std::ostream& err) {
  for (const auto& outcome : outcomes) {
    if (!outcome.message.empty()) err << outcome.message << "\n";
    if (outcome.pods && !outcome.pods->message.empty()) err << outcome.pods->message << "\n";
  }
}

}  // namespace

int review(const ReviewOptions& options, std::ostream& out, std::ostream& err) {
  const auto loaded = policy::load_directory(options.policies, {.step_image = options.step_image});
  if (!loaded.snapshot) {
    for (const auto& diagnostic : loaded.diagnostics) err << diagnostic.text() << "\n";
    return kUnusable;
  }
  const auto input = read_all(options);
  for (const auto& error : input.errors) err << error << "\n";
  if (!input.errors.empty()) return kUnusable;
  if (input.objects.empty()) {
    err << "there is no object in the input\n";
    return kUnusable;
  }
  try {
    const auto cluster = make_cluster(options, input, err);
    if (!cluster) return kUnusable;
    std::vector<Outcome> outcomes;
    for (const auto& object : input.objects) {
      outcomes.push_back(judge(object, *loaded.snapshot, *cluster, options.default_namespace));
    }
    print(outcomes, options, out);
    if (options.output == "yaml" || options.output == "diff") tell_refusals(outcomes, err);
    note_unknown_namespaces(outcomes, *cluster, *loaded.snapshot, err);
    return std::ranges::any_of(outcomes, &Outcome::is_finding) ? kFinding : kFine;
  } catch (const json::Malformed& malformed) {
    err << malformed.where() << " " << malformed.what() << "\n";
    return kUnusable;
  }
}

}  // namespace cpods::commands
