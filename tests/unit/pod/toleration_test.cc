#include "pod/toleration.h"

#include <doctest/doctest.h>

#include "unit/parsed.h"

namespace cpods::pod {
namespace {

Toleration toleration(const std::string& json) {
  return Toleration::read(parsed(json).root());
}

TEST_CASE("toleration: covers what it tolerates in every case and for as long") {
  struct Row {
    std::string one;
    std::string other;
    bool covers;
  };
  const Row rows[] = {
      // Everything, and every effect.
      {R"({"operator":"Exists"})", R"({"key":"a","value":"1","effect":"NoSchedule"})", true},
      {R"({"operator":"Exists"})", R"({"operator":"Exists"})", true},
      {R"({"operator":"Exists","effect":"NoSchedule"})", R"({"key":"a","effect":"NoSchedule"})",
       true},
      {R"({"operator":"Exists","effect":"NoSchedule"})", R"({"key":"a","effect":"NoExecute"})",
       false},
      {R"({"operator":"Exists","effect":"NoSchedule"})", R"({"key":"a"})", false},
      // One key.
      {R"({"key":"a","operator":"Exists"})", R"({"key":"a","value":"1"})", true},
      {R"({"key":"a","operator":"Exists"})", R"({"key":"a","operator":"Exists"})", true},
      {R"({"key":"a","operator":"Exists"})", R"({"key":"b","operator":"Exists"})", false},
      {R"({"key":"a","operator":"Exists"})", R"({"operator":"Exists"})", false},
      // One value; an absent operator is Equal.
      {R"({"key":"a","value":"1"})", R"({"key":"a","operator":"Equal","value":"1"})", true},
      {R"({"key":"a","operator":"Equal","value":"1"})", R"({"key":"a","value":"1"})", true},
      {R"({"key":"a","operator":"","value":"1"})", R"({"key":"a","value":"1"})", true},
      {R"({"key":"a","value":"1"})", R"({"key":"a","value":"2"})", false},
      {R"({"key":"a","value":"1"})", R"({"key":"a","operator":"Exists"})", false},
      {R"({"key":"a"})", R"({"key":"a","value":""})", true},
      // Effects.
      {R"({"key":"a","value":"1"})", R"({"key":"a","value":"1","effect":"NoExecute"})", true},
      {R"({"key":"a","value":"1","effect":"NoExecute"})", R"({"key":"a","value":"1"})", false},
      {R"({"key":"a","effect":"NoSchedule"})", R"({"key":"a","effect":"NoSchedule"})", true},
      {R"({"key":"a","effect":"NoSchedule"})", R"({"key":"a","effect":"NoExecute"})", false},
      // Time.
      {R"({"operator":"Exists","tolerationSeconds":300})", R"({"key":"a"})", false},
      {R"({"key":"a","tolerationSeconds":300})", R"({"key":"a","tolerationSeconds":300})", true},
      {R"({"key":"a","tolerationSeconds":299})", R"({"key":"a","tolerationSeconds":300})", false},
      {R"({"key":"a"})", R"({"key":"a","tolerationSeconds":300})", true},
      // Comparisons, which the API knows since 1.35, cover nothing but themselves would be proven.
      {R"({"key":"a","operator":"Gt","value":"1"})", R"({"key":"a","value":"2"})", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.one);
    CAPTURE(row.other);
    CHECK(toleration(row.one).covers(toleration(row.other)) == row.covers);
  }
}

TEST_CASE("toleration: written as the API writes it, and read back") {
  const std::string rows[] = {
      R"({"operator":"Exists"})",
      R"({"key":"a","operator":"Equal","value":"1","effect":"NoSchedule"})",
      R"({"key":"a","operator":"Exists","effect":"NoExecute","tolerationSeconds":300})"};
  for (const auto& row : rows) CHECK(toleration(row).json() == row);
}

TEST_CASE("toleration: only what nothing covers is added, at the end") {
  const std::vector<Toleration> wanted = {toleration(R"({"key":"a","operator":"Exists"})"),
                                          toleration(R"({"key":"b","value":"1"})")};
  struct Row {
    std::string spec;
    std::string patch;
  };
  const Row rows[] = {
      {"{}", R"([{"op":"add","path":"/spec/tolerations","value":[{"key":"a","operator":"Exists"},)"
             R"({"key":"b","operator":"Equal","value":"1"}]}])"},
      {R"({"tolerations":[{"key":"b","operator":"Exists"}]})",
       R"([{"op":"add","path":"/spec/tolerations/-","value":{"key":"a","operator":"Exists"}}])"},
      {R"({"tolerations":[{"operator":"Exists"}]})", "[]"},
      // One of the Pod's own that ends would be the first to tolerate the taint, and evict the Pod.
      {R"({"tolerations":[{"operator":"Exists","tolerationSeconds":5},{"key":"b","value":"1"}]})",
       R"([{"op":"add","path":"/spec/tolerations/0","value":{"key":"a","operator":"Exists"}}])"},
      {R"({"tolerations":[{"key":"b","operator":"Exists","tolerationSeconds":5}]})",
       R"([{"op":"add","path":"/spec/tolerations/0","value":{"key":"b","operator":"Equal",)"
       R"("value":"1"}},{"op":"add","path":"/spec/tolerations/-",)"
       R"("value":{"key":"a","operator":"Exists"}}])"},
      {R"({"tolerations":[{"key":"c","operator":"Exists","tolerationSeconds":5}]})",
       R"([{"op":"add","path":"/spec/tolerations/-","value":{"key":"a","operator":"Exists"}},)"
       R"({"op":"add","path":"/spec/tolerations/-","value":{"key":"b","operator":"Equal",)"
       R"("value":"1"}}])"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    const auto spec = parsed(row.spec);
    json::Patch patch;
    tolerate(spec.root(), "/spec", missing_tolerations(spec.root(), wanted), patch);
    CHECK(patch.text() == row.patch);
  }
}

TEST_CASE("toleration: only one that tolerates the same taint, and for less long, is overtaken") {
  struct Row {
    std::string wanted;
    std::string present;
    std::string path;
  };
  const Row rows[] = {
      {R"({"key":"b","value":"1"})", R"({"key":"b","value":"1","tolerationSeconds":5})", "0"},
      {R"({"key":"b","value":"1"})", R"({"key":"b","value":"2","tolerationSeconds":5})", "-"},
      {R"({"key":"b","value":"1"})", R"({"operator":"Exists","tolerationSeconds":5})", "0"},
      {R"({"key":"b","operator":"Exists"})", R"({"key":"b","value":"2","tolerationSeconds":5})",
       "0"},
      {R"({"key":"b","value":"1","effect":"NoExecute"})",
       R"({"key":"b","value":"1","effect":"NoSchedule","tolerationSeconds":5})", "-"},
      {R"({"key":"b","operator":"Exists","tolerationSeconds":9})",
       R"({"key":"b","value":"1","tolerationSeconds":8})", "0"},
      {R"({"key":"b","operator":"Exists","tolerationSeconds":9})",
       R"({"key":"b","value":"1","tolerationSeconds":9})", "-"},
      {R"({"key":"b","operator":"Exists","tolerationSeconds":9})",
       R"({"key":"b","value":"1","tolerationSeconds":10})", "-"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.wanted);
    CAPTURE(row.present);
    const auto spec = parsed(R"({"tolerations":[)" + row.present + "]}");
    json::Patch patch;
    tolerate(spec.root(), "/spec", {toleration(row.wanted)}, patch);
    CHECK(patch.text().contains(R"("path":"/spec/tolerations/)" + row.path + "\""));
  }
}

TEST_CASE("toleration: where none is wanted, those of the Pod are not even read") {
  const auto unreadable = parsed(R"({"tolerations":{}})");
  CHECK(missing_tolerations(unreadable.root(), {}).empty());
  json::Patch patch;
  CHECK_NOTHROW(tolerate(unreadable.root(), "/spec", {}, patch));
  CHECK(patch.empty());
}

}  // namespace
}  // namespace cpods::pod
