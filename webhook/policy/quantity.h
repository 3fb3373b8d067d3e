#pragma once
// The amount that a core/v1 resource quantity stands for (apimachinery resource.Quantity), to
// compare two of them.
// Pure; any thread.

#include "json/node.h"

namespace cpods::policy {

// `quantity` is one that the API server accepts: a whole number, or digits with a suffix such as 100m,
// 1.5, 64Mi or 1e3. In a double: exact to fifteen digits.
[[nodiscard]] double amount_of(json::Node quantity);

}  // namespace cpods::policy
