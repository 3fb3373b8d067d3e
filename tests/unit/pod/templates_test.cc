#include "pod/templates.h"

#include <doctest/doctest.h>

#include "unit/parsed.h"

namespace cpods::pod {
namespace {

TEST_CASE("templates: each of the eight kinds has its template at its path") {
  struct Row {
    std::string_view kind;
    std::string_view path;
    std::string object;
  };
  const std::string plain = R"({"spec":{"template":{"spec":"here"}}})";
  const Row rows[] = {
      {"Deployment", "spec.template", plain},
      {"StatefulSet", "spec.template", plain},
      {"DaemonSet", "spec.template", plain},
      {"ReplicaSet", "spec.template", plain},
      {"ReplicationController", "spec.template", plain},
      {"Job", "spec.template", plain},
      {"CronJob", "spec.jobTemplate.spec.template",
       R"({"spec":{"jobTemplate":{"spec":{"template":{"spec":"here"}}}}})"},
      {"PodTemplate", "template", R"({"template":{"spec":"here"}})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.kind);
    const auto document = parsed(row.object);
    const auto found = find_template(row.kind, document.root());
    REQUIRE(found);
    CHECK(found->path == row.path);
    CHECK(found->node["spec"].text() == "here");
    CHECK(found->node.field_path() == row.path);
    const auto empty = find_template(row.kind, {});
    REQUIRE(empty);
    CHECK_FALSE(empty->node);
  }
}

TEST_CASE("templates: nothing else has one") {
  for (const auto kind : {"Pod", "deployment", "Rollout", "Service", ""}) {
    CAPTURE(kind);
    CHECK_FALSE(find_template(kind, {}));
  }
}

}  // namespace
}  // namespace cpods::pod
