#pragma once
// The result of verifying evidence: every check by its name, whether it held, and what was seen.
// A check that depends on one that failed is skipped, and counts against the evidence as much; a
// setting that nobody made is unpinned, and counts for nothing.
// Plain value; one owner, one thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/refusal.h"

namespace cpods::evidence {

enum class Status : std::uint8_t { Passed, Failed, Unpinned, Skipped };

// passed, failed, unpinned, skipped.
[[nodiscard]] std::string_view name_of(Status status);

// What does not hold, as a sentence or the first half of one; nothing where it holds.
using Complaint = std::optional<std::string>;

struct Check {
  std::string name;  // snp.ecdsa
  Status status = Status::Skipped;
  std::string detail;              // a sentence part in printable ASCII; what was seen, or why not
  Doubt doubt = Doubt::Malformed;  // what a failure means

  friend bool operator==(const Check&, const Check&) = default;
};

class Appraisal {
 public:
  void pass(std::string_view name, std::string detail = {});
  void fail(std::string_view name, Doubt doubt, std::string detail);
  void unpinned(std::string_view name, std::string detail = {});
  void skip(std::string_view name, std::string detail);
  // Passed or failed by `holds`; returns it. `detail` is told when it fails.
  bool require(bool holds, std::string_view name, Doubt doubt, std::string detail);

  [[nodiscard]] const std::vector<Check>& checks() const { return checks_; }
  // Nothing failed and nothing was skipped.
  [[nodiscard]] bool verified() const;
  // The first failure of the gravest kind, which decides the exit code; nullptr where all held. In
  // evidence that is not genuine, what it says is not worth a refusal of its own.
  [[nodiscard]] const Check* decisive() const;
  [[nodiscard]] const Check* find(std::string_view name) const;

 private:
  void add(std::string_view name, Status status, std::string detail, Doubt doubt);

  std::vector<Check> checks_;
};

}  // namespace cpods::evidence
