#pragma once
// One immutable set of pools and policies: what a single review sees from start to end.
//
// Policies are found by namespace: each one stands in the index under the most selective thing it
// requires (exact names, name prefixes, a namespace label), so that ten thousand policies cost
// about what ten do. Only a policy whose glob begins with * and that requires no namespace label is
// looked at for every namespace. Shared by shared_ptr<const Snapshot>; any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pod/labels.h"
#include "policy/model.h"

namespace cpods::policy {

class Snapshot {
 public:
  // `policies` refer to pools by address inside `pools`; both keep their addresses from here on.
  Snapshot(std::vector<std::unique_ptr<Pool>> pools, std::vector<std::unique_ptr<Policy>> policies,
           std::string digest);

  // The policies whose namespace conditions hold, ordered by name.
  [[nodiscard]] std::vector<const Policy*> reaching(std::string_view name,
                                                    const pod::Labels& labels) const;
  // Whether any policy that could reach this namespace by name also looks at namespace labels.
  [[nodiscard]] bool needs_labels_of(std::string_view name) const;

  [[nodiscard]] const std::vector<std::unique_ptr<Pool>>& pools() const { return pools_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Policy>>& policies() const { return policies_; }
  // SHA-256 over the files' names and bytes, hex.
  [[nodiscard]] const std::string& digest() const { return digest_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Ids = std::vector<std::uint32_t>;  // indices into policies_
  template <typename T>
  using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;
  struct ByLabel {
    Ids any_value;
    ByText<Ids> by_value;
  };

  void index(std::uint32_t id);
  void index_names(const Policy& policy, std::uint32_t id);
  void add_named(std::string_view name, Ids& out) const;
  [[nodiscard]] Ids candidates(std::string_view name, const pod::Labels& labels) const;

  std::vector<std::unique_ptr<Pool>> pools_;
  std::vector<std::unique_ptr<Policy>> policies_;  // by name
  std::string digest_;
  // Each policy stands in exactly one of three places: under its names and prefixes, under one
  // label that it requires, or in everywhere_.
  ByText<Ids> by_name_;
  ByText<Ids> by_prefix_;
  std::vector<std::size_t> prefix_lengths_;
  ByText<ByLabel> by_label_;
  Ids everywhere_;
  Ids selecting_;  // of the last two places: those that look at namespace labels
};

}  // namespace cpods::policy
