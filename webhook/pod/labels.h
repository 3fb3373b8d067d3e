#pragma once
// Labels and what selects them (metav1.LabelSelector), for Pods and namespaces alike.
// Plain values; any thread.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/node.h"

namespace cpods::pod {

// The labels of one object, ordered by key.
class Labels {
 public:
  Labels() = default;
  explicit Labels(std::vector<std::pair<std::string, std::string>> entries);
  // Reads an object's metadata.labels; empty when missing.
  [[nodiscard]] static Labels read(json::Node metadata_labels);

  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;
  void set(std::string_view key, std::string_view value);
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& entries() const {
    return entries_;
  }
  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

enum class Operator : std::uint8_t { In, NotIn, Exists, DoesNotExist };

struct LabelRequirement {
  std::string key;
  Operator op = Operator::Exists;
  std::vector<std::string> values;  // In and NotIn: at least one; else none

  friend auto operator<=>(const LabelRequirement&, const LabelRequirement&) = default;
};

// All requirements hold; none at all selects everything.
struct LabelSelector {
  std::vector<LabelRequirement> requirements;

  // NotIn holds also where the key is absent (apimachinery labels.Requirement.Matches).
  [[nodiscard]] bool matches(const Labels& labels) const;
};

}  // namespace cpods::pod
