#pragma once
// What the API server asks and evaluates about: lists of RuleWithOperations
// (admissionregistration.k8s.io/v1) as JSON, which webhook configurations and admission policies
// share.
// Constants; any thread.

#include <string_view>

namespace cpods::configuration {

inline constexpr std::string_view kPodsToPlace =
    R"([{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["pods"],"scope":"Namespaced"},)"
    R"({"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["daemonsets"],"scope":"Namespaced"}])";
inline constexpr std::string_view kPodsToGuard =
    R"([{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["pods"],"scope":"Namespaced"},)"
    R"({"apiGroups":[""],"apiVersions":["v1"],"operations":["UPDATE"],"resources":["pods/ephemeralcontainers","pods/status"],"scope":"Namespaced"}])";
inline constexpr std::string_view kBindings =
    R"([{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods/binding","bindings"],"scope":"Namespaced"}])";
inline constexpr std::string_view kTemplates =
    R"([{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["deployments","statefulsets","daemonsets","replicasets"],"scope":"Namespaced"},)"
    R"({"apiGroups":["batch"],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["jobs","cronjobs"],"scope":"Namespaced"},)"
    R"({"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["replicationcontrollers","podtemplates"],"scope":"Namespaced"}])";
inline constexpr std::string_view kNamespaces =
    R"([{"apiGroups":[""],"apiVersions":["v1"],"operations":["UPDATE"],"resources":["namespaces","namespaces/status","namespaces/finalize"],"scope":"Cluster"}])";
inline constexpr std::string_view kNodes =
    R"([{"apiGroups":[""],"apiVersions":["v1"],"operations":["UPDATE"],"resources":["nodes","nodes/status"],"scope":"Cluster"}])";
inline constexpr std::string_view kConfigMaps =
    R"([{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["configmaps"],"scope":"Namespaced"}])";

}  // namespace cpods::configuration
