// What the step is made of, and why.
//
// - Its argument carries the pool's whole attestation setting, so that the node needs no other
//   configuration and the guard can compare it as content.
// - An empty volume lies over the service-account folder: the ServiceAccount admission plugin
// leaves
//   a container alone that mounts something there, so the step never holds an API token.
// - Requests equal limits, so that a Pod of QoS class Guaranteed stays one.
// - A device by resource lets it run under Pod Security "restricted"; a device by hostPath needs a
//   privileged container, because the device cgroup refuses it otherwise.

#include "pod/step.h"

#include <algorithm>
#include <array>

#include "json/writer.h"
#include "pod/names.h"

namespace cpods::pod {
namespace {

constexpr std::string_view kDefaultResources =
    R"({"limits":{"cpu":"100m","memory":"64Mi"},"requests":{"cpu":"100m","memory":"64Mi"}})";

// LimitRanger and AlwaysPullImages change these after us, and neither weakens the step.
constexpr std::array<std::string_view, 2> kNotCompared = {"resources", "imagePullPolicy"};

std::string attestation_argument(const StepSettings& settings) {
  json::Writer out;
  out.object().field("evidence", settings.evidence);
  if (!settings.device_host_path.empty()) out.field("device", settings.device_host_path);
  return out.key("verifier").raw(settings.verifier).end().take();
}

std::string resources_text(const StepSettings& settings) {
  const std::string given =
      settings.resources.empty() ? std::string(kDefaultResources) : settings.resources;
  if (settings.device_resource.empty()) return given;
  auto parsed = json::Document::parse(given);
  if (!parsed) return given;  // the loader has validated it; the API server would refuse it
  json::Writer out;
  out.object();
  for (const std::string_view part : {"limits", "requests"}) {
    out.key(part).object();
    for (const auto [name, quantity] : parsed->root()[part].members()) {
      if (name != settings.device_resource) out.key(name).node(quantity);
    }
    out.field(settings.device_resource, "1").end();
  }
  return out.end().take();
}

void write_security_context(json::Writer& out, bool privileged) {
  out.key("securityContext").object();
  if (privileged) {
    out.key("privileged").flag(true).key("readOnlyRootFilesystem").flag(true);
    out.key("runAsNonRoot").flag(false).key("runAsUser").number(0);
  } else {
    out.key("allowPrivilegeEscalation").flag(false);
    out.key("capabilities").object().key("drop").array().text("ALL").end().end();
    out.key("readOnlyRootFilesystem").flag(true);
    out.key("runAsNonRoot").flag(true).key("runAsUser").number(65532);
    out.key("seccompProfile").object().field("type", "RuntimeDefault").end();
  }
  out.end();
}

void write_mount(json::Writer& out, std::string_view volume, std::string_view path,
                 bool read_only = false) {
  out.object().field("name", volume).field("mountPath", path);
  if (read_only) out.key("readOnly").flag(true);
  out.end();
}

std::string container_text(const StepSettings& settings) {
  const bool by_host_path = !settings.device_host_path.empty();
  json::Writer out;
  out.object().field("name", names::kStep).field("image", settings.image);
  out.key("command").array().text(names::kStepProgram).end();
  out.key("args").array().text("run").text("--attestation").text(attestation_argument(settings));
  out.text("--output").text(names::kOutputFolder).end();
  out.key("resources").raw(resources_text(settings));
  out.key("volumeMounts").array();
  write_mount(out, names::kOutputVolume, names::kOutputFolder);
  write_mount(out, names::kNoTokenVolume, names::kTokenFolder, true);
  if (by_host_path) write_mount(out, names::kDeviceVolume, settings.device_host_path);
  out.end().field("terminationMessagePath", "/dev/termination-log");
  out.field("terminationMessagePolicy", "FallbackToLogsOnError");
  out.field("imagePullPolicy", "IfNotPresent");
  write_security_context(out, by_host_path);
  return out.end().take();
}

std::string memory_volume(std::string_view name, std::string_view size) {
  json::Writer out;
  out.object().field("name", name).key("emptyDir").object();
  return out.field("medium", "Memory").field("sizeLimit", size).end().end().take();
}

std::vector<std::string> volume_texts(const StepSettings& settings) {
  std::vector<std::string> volumes = {memory_volume(names::kOutputVolume, "4Mi"),
                                      memory_volume(names::kNoTokenVolume, "1Mi")};
  if (!settings.device_host_path.empty()) {
    json::Writer out;
    out.object().field("name", names::kDeviceVolume).key("hostPath").object();
    out.field("path", settings.device_host_path).field("type", "CharDevice");
    volumes.push_back(out.end().end().take());
  }
  return volumes;
}

json::Document parse_own(const std::string& text) {
  auto document = json::Document::parse(text);
  if (!document)
    throw std::logic_error("the attestation step is not JSON: " + document.error().text());
  return std::move(*document);
}

bool same_content(json::Node actual, json::Node prescribed) {
  std::size_t compared = 0;
  for (const auto [key, value] : actual.members()) {
    if (std::ranges::find(kNotCompared, key) != kNotCompared.end()) continue;
    if (!prescribed[key].equals(value)) return false;
    ++compared;
  }
  return compared == prescribed.size() - kNotCompared.size();
}

std::optional<std::size_t> index_of(json::Node list, std::string_view name) {
  std::size_t index = 0;
  for (const json::Node each : list.elements()) {
    if (each["name"].text() == name) return index;
    ++index;
  }
  return std::nullopt;
}

json::Node find_named(json::Node list, std::string_view name) {
  const auto index = index_of(list, name);
  return index ? list.at(*index) : json::Node();
}

}  // namespace

Step::Step(StepSettings settings, std::string container, std::vector<std::string> volumes)
    : settings_(std::move(settings)),
      container_text_(std::move(container)),
      volume_texts_(std::move(volumes)),
      container_(parse_own(container_text_)) {
  for (const auto& text : volume_texts_) volumes_.push_back(parse_own(text));
}

Step Step::render(const StepSettings& settings) {
  return {settings, container_text(settings), volume_texts(settings)};
}

std::optional<Step::Flaw> Step::find_flaw(json::Node spec) const {
  for (const std::string_view list : {"containers", "ephemeralContainers"}) {
    if (const auto named = find_named(spec[list], names::kStep)) {
      return Flaw{false, named, "has the name that is reserved for the attestation step"};
    }
  }
  const auto list = spec["initContainers"];
  const auto step = find_named(list, names::kStep);
  if (!step) return Flaw{true, {}, "has no attestation step"};
  if (!same_content(step, container())) {
    return Flaw{false, step, "is not the attestation step as prescribed"};
  }
  if (!step.is(list.at(0))) {
    return Flaw{false, list.at(0), "runs before the attestation step"};
  }
  for (std::size_t later = 1; later < list.size(); ++later) {
    if (list.at(later)["name"].text() == names::kStep) {
      return Flaw{false, list.at(later), "is a second attestation step"};
    }
  }
  for (const auto& volume : volumes_) {
    const auto name = volume.root()["name"].text();
    const auto actual = find_named(spec["volumes"], name);
    if (!actual) {
      return Flaw{true, {}, "lacks the attestation step's volume \"" + std::string(name) + "\""};
    }
    if (!actual.equals(volume.root())) {
      return Flaw{false, actual, "is not the attestation step's volume as prescribed"};
    }
  }
  return std::nullopt;
}

void Step::inject(json::Node spec, std::string_view spec_path, json::Patch& patch) const {
  if (!find_flaw(spec)) return;
  const std::string path(spec_path);
  const auto containers = spec["initContainers"];
  const bool in_place = containers.size() > 0 && containers.at(0)["name"].text() == names::kStep &&
                        same_content(containers.at(0), container());
  for (std::size_t i = containers.size(); i-- > (in_place ? 1U : 0U);) {
    if (containers.at(i)["name"].text() == names::kStep) {
      patch.remove(path + "/initContainers/" + std::to_string(i));
    }
  }
  if (!in_place) patch.prepend(spec, path, "initContainers", container_text_);

  std::vector<std::string> missing;
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    const auto at = index_of(spec["volumes"], volumes_[i].root()["name"].text());
    if (at && spec["volumes"].at(*at).equals(volumes_[i].root())) continue;
    if (at) wrong.push_back(*at);
    missing.push_back(volume_texts_[i]);
  }
  std::ranges::sort(wrong, std::greater<>());
  for (const auto at : wrong) patch.remove(path + "/volumes/" + std::to_string(at));
  patch.append(spec, path, "volumes", missing);
}

}  // namespace cpods::pod
