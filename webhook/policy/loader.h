#pragma once
// From policy files to a Snapshot, strictly: one bad line and the whole set is refused, with every
// error told as file:line:column: message.
//
// Pure: text in, values out. policy/directory.h reads the disk. Any thread.

#include <memory>
#include <string>
#include <vector>

#include "policy/model.h"
#include "policy/snapshot.h"

namespace cpods::policy {

struct SourceFile {
  std::string name;  // as it stands in messages
  std::string text;
};

enum class Severity : std::uint8_t { Error, Warning };

struct Diagnostic {
  Severity severity = Severity::Error;
  Position position;
  std::string message;

  // policies/pool.yaml:12:7: unknown field "tolerance"; did you mean "tolerations"?
  // Warnings carry "warning: " before the message.
  [[nodiscard]] std::string text() const;
};

struct LoadOptions {
  // The image of the attestation step where a pool names none.
  std::string step_image;
  // False where nobody can tell namespace labels: a policy that looks at them is an error then.
  bool namespace_labels = true;
};

struct Loaded {
  std::shared_ptr<const Snapshot> snapshot;  // nullptr when there is an error
  std::vector<Diagnostic> diagnostics;       // by file, line, column
};

[[nodiscard]] Loaded load(const std::vector<SourceFile>& files, const LoadOptions& options);

}  // namespace cpods::policy
