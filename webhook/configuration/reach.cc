#include "configuration/reach.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace cpods::configuration {
namespace {

void add(Reach& reach, const policy::Policy& policy) {
  const bool enforces = policy.action == policy::Action::Enforce;
  const bool placed_on_use = policy.secrets && policy.secrets->on_use == policy::OnUse::Place;
  if (enforces && !reach.enforced) reach.policy = policy.name;
  reach.enforced |= enforces;
  reach.places |= enforces && (policy.pod_selector || placed_on_use);
  reach.templates |= policy.templates != policy::Templates::Ignore;
}

using Stands = bool (*)(const Reach& wide, const Reach& narrow);

bool always(const Reach&, const Reach&) {
  return true;
}

bool as_strict(const Reach& wide, const Reach& narrow) {
  return wide.enforced || !narrow.enforced;
}

bool stands_for(const Reach& wide, const Reach& narrow, Stands stands) {
  return wide.scope.covers(narrow.scope) && stands(wide, narrow);
}

// Of two that stand for each other the first stays.
std::vector<Reach> widest(const std::vector<Reach>& reaches, Stands stands) {
  std::vector<Reach> out;
  for (std::size_t i = 0; i < reaches.size(); ++i) {
    bool is_covered = false;
    for (std::size_t k = 0; k < reaches.size() && !is_covered; ++k) {
      is_covered = i != k && stands_for(reaches[k], reaches[i], stands) &&
                   (k < i || !stands_for(reaches[i], reaches[k], stands));
    }
    if (!is_covered) out.push_back(reaches[i]);
  }
  return out;
}

std::vector<Reach> widest_with(const std::vector<Reach>& reaches, bool Reach::* has) {
  std::vector<Reach> out;
  std::ranges::copy_if(reaches, std::back_inserter(out), has);
  return widest(out, always);
}

}  // namespace

std::vector<Reach> reaches_of(const policy::Snapshot& snapshot) {
  std::map<std::string, Reach> by_scope;
  for (const auto& policy : snapshot.policies()) {
    auto scope = Scope::of(*policy);
    auto key = scope.key();
    const Reach fresh{.policy = policy->name, .scope = std::move(scope)};
    add(by_scope.try_emplace(std::move(key), fresh).first->second, *policy);
  }
  std::vector<Reach> reaches;
  for (auto& [key, reach] : by_scope) reaches.push_back(std::move(reach));
  std::ranges::sort(reaches, {}, &Reach::policy);
  return reaches;
}

Reach everywhere(const std::vector<Reach>& reaches) {
  Reach all{.policy = "everywhere", .scope = {}};
  for (const auto& each : reaches) {
    all.enforced |= each.enforced;
    all.places |= each.places;
    all.templates |= each.templates;
  }
  return all;
}

std::vector<Reach> that_enforce(const std::vector<Reach>& reaches) {
  return widest_with(reaches, &Reach::enforced);
}

std::vector<Reach> that_place(const std::vector<Reach>& reaches) {
  return widest_with(reaches, &Reach::places);
}

std::vector<Reach> that_speak_of_templates(const std::vector<Reach>& reaches) {
  return widest_with(reaches, &Reach::templates);
}

std::vector<Reach> that_guard(const std::vector<Reach>& reaches) {
  return widest(reaches, as_strict);
}

}  // namespace cpods::configuration
