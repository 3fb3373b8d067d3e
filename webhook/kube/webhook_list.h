#pragma once
// What becomes of the entries of one webhook configuration: those that policies need are added or
// put right, those that none needs any more go after notice, and those that somebody else wrote are
// left alone.
//
// Replicas read an edited policy at different moments, and a kubelet that hangs may keep one on old
// policies for hours. So whoever knows of a scope adds its entry at once; whoever does not need an
// entry gives notice, in an annotation of the configuration that all replicas read; and whoever
// does need it strikes the notice. Only an entry whose notice stood for long goes: by then every
// replica that lives has looked several times, and none wanted it. So no namespace is unguarded in
// between.
// Plain values; any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/entry.h"
#include "json/node.h"

namespace cpods::kube {

// By the entry's name, when somebody first found that it is not needed (RFC 3339).
using Notices = std::map<std::string, std::string, std::less<>>;

// As they stand in the configuration; none where the annotation cannot be read.
[[nodiscard]] Notices notices_in(json::Node configuration);
// As they should stand: one for each entry that is named after its content and not among those
// wanted, `now` where it is new.
[[nodiscard]] Notices notices_for(json::Node configuration,
                                  const std::vector<configuration::Entry>& wanted,
                                  std::string_view now);

enum class Bundles : std::uint8_t {
  Follow,  // every entry has the address' caBundle
  Keep,    // somebody else writes it into those that are there
};

struct Wish {
  std::vector<configuration::Entry> entries;
  Notices notices;
  std::set<std::string, std::less<>> gone;  // entries to take away
};

// The clientConfig of the first entry that says how it is reached, and that nobody here writes, if
// there is such a one; missing where none says it.
[[nodiscard]] json::Node address_in(json::Node configuration);

// A JSON Patch that makes the list as it should be and fails where somebody was faster; nothing
// where it is so already. `address`: a clientConfig. Throws json::Malformed.
[[nodiscard]] std::optional<std::string> list_patch(json::Node configuration, const Wish& wish,
                                                    json::Node address, Bundles bundles);
// The same of the notices alone, for where the API server does not take the entries.
[[nodiscard]] std::optional<std::string> notices_patch(json::Node configuration,
                                                       const Notices& notices);

}  // namespace cpods::kube
