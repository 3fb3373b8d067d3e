#pragma once
// The JSON Schema of policy files, policies/schema/policy.schema.json, as it was at build time.
// A constant; any thread.

#include <string_view>

namespace cpods::policy {

extern const std::string_view kSchemaText;

}  // namespace cpods::policy
