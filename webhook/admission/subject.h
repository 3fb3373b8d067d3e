#pragma once
// One Pod under review, read once: who it is, and which policies concern it and how.
// A view into the request's document and the snapshot; both must outlive it. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "json/node.h"
#include "pod/labels.h"
#include "pod/secret_references.h"
#include "policy/snapshot.h"

namespace cpods::admission {

// How one policy concerns a Pod.
struct Concern {
  const policy::Policy* policy = nullptr;
  bool selects = false;                       // by podSelector
  std::vector<pod::SecretReference> guarded;  // references that its secrets section guards
  pod::Placement placement;                   // of the Pod, on the policy's pool

  // The Pod itself has to be made confidential: it is selected, or it reads a guarded secret of a
  // policy that says onUse: Place.
  [[nodiscard]] bool wants_pod() const;
  [[nodiscard]] bool guaranteed() const {
    return placement.certainty == pod::Certainty::Guaranteed;
  }
};

struct Subject {
  std::string who;  // payments/web, or payments/web- while the name is pending
  json::Node pod;
  json::Node spec;
  std::vector<Concern> concerns;  // of policies that select or guard it, by policy name
};

// `pod` is rooted; `reaching` are the policies of its namespace.
[[nodiscard]] Subject read_subject(std::string_view namespace_name, json::Node pod,
                                   const std::vector<const policy::Policy*>& reaching);

// namespace/name, with generateName where there is no name.
[[nodiscard]] std::string who_is(std::string_view namespace_name, json::Node object);

}  // namespace cpods::admission
