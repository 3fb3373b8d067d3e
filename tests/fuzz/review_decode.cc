// Bytes as the network brings them, through everything that answers them.

#include <cstdint>

#include "fuzz/scene.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cpods;
  const auto review = json::Document::parse(std::string(reinterpret_cast<const char*>(data), size));
  if (!review) return 0;
  const auto request = admission::decode(*review);
  if (!request) {
    fuzz::must(!request.error().message.empty(), "what cannot be decoded says why");
    return 0;
  }
  for (const auto door : {admission::Door::Place, admission::Door::Guard}) {
    const auto verdict = fuzz::decide(door, *request);
    if (verdict.patch.empty()) continue;
    fuzz::must(json::apply(request->object, verdict.patch.text()).has_value(), "the patch applies",
               verdict.patch.text());
  }
  return 0;
}
