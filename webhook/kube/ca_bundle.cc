#include "kube/ca_bundle.h"

#include "base/bytes.h"
#include "json/writer.h"

namespace cpods::kube {
namespace {

void write_operation(json::Writer& patch, std::string_view op, std::string_view path,
                     std::string_view value) {
  patch.object().field("op", op).field("path", path).field("value", value).end();
}

}  // namespace

std::optional<std::string> ca_bundle_patch(json::Node configuration, std::string_view bundle) {
  const std::string encoded = base64_encode(as_bytes(bundle));
  bool differs = false;
  json::Writer patch;
  patch.array();
  write_operation(patch, "test", "/metadata/resourceVersion",
                  configuration["metadata"]["resourceVersion"].text());
  for (std::size_t i = 0; i < configuration["webhooks"].size(); ++i) {
    const json::Node entry = configuration["webhooks"].at(i);
    if (entry["clientConfig"]["caBundle"].text() == encoded) continue;
    differs = true;
    const std::string path = "/webhooks/" + std::to_string(i);
    write_operation(patch, "add", path + "/clientConfig/caBundle", encoded);
  }
  patch.end();
  return differs ? std::optional(patch.take()) : std::nullopt;
}

}  // namespace cpods::kube
