// A policy file: either every promise of a Snapshot, or positions and sentences.

#include <cstdint>

#include "fuzz/scene.h"

namespace {

using namespace cpods;

void check_diagnostics(const policy::Loaded& loaded) {
  bool broken = false;
  for (const auto& diagnostic : loaded.diagnostics) {
    broken |= diagnostic.severity == policy::Severity::Error;
    if (diagnostic.position.file.empty()) continue;  // about the set as a whole
    fuzz::must(diagnostic.position.file == "fuzz.yaml" && diagnostic.position.line > 0 &&
                   diagnostic.position.column > 0,
               "every diagnostic has its place", diagnostic.text());
    fuzz::must(!diagnostic.message.empty(), "every diagnostic says something");
  }
  fuzz::must(broken == (loaded.snapshot == nullptr), "an error, or a snapshot");
}

// Whatever was accepted can decide about a Pod.
void check_snapshot(const policy::Snapshot& snapshot) {
  const auto pod = json::Document::parse(
      R"({"metadata":{"name":"w","labels":{"a":"b"}},"spec":{"volumes":[{"secret":{"secretName":"db"}}]}})");
  admission::Request request;
  request.uid = "u";
  request.operation = "CREATE";
  request.kind = "Pod";
  request.resource.name = "pods";
  request.namespace_name = "payments";
  request.object = pod->root();
  for (const auto door : {admission::Door::Place, admission::Door::Guard}) {
    const auto verdict = admission::decide(door, request, snapshot, fuzz::AllNamespaces());
    fuzz::must(verdict.reason != admission::Reason::Internal, "no internal error", verdict.message);
    fuzz::must(json::apply(pod->root(), verdict.patch.text()).has_value(), "the patch applies",
               verdict.patch.text());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const policy::SourceFile file{"fuzz.yaml",
                                std::string(reinterpret_cast<const char*>(data), size)};
  const auto loaded = policy::load({file}, {.step_image = "confidential-pods:1"});
  check_diagnostics(loaded);
  if (loaded.snapshot) check_snapshot(*loaded.snapshot);
  return 0;
}
