#pragma once
// From documents that the schema has accepted to pools and policies, with the checks that a schema
// cannot make. Everything wrong is told through the Report; a value is returned in any case, and
// is of use only while the report has no errors.
// Pure functions; one thread a load.

#include <memory>
#include <string>

#include "json/node.h"
#include "policy/loader.h"
#include "policy/model.h"
#include "policy/report.h"

namespace cpods::policy {

[[nodiscard]] std::unique_ptr<Pool> decode_pool(json::Node document, const LoadOptions& options,
                                                Report& report);
// spec.attestation of a pool.
[[nodiscard]] pod::StepSettings decode_attestation(json::Node given, const LoadOptions& options,
                                                   Report& report);
// The pool's name is looked up later: policies may stand before their pools.
[[nodiscard]] std::unique_ptr<Policy> decode_policy(json::Node document, Report& report);

[[nodiscard]] pod::LabelSelector decode_selector(json::Node selector, Report& report);

// Keys and values of metadata.labels, and the keys of metadata.annotations.
void check_metadata(json::Node metadata, Report& report);
void check_label_key(json::Node at, std::string_view key, Report& report);
void check_label_value(json::Node at, Report& report);

}  // namespace cpods::policy
