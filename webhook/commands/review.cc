#include "commands/review.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/text.h"
#include "commands/exit_codes.h"
#include "commands/review_output.h"
#include "pod/names.h"
#include "policy/directory.h"
#include "policy/label_rules.h"

namespace cpods::commands {
namespace {

// NS:KEY=VALUE; the key may hold a slash, the value may be empty. What is wrong with it, or nothing
// and it is taken.
std::optional<std::string> take_label(std::string_view text, OfflineCluster& cluster) {
  const auto colon = text.find(':');
  const auto equals = text.find('=', colon == text.npos ? 0 : colon);
  if (colon == text.npos || equals == text.npos) return "is not NAMESPACE:KEY=VALUE";
  const std::string name(text.substr(0, colon));
  const auto key = text.substr(colon + 1, equals - colon - 1);
  const auto value = text.substr(equals + 1);
  if (!is_dns_label(name)) {
    return "has the namespace \"" + name +
           "\", which no namespace can be called: at most 63 lower-case letters, digits and '-', "
           "with a letter or digit at both ends";
  }
  if (const auto flaw = policy::flaw_of_label_key(key)) {
    return "has the key \"" + std::string(key) + "\", which " + *flaw;
  }
  if (const auto flaw = policy::flaw_of_label_value(value)) {
    return "has the value \"" + std::string(value) + "\", which " + *flaw;
  }
  cluster.set_label(name, key, value);
  return std::nullopt;
}

// Takes the labels of the input's Namespaces; those that cannot be read become errors.
void take_namespaces(Input& input, OfflineCluster& cluster) {
  std::erase_if(input.objects, [&](const InputObject& object) {
    if (object.node["kind"].text() != "Namespace" || !group_of(object.node).empty()) return false;
    try {
      cluster.add_namespace(object.node);
      return false;
    } catch (const json::Malformed& malformed) {
      tell(object, {ErrorCode::Malformed, malformed.where(), malformed.what()}, input);
      return true;
    }
  });
}

Input read_all(const ReviewOptions& options) {
  Input input;
  const std::vector<std::string> standard_input = {"-"};
  for (const auto& file : options.files.empty() ? standard_input : options.files) {
    read_input(file, input);
  }
  return input;
}

std::vector<Outcome> judge_all(Input& input, const policy::Snapshot& snapshot,
                               const OfflineCluster& cluster, const std::string& namespace_name) {
  std::vector<Outcome> outcomes;
  for (const auto& object : input.objects) {
    if (auto outcome = judge(object, snapshot, cluster, namespace_name)) {
      outcomes.push_back(std::move(*outcome));
    } else {
      tell(object, outcome.error(), input);
    }
  }
  return outcomes;
}

// A namespace whose labels nobody gave is judged by its name alone; that is worth a word.
void note_unknown_namespaces(const std::vector<Outcome>& outcomes, const OfflineCluster& cluster,
                             const policy::Snapshot& snapshot, std::ostream& err) {
  std::set<std::string> told;
  for (const auto& outcome : outcomes) {
    const auto& name = outcome.namespace_name;
    if (name.empty() || !told.insert(name).second) continue;
    if (names::is_never_asked(name)) {
      err << "note: nobody asks about namespace \"" << name
          << "\", which the webhook configurations leave out\n";
      continue;
    }
    if (cluster.knows(name) || !snapshot.needs_labels_of(name)) continue;
    err << "note: no labels are known for namespace \"" << name
        << "\"; add the Namespace to the input or give --namespace-label " << name
        << ":KEY=VALUE\n";
  }
}

void print(const std::vector<Outcome>& outcomes, const Input& input, const ReviewOptions& options,
           std::ostream& out) {
  if (options.output == "json") return print_json(outcomes, out);
  if (options.output == "yaml") return print_yaml(outcomes, out);
  if (options.output == "diff") return print_diff(outcomes, out);
  if (options.output == "review") return print_answers(outcomes, out);
  print_summary(outcomes, input.errors.size(), options.colour, out);
}

// Manifests and diffs on standard output leave no room for words; they go beside them.
void tell_beside(const std::vector<Outcome>& outcomes, const ReviewOptions& options,
                 std::ostream& err) {
  const bool manifests = options.output == "yaml";
  if (!manifests && options.output != "diff") return;
  for (const auto& outcome : outcomes) {
    if (outcome.is_finding()) {
      err << outcome.place << (manifests ? ": left out: " : ": ") << outcome.refusal() << "\n";
      continue;
    }
    for (const auto& warning : outcome.warnings) {
      err << outcome.place << ": Warning: " << warning << "\n";
    }
  }
}

// Of all forms only -o review has nothing to say about manifests; silence would look like consent.
bool tell_unanswered(const std::vector<Outcome>& outcomes, std::ostream& err) {
  const auto others = std::ranges::count(outcomes, "", &Outcome::review_answer);
  if (others == 0) return false;
  err << "-o review answers AdmissionReviews, and " << others << " of " << outcomes.size()
      << (outcomes.size() == 1 ? " object" : " objects") << " in the input "
      << (others == 1 ? "is" : "are") << " none; leave -o review out to have manifests judged\n";
  return true;
}

}  // namespace

int review(const ReviewOptions& options, std::ostream& out, std::ostream& err) {
  if (!is_dns_label(options.default_namespace)) {
    err << "--namespace \"" << options.default_namespace << "\" is not a namespace's name\n";
    return kUnusable;
  }
  const auto loaded = policy::load_directory(options.policies, {.step_image = options.step_image});
  if (!loaded.snapshot) {
    for (const auto& diagnostic : loaded.diagnostics) err << diagnostic.text() << "\n";
    return kUnusable;
  }
  OfflineCluster cluster;
  auto input = read_all(options);
  take_namespaces(input, cluster);
  for (const auto& label : options.namespace_labels) {
    if (const auto flaw = take_label(label, cluster)) {
      err << "--namespace-label \"" << label << "\" " << *flaw << "\n";
      return kUnusable;
    }
  }
  const auto outcomes = judge_all(input, *loaded.snapshot, cluster, options.default_namespace);
  for (const auto& error : input.errors) err << error << "\n";
  if (outcomes.empty()) {
    if (input.errors.empty()) err << "there is no object in the input\n";
    return kUnusable;
  }
  print(outcomes, input, options, out);
  tell_beside(outcomes, options, err);
  note_unknown_namespaces(outcomes, cluster, *loaded.snapshot, err);
  const bool unanswered = options.output == "review" && tell_unanswered(outcomes, err);
  if (unanswered || !input.errors.empty()) return kUnusable;
  return std::ranges::any_of(outcomes, &Outcome::is_finding) ? kFinding : kFine;
}

}  // namespace cpods::commands
