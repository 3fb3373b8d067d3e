// What the step is made of, and why.
//
// - Its argument carries the pool's whole attestation setting, so that the node needs no other
//   configuration and the guard can compare it as content.
// - An empty volume lies over the service-account folder: the ServiceAccount admission plugin
//   leaves a container alone that mounts something there, so the step never holds an API token.
// - Requests equal limits, so that a Pod of QoS class Guaranteed stays one.
// - A device by resource lets it run under Pod Security "restricted"; a device by hostPath needs a
//   privileged container, because the device cgroup refuses it otherwise. The folder of
//   configfs-tsm comes to it the same way, because entries there are root's to make.

#include "pod/step.h"

#include <algorithm>
#include <array>

#include "json/writer.h"
#include "pod/containers.h"
#include "pod/names.h"

namespace cpods::pod {
namespace {

constexpr std::string_view kDefaultResources =
    R"({"limits":{"cpu":"100m","memory":"64Mi"},"requests":{"cpu":"100m","memory":"64Mi"}})";

// LimitRanger and AlwaysPullImages change these after us, and neither weakens the step.
constexpr std::array<std::string_view, 2> kNotCompared = {"resources", "imagePullPolicy"};

json::Document parse_own(const std::string& text) {
  auto document = json::Document::parse(text);
  if (!document)
    throw std::logic_error("the attestation step is not JSON: " + document.error().text());
  return std::move(*document);
}

// How the device of a pool that names it by hostPath becomes the step's.
struct HostDevice {
  std::string_view path;  // in the step
  std::string_view type;  // core/v1 HostPathType
};

HostDevice host_device(const StepSettings& settings) {
  if (settings.device_host_path == names::kTsmFolder) return {names::kTsmMount, "Directory"};
  return {settings.device_host_path, "CharDevice"};
}

std::string attestation_argument(const StepSettings& settings) {
  json::Writer out;
  out.object().field("evidence", settings.evidence);
  if (!settings.device_host_path.empty()) out.field("device", host_device(settings).path);
  return out.key("verifier").raw(settings.verifier).end().take();
}

std::string resources_text(const StepSettings& settings) {
  const std::string given =
      settings.resources.empty() ? std::string(kDefaultResources) : settings.resources;
  if (settings.device_resource.empty()) return given;
  const auto parsed = parse_own(given);
  json::Writer out;
  out.object();
  for (const std::string_view part : {"limits", "requests"}) {
    out.key(part).object();
    for (const auto [name, quantity] : parsed.root()[part].members()) {
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

std::string container_text(const StepSettings& settings, std::string_view pull_policy) {
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
  if (by_host_path) write_mount(out, names::kDeviceVolume, host_device(settings).path);
  out.end().field("terminationMessagePath", "/dev/termination-log");
  out.field("terminationMessagePolicy", "FallbackToLogsOnError");
  out.field("imagePullPolicy", pull_policy);
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
    out.field("path", settings.device_host_path).field("type", host_device(settings).type);
    volumes.push_back(out.end().end().take());
  }
  return volumes;
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

using Nodes = std::vector<json::Node>;

void report(std::vector<Step::Flaw>& flaws, std::string_view what, Nodes at) {
  if (!at.empty()) flaws.push_back({std::string(what), std::move(at)});
}

bool is_named_step(json::Node container) {
  return container["name"].text() == names::kStep;
}

void check_reserved_name(json::Node spec, std::vector<Step::Flaw>& flaws) {
  Nodes named;
  for (const std::string_view list : {"containers", "ephemeralContainers"}) {
    for (const json::Node each : spec[list].elements()) {
      if (is_named_step(each)) named.push_back(each);
    }
  }
  report(flaws, "has the name that is reserved for the attestation step", std::move(named));
}

bool has_another_step(json::Node list) {
  std::size_t named = 0;
  for (const json::Node each : list.elements()) named += is_named_step(each) ? 1 : 0;
  return named > 1;
}

bool is_step_volume(std::string_view name) {
  return name == names::kOutputVolume || name == names::kNoTokenVolume ||
         name == names::kDeviceVolume;
}

// What the step has written may be read by the others, and nothing else: whoever may write there
// forges it. The device is the step's alone.
bool reaches_into_step(json::Node container) {
  for (const json::Node mount : container["volumeMounts"].elements()) {
    const auto name = mount["name"].text();
    const bool only_reads = mount["readOnly"].flag() && name != names::kDeviceVolume;
    if (is_step_volume(name) && !only_reads) return true;
  }
  return false;
}

void check_intruders(json::Node spec, std::vector<Step::Flaw>& flaws) {
  Nodes intruders;
  for_each_container(spec, [&](json::Node container) {
    if (!is_named_step(container) && reaches_into_step(container)) intruders.push_back(container);
  });
  report(flaws,
         "reaches into a volume of the attestation step, whose output others may mount, with "
         "readOnly: true",
         intruders);
}

// The list without containers of the step's name, behind the step.
std::string with_step_first(json::Node list, std::string_view step) {
  json::Writer whole;
  whole.array().raw(step);
  for (const json::Node each : list.elements()) {
    if (!is_named_step(each)) whole.node(each);
  }
  return whole.end().take();
}

// Every other container that is there from the start.
bool pulls_always(json::Node spec) {
  std::size_t others = 0;
  std::size_t always = 0;
  for (const auto list : {"containers", "initContainers"}) {
    for (const json::Node each : spec[list].elements()) {
      if (is_named_step(each)) continue;
      ++others;
      always += each["imagePullPolicy"].text() == "Always" ? 1 : 0;
    }
  }
  return others > 0 && always == others;
}

}  // namespace

Step::Step(std::string container, std::string pulled_always, std::vector<std::string> volumes)
    : container_text_(std::move(container)),
      pulled_always_text_(std::move(pulled_always)),
      volume_texts_(std::move(volumes)),
      container_(parse_own(container_text_)) {
  for (const auto& text : volume_texts_) volumes_.push_back(parse_own(text));
}

Step Step::render(const StepSettings& settings) {
  return {container_text(settings, "IfNotPresent"), container_text(settings, "Always"),
          volume_texts(settings)};
}

std::vector<Step::Flaw> Step::find_flaws(json::Node spec) const {
  std::vector<Flaw> flaws;
  check_reserved_name(spec, flaws);
  const auto list = spec["initContainers"];
  const auto place = index_of(list, names::kStep);
  if (place) {
    check_list(list, *place, flaws);
  } else {
    flaws.push_back({"has no attestation step", {}});
  }
  check_volumes(spec["volumes"], place.has_value(), flaws);
  check_intruders(spec, flaws);
  return flaws;
}

// `place` is the index of the first container of the step's name.
void Step::check_list(json::Node list, std::size_t place, std::vector<Flaw>& flaws) const {
  Nodes before;
  Nodes after;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i < place) before.push_back(list.at(i));
    if (i > place && is_named_step(list.at(i))) after.push_back(list.at(i));
  }
  if (!same_content(list.at(place), container())) {
    report(flaws, "is not the attestation step as prescribed", {list.at(place)});
  }
  report(flaws, "runs before the attestation step", std::move(before));
  report(flaws, "is a second attestation step", std::move(after));
}

// Without the step, that its volumes are missing goes without saying.
void Step::check_volumes(json::Node list, bool has_step, std::vector<Flaw>& flaws) const {
  Nodes altered;
  for (const auto& volume : volumes_) {
    const auto name = volume.root()["name"].text();
    const auto actual = find_named(list, name);
    if (actual && !actual.equals(volume.root())) altered.push_back(actual);
    if (!actual && has_step) {
      flaws.push_back({"lacks the attestation step's volume \"" + std::string(name) + "\"", {}});
    }
  }
  report(flaws, "is not the attestation step's volume as prescribed", std::move(altered));
}

void Step::inject(json::Node spec, std::string_view spec_path, json::Patch& patch) const {
  const std::string path(spec_path);
  inject_container(spec, path, patch);
  inject_volumes(spec, path, patch);
}

// AlwaysPullImages refuses a Pod in which it did not come to set the policy, as when the step is
// put back after a later webhook took it out.
const std::string& Step::container_text_for(json::Node spec) const {
  return pulls_always(spec) ? pulled_always_text_ : container_text_;
}

void Step::inject_container(json::Node spec, const std::string& path, json::Patch& patch) const {
  const auto list = spec["initContainers"];
  if (!find_named(list, names::kStep)) {
    patch.prepend(spec, path, "initContainers", container_text_for(spec));
  } else if (!same_content(list.at(0), container()) || has_another_step(list)) {
    patch.add(path + "/initContainers", with_step_first(list, container_text_for(spec)));
  }
}

void Step::inject_volumes(json::Node spec, const std::string& path, json::Patch& patch) const {
  const auto list = spec["volumes"];
  std::vector<std::string> missing;
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    const auto at = index_of(list, volumes_[i].root()["name"].text());
    if (at && list.at(*at).equals(volumes_[i].root())) continue;
    if (at) wrong.push_back(*at);
    missing.push_back(volume_texts_[i]);
  }
  std::ranges::sort(wrong, std::greater<>());
  for (const auto at : wrong) patch.remove(path + "/volumes/" + std::to_string(at));
  patch.append(spec, path, "volumes", missing);
}

}  // namespace cpods::pod
