#pragma once
// AdmissionReview v1 (k8s.io/api/admission/v1), from bytes and back.
// A Request is a view into the Document it was decoded from, which must outlive it. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "admission/verdict.h"
#include "base/error.h"
#include "json/document.h"

namespace cpods::admission {

struct Resource {
  std::string_view group;
  std::string_view name;         // pods
  std::string_view subresource;  // ephemeralcontainers, status, binding, or empty
};

// pods, or a subresource of it whose object is the whole Pod: ephemeralcontainers and status.
[[nodiscard]] bool is_whole_pod(const Resource& resource);

struct Request {
  std::string_view uid;
  std::string_view operation;  // CREATE | UPDATE | DELETE | CONNECT
  std::string_view kind;       // Pod
  Resource resource;
  std::string_view name;  // empty while generateName is pending
  std::string_view namespace_name;
  std::string_view username;
  std::vector<std::string_view> groups;
  bool dry_run = false;
  json::Node object;      // rooted; missing on DELETE
  json::Node old_object;  // rooted; there on UPDATE and DELETE
};

// Malformed where it is no AdmissionReview of admission.k8s.io/v1, or says what an API server never
// says: no uid or a very long one, another operation, another kind than Pod for Pods, Pods without
// a namespace.
[[nodiscard]] Result<Request> decode(const json::Document& review);

// The whole AdmissionReview answer, with the request's uid.
[[nodiscard]] std::string encode(std::string_view uid, const Verdict& verdict);

// Of a Pod to a node, by pods/binding or the legacy bindings.
[[nodiscard]] bool is_binding(const Request& request);
[[nodiscard]] bool is_namespace_update(const Request& request);

}  // namespace cpods::admission
