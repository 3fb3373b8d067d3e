// A JSON text and a patch, separated by a line that holds ---.

#include <cstdint>

#include "base/error.h"
#include "fuzz/scene.h"
#include "json/patch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cpods;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto cut = input.find("\n---\n");
  if (cut == std::string::npos) return 0;
  const auto target = json::Document::parse(input.substr(0, cut));
  if (!target) return 0;
  const auto before = json::to_text(target->root());
  const auto after = json::apply(target->root(), input.substr(cut + 5));
  fuzz::must(json::to_text(target->root()) == before, "the target stays as it is", before);
  if (!after) {
    fuzz::must(!after.error().message.empty(), "what cannot be applied says why");
    return 0;
  }
  const auto text = json::to_text(after->root());
  const auto again = json::apply(after->root(), "[]");
  fuzz::must(again && json::to_text(again->root()) == text, "an empty patch changes nothing", text);
  fuzz::must(json::to_text(json::apply(target->root(), input.substr(cut + 5))->root()) == text,
             "the same patch does the same", text);
  return 0;
}
