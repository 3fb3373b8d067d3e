#pragma once
// One Pod under review, read once: who it is, and which policies concern it and how.
// A view into the request's document, the snapshot and the namespace's labels; all must outlive it.
// Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "admission/review.h"
#include "json/node.h"
#include "pod/labels.h"
#include "pod/secret_references.h"
#include "policy/snapshot.h"

namespace cpods::admission {

// How one policy concerns a Pod.
struct Concern {
  const policy::Policy* policy = nullptr;
  bool selects = false;        // by podSelector
  bool reads_guarded = false;  // some reference is one that its secrets section guards
  pod::Placement placement;    // of the Pod, on the policy's pool

  // The Pod itself has to be made confidential: it is selected, or it reads a guarded secret of a
  // policy that says onUse: Place.
  [[nodiscard]] bool wants_pod() const;
  [[nodiscard]] bool guaranteed() const {
    return placement.certainty == pod::Certainty::Guaranteed;
  }
};

// A namespace as the policies see it.
struct Namespace {
  std::string_view name;
  const pod::Labels& labels;
  std::vector<const policy::Policy*> reaching;
};

struct Subject {
  std::string who;  // payments/web, or payments/web- while the name is pending
  json::Node pod;
  json::Node spec;
  // Once a Pod, however many policies guard some of them; read only where a policy guards any.
  std::vector<pod::SecretReference> references;
  std::vector<Concern> concerns;  // of policies that select or guard it, by policy name
  const pod::Labels* namespace_labels = nullptr;
};

// `pod` is rooted.
[[nodiscard]] Subject read_subject(const Namespace& home, json::Node pod);

// namespace/name, with generateName where there is no name.
[[nodiscard]] std::string who_is(std::string_view namespace_name, json::Node object);

// who_is of the request's object, also where the object's own names are what cannot be read.
[[nodiscard]] std::string who_asks(const Request& request);

// Whether the policy's secrets section guards what the reference leads to.
[[nodiscard]] bool is_guarded(const policy::Policy& policy, const pod::SecretReference& reference);

}  // namespace cpods::admission
