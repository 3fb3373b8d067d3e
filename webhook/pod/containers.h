#pragma once
// The one walk over a Pod's containers: all three lists, in the order init, regular, ephemeral. And
// the one search in a list of things with names: containers, volumes.
// Pure; any thread.

#include <array>
#include <optional>
#include <string_view>

#include "json/node.h"

namespace cpods::pod {

inline constexpr std::array<std::string_view, 3> kContainerLists = {"initContainers", "containers",
                                                                    "ephemeralContainers"};

template <typename Visitor>
void for_each_container(json::Node spec, Visitor&& visit) {
  for (const auto list : kContainerLists) {
    for (const json::Node container : spec[list].elements()) visit(container);
  }
}

// The first of its name.
[[nodiscard]] inline std::optional<std::size_t> index_of(json::Node list, std::string_view name) {
  std::size_t index = 0;
  for (const json::Node each : list.elements()) {
    if (each["name"].text() == name) return index;
    ++index;
  }
  return std::nullopt;
}

// Missing where there is none.
[[nodiscard]] inline json::Node find_named(json::Node list, std::string_view name) {
  const auto index = index_of(list, name);
  return index ? list.at(*index) : json::Node();
}

}  // namespace cpods::pod
