#pragma once
// The one walk over a Pod's containers: all three lists, in the order init, regular, ephemeral.
// Pure; any thread.

#include <array>
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

}  // namespace cpods::pod
