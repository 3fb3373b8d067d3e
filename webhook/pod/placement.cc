// The placement proof.
//
// A node matches when the nodeSelector holds AND one of the ORed terms holds. So the Pod is a union
// of branches, one for each term that can match anything (or the nodeSelector alone when there is
// no required affinity). It is guaranteed when every branch implies every requirement: the key must
// exist, its possible values are a finite set, and all that survive lie within the allowed ones.
// One branch that does not is a way off the pool. It is impossible when every branch contradicts
// some requirement: none of the allowed values passes.

#include "pod/placement.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "json/writer.h"
#include "pod/names.h"
#include "pod/node_constraints.h"

namespace cpods::pod {
namespace {

constexpr std::string_view kRequired = names::kRequiredAffinity;

bool allows(const Requirement& requirement, std::string_view value) {
  return std::ranges::find(requirement.values, value) != requirement.values.end();
}

bool implies(const NodeConstraints& branch, const Requirement& requirement) {
  const auto* constraint = branch.find(requirement.key);
  if (constraint == nullptr || constraint->allowed() == nullptr) return false;
  return std::ranges::all_of(*constraint->allowed(), [&](auto value) {
    return !constraint->admits(value) || allows(requirement, value);
  });
}

bool contradicts(const NodeConstraints& branch, const Requirement& requirement) {
  const auto* constraint = branch.find(requirement.key);
  return constraint != nullptr && std::ranges::none_of(requirement.values, [&](const auto& value) {
           return constraint->admits(value);
         });
}

std::vector<const Requirement*> not_implied(const NodeConstraints& branch,
                                            std::span<const Requirement> requirements) {
  std::vector<const Requirement*> open;
  for (const auto& requirement : requirements) {
    if (!implies(branch, requirement)) open.push_back(&requirement);
  }
  return open;
}

const Requirement* first_contradicted(const NodeConstraints& branch,
                                      std::span<const Requirement> requirements) {
  const auto found = std::ranges::find_if(
      requirements, [&](const auto& requirement) { return contradicts(branch, requirement); });
  return found == requirements.end() ? nullptr : &*found;
}

Placement judge_branch(const NodeConstraints& branch, std::optional<std::size_t> term,
                       std::span<const Requirement> requirements) {
  Placement placement;
  placement.term = term;
  if (const auto* contradicted = first_contradicted(branch, requirements)) {
    placement.certainty = Certainty::Impossible;
    placement.open = {contradicted};
    placement.contradiction =
        branch.find(contradicted->key)->first_ruling_out(contradicted->values);
  } else {
    placement.open = not_implied(branch, requirements);
    placement.certainty = placement.open.empty() ? Certainty::Guaranteed : Certainty::Possible;
  }
  return placement;
}

Placement no_node() {
  Placement placement;
  placement.certainty = Certainty::Impossible;
  return placement;
}

// The union of branches: all guaranteed, all impossible, or possible for the first that is open.
Placement join(const std::vector<Placement>& branches) {
  const auto is = [](Certainty certainty) {
    return [certainty](const Placement& branch) { return branch.certainty == certainty; };
  };
  if (branches.empty()) return no_node();
  if (std::ranges::all_of(branches, is(Certainty::Guaranteed))) return branches.front();
  if (std::ranges::all_of(branches, is(Certainty::Impossible))) return branches.front();
  auto open = *std::ranges::find_if_not(branches, is(Certainty::Guaranteed));
  open.certainty = Certainty::Possible;
  return open;
}

std::string expression_text(const Requirement& requirement) {
  json::Writer out;
  out.object().field("key", requirement.key).field("operator", "In").key("values").array();
  for (const auto& value : requirement.values) out.text(value);
  return out.end().end().take();
}

// {"nodeSelectorTerms":[{"matchExpressions":[…]}]}
std::string required_text(const std::vector<const Requirement*>& requirements) {
  json::Writer out;
  out.object().key("nodeSelectorTerms").array().object().key("matchExpressions").array();
  for (const auto* requirement : requirements) out.raw(expression_text(*requirement));
  return out.end().end().end().end().take();
}

// Without a list of terms it is refused by the API server, and not ours to repair.
json::Node required_affinity(json::Node spec) {
  return spec["affinity"]["nodeAffinity"][kRequired];
}

std::size_t count_constraints(json::Node spec) {
  std::size_t count = spec["nodeSelector"].members().size();
  for (const json::Node term : required_affinity(spec)["nodeSelectorTerms"].elements()) {
    ++count;
    for (const std::string_view list : {"matchExpressions", "matchFields"}) {
      for (const json::Node each : term[list].elements()) count += 1 + each["values"].size();
    }
  }
  return count;
}

Placement unread(std::size_t count) {
  Placement placement;
  placement.unread = count;
  return placement;
}

// Text of a Pod as it is told: validation comes after the mutating call, so it may be of any
// length.
std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 100;  // a valid label value has at most 63
  return one_line(text, kLongest);
}

// [a, b], or [a, b, c, d, e, and 7 more]
std::string listed(json::Node values) {
  constexpr std::size_t kTold = 5;
  std::string text = "[";
  for (std::size_t i = 0; i < values.size() && i < kTold; ++i) {
    text.append(i == 0 ? "" : ", ").append(shown(values.at(i).text()));
  }
  if (values.size() > kTold) text += ", and " + std::to_string(values.size() - kTold) + " more";
  return text + "]";
}

std::string said_by(json::Node contradiction) {
  if (contradiction.kind() != json::Kind::Object) {
    return contradiction.field_path() + " is " + shown(contradiction.text());
  }
  const auto text = contradiction.field_path() + " says " + shown(contradiction["key"].text()) +
                    " " + shown(contradiction["operator"].text());
  return contradiction["values"].size() == 0 ? text : text + " " + listed(contradiction["values"]);
}

}  // namespace

std::string Requirement::text() const {
  std::string out = key + " in [";
  for (std::size_t i = 0; i < values.size(); ++i) out += (i == 0 ? "" : ", ") + values[i];
  return out + "]";
}

std::string text_of(std::span<const Requirement> requirements) {
  std::string out;
  for (const auto& each : requirements) out += (out.empty() ? "" : " and ") + each.text();
  return out;
}

std::string Placement::why() const {
  if (unread > 0) {
    return "it chooses its nodes by " + std::to_string(unread) +
           " entries, terms, expressions and values, and no more than " +
           std::to_string(limits::kNodeConstraints) + " are judged";
  }
  if (open.empty()) return "no node at all can satisfy its nodeSelector and affinity";
  std::string requirements;
  for (const auto* each : open)
    requirements += (requirements.empty() ? "" : " and ") + each->text();
  if (certainty == Certainty::Impossible) {
    return said_by(contradiction) + ", which rules out " + requirements;
  }
  if (!term) return "nothing in it requires " + requirements;
  return "nodeSelectorTerms[" + std::to_string(*term) + "] does not require " + requirements;
}

Placement prove_placement(json::Node spec, std::span<const Requirement> requirements) {
  const auto count = count_constraints(spec);
  if (count > limits::kNodeConstraints) return unread(count);
  const NodeConstraints selected(spec["nodeSelector"]);
  const auto required = required_affinity(spec);
  if (!required) return judge_branch(selected, std::nullopt, requirements);
  std::vector<Placement> branches;
  std::size_t index = 0;
  for (const json::Node term : required["nodeSelectorTerms"].elements()) {
    const NodeConstraints branch(selected, term);
    if (!branch.dead()) branches.push_back(judge_branch(branch, index, requirements));
    ++index;
  }
  return join(branches);
}

void require_affinity(json::Node spec, std::string_view spec_path, std::string_view required,
                      json::Patch& patch) {
  const auto path = std::string(spec_path) + "/affinity";
  const auto wrap = [](std::string_view key, std::string_view value) {
    return json::Writer().object().key(key).raw(value).end().take();
  };
  if (spec["affinity"]["nodeAffinity"]) {
    patch.add(path + "/nodeAffinity/" + std::string(kRequired), required);
  } else if (spec["affinity"]) {
    patch.add(path + "/nodeAffinity", wrap(kRequired, required));
  } else {
    patch.add(path, wrap("nodeAffinity", wrap(kRequired, required)));
  }
}

void place(json::Node spec, std::string_view spec_path, std::span<const Requirement> requirements,
           json::Patch& patch) {
  const auto before = prove_placement(spec, requirements);
  if (before.certainty == Certainty::Guaranteed || before.unread > 0) return;
  const std::string path(spec_path);
  const NodeConstraints selected(spec["nodeSelector"]);
  const auto required = required_affinity(spec);
  if (!required) {
    require_affinity(spec, path, required_text(not_implied(selected, requirements)), patch);
    return;
  }
  const auto terms =
      path + "/affinity/nodeAffinity/" + std::string(kRequired) + "/nodeSelectorTerms/";
  std::size_t index = 0;
  for (const json::Node term : required["nodeSelectorTerms"].elements()) {
    if (!is_empty_term(term)) {
      std::vector<std::string> expressions;
      for (const auto* open : not_implied({selected, term}, requirements)) {
        expressions.push_back(expression_text(*open));
      }
      patch.append(term, terms + std::to_string(index), "matchExpressions", expressions);
    }
    ++index;
  }
}

}  // namespace cpods::pod
