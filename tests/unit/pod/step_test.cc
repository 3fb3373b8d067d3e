#include "pod/step.h"

#include <doctest/doctest.h>

#include <functional>

#include "json/writer.h"
#include "unit/parsed.h"

namespace cpods::pod {
namespace {

StepSettings by_host_path() {
  return {.image = "confidential-pods:1",
          .evidence = "azure-vtpm",
          .device_host_path = "/dev/tpmrm0",
          .device_resource = "",
          .verifier = R"({"local":{}})",
          .resources = ""};
}

StepSettings by_resource() {
  auto settings = by_host_path();
  settings.device_host_path = "";
  settings.device_resource = "example.com/tpm";
  return settings;
}

// The same JSON without its white space.
std::string one_line(const std::string& text) {
  return json::to_text(parsed(text).root());
}

// The spec after one injection.
json::Document injected(const Step& step, const json::Document& spec) {
  json::Patch patch;
  step.inject(spec.root(), "", patch);
  auto after = json::apply(spec.root(), patch.text());
  if (!after) FAIL("patch does not apply: " << patch.text());
  return std::move(*after);
}

json::Document with_step(const Step& step) {
  return injected(step, parsed(R"({"containers":[{"name":"app"}]})"));
}

json::Document changed(const json::Document& spec, const std::string& patch) {
  auto after = json::apply(spec.root(), "[" + patch + "]");
  if (!after) FAIL("the test's own patch: " << after.error().text());
  return std::move(*after);
}

// "missing: …; spec.path and spec.path …", or "" for an intact step.
std::string flaw_of(const Step& step, json::Node spec) {
  std::string out;
  for (const auto& flaw : step.find_flaws(spec)) {
    std::string places;
    for (const auto at : flaw.at) places += (places.empty() ? "" : " and ") + at.field_path();
    out += (out.empty() ? "" : "; ") + (places.empty() ? "missing:" : places) + " " + flaw.what;
  }
  return out;
}

TEST_CASE("step: with a device by host path it is privileged and nothing else is") {
  const auto step = Step::render(by_host_path());
  CHECK(json::to_text(with_step(step).root()) == one_line(R"({
  "containers": [
    {
      "name": "app"
    }
  ],
  "initContainers": [
    {
      "name": "confidential-pods-attest",
      "image": "confidential-pods:1",
      "command": [
        "/usr/local/bin/confidential-pods-attest"
      ],
      "args": [
        "run",
        "--attestation",
        "{\"evidence\":\"azure-vtpm\",\"device\":\"/dev/tpmrm0\",\"verifier\":{\"local\":{}}}",
        "--output",
        "/run/confidential-pods"
      ],
      "resources": {
        "limits": {
          "cpu": "100m",
          "memory": "64Mi"
        },
        "requests": {
          "cpu": "100m",
          "memory": "64Mi"
        }
      },
      "volumeMounts": [
        {
          "name": "confidential-pods-output",
          "mountPath": "/run/confidential-pods"
        },
        {
          "name": "confidential-pods-no-token",
          "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
          "readOnly": true
        },
        {
          "name": "confidential-pods-device",
          "mountPath": "/dev/tpmrm0"
        }
      ],
      "terminationMessagePath": "/dev/termination-log",
      "terminationMessagePolicy": "FallbackToLogsOnError",
      "imagePullPolicy": "IfNotPresent",
      "securityContext": {
        "privileged": true,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": false,
        "runAsUser": 0
      }
    }
  ],
  "volumes": [
    {
      "name": "confidential-pods-output",
      "emptyDir": {
        "medium": "Memory",
        "sizeLimit": "4Mi"
      }
    },
    {
      "name": "confidential-pods-no-token",
      "emptyDir": {
        "medium": "Memory",
        "sizeLimit": "1Mi"
      }
    },
    {
      "name": "confidential-pods-device",
      "hostPath": {
        "path": "/dev/tpmrm0",
        "type": "CharDevice"
      }
    }
  ]
})"));
}

TEST_CASE("step: the folder of configfs-tsm is mounted where a container has room for it") {
  auto settings = by_host_path();
  settings.evidence = "sev-snp";
  settings.device_host_path = "/sys/kernel/config/tsm/report";
  const auto step = Step::render(settings);
  CHECK(step.is_privileged());
  CHECK(step.container()["args"].at(2).text() ==
        R"({"evidence":"sev-snp","device":"/run/confidential-pods-tsm","verifier":{"local":{}}})");
  CHECK(json::to_text(step.container()["volumeMounts"].at(2)) ==
        R"({"name":"confidential-pods-device","mountPath":"/run/confidential-pods-tsm"})");
  const auto pod = with_step(step);
  CHECK(json::to_text(pod.root()["volumes"].at(2)) ==
        R"({"name":"confidential-pods-device",)"
        R"("hostPath":{"path":"/sys/kernel/config/tsm/report","type":"Directory"}})");
  CHECK(flaw_of(step, pod.root()) == "");
  const auto other = R"({"op":"add","path":"/volumes/2/hostPath/type","value":"CharDevice"})";
  CHECK(flaw_of(step, changed(pod, other).root()) ==
        "volumes[2] is not the attestation step's volume as prescribed");
}

TEST_CASE("step: with a device by resource it fits Pod Security restricted") {
  const auto step = Step::render(by_resource());
  const auto container = step.container();
  CHECK(json::to_text(container["securityContext"]) ==
        R"({"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},)"
        R"("readOnlyRootFilesystem":true,"runAsNonRoot":true,"runAsUser":65532,)"
        R"("seccompProfile":{"type":"RuntimeDefault"}})");
  CHECK(json::to_text(container["resources"]) ==
        R"({"limits":{"cpu":"100m","memory":"64Mi","example.com/tpm":"1"},)"
        R"("requests":{"cpu":"100m","memory":"64Mi","example.com/tpm":"1"}})");
  CHECK(container["args"].at(2).text() == R"({"evidence":"azure-vtpm","verifier":{"local":{}}})");
  CHECK(container["volumeMounts"].size() == 2);
  const auto pod = with_step(step);
  CHECK(pod.root()["volumes"].size() == 2);
}

TEST_CASE("step: given resources replace the default and keep the device") {
  auto settings = by_resource();
  settings.resources = R"({"limits":{"cpu":"1","example.com/tpm":"5"},"requests":{"cpu":"1"}})";
  CHECK(json::to_text(Step::render(settings).container()["resources"]) ==
        R"({"limits":{"cpu":"1","example.com/tpm":"1"},)"
        R"("requests":{"cpu":"1","example.com/tpm":"1"}})");
}

TEST_CASE("step: what would not be JSON is never made, so that no Pod is spoilt by it") {
  for (auto settings : {by_host_path(), by_resource()}) {
    settings.resources = "{";
    CHECK_THROWS_AS((void)Step::render(settings), std::logic_error);
  }
}

TEST_CASE("step: injecting goes first, is repaired, and is done once") {
  const auto step = Step::render(by_host_path());
  const auto name = R"("name":"confidential-pods-attest")";
  const std::string rows[] = {
      R"({"containers":[]})",
      R"({"initContainers":null,"volumes":null})",
      R"({"initContainers":[],"volumes":[]})",
      R"({"initContainers":[{"name":"a"},{"name":"b"}],"volumes":[{"name":"x","emptyDir":{}}]})",
      std::string(R"({"initContainers":[{)") + name + R"(,"image":"thief"}]})",
      std::string(R"({"initContainers":[{"name":"a"},{)") + name + "},{" + name + "}]}",
      R"({"volumes":[{"name":"confidential-pods-device","hostPath":{"path":"/dev/null"}},
          {"name":"x","emptyDir":{}},{"name":"confidential-pods-output","hostPath":{"path":"/"}}]})",
      R"({"volumes":[{"name":"confidential-pods-output","hostPath":{"path":"/"}},
          {"name":"x","emptyDir":{}},{"name":"confidential-pods-device","hostPath":{"path":"/dev/null"}}]})",
  };
  for (const auto& row : rows) {
    CAPTURE(row);
    const auto before = parsed(row);
    const auto after = injected(step, before);
    CHECK(flaw_of(step, after.root()) == "");
    CHECK(after.root()["initContainers"].at(0).equals(step.container()));
    json::Patch second;
    step.inject(after.root(), "", second);
    CHECK(second.text() == "[]");
    // What is not ours stays, in its order.
    std::string others;
    for (const json::Node each : after.root()["initContainers"].elements()) {
      if (each["name"].text().size() == 1) others += each["name"].text();
    }
    CHECK((others.empty() || others == "ab" || others == "a"));
  }
}

TEST_CASE("step: an intact step behind another container is moved to the front") {
  const auto step = Step::render(by_host_path());
  const auto pod = changed(with_step(step),
                           R"({"op":"add","path":"/initContainers/0","value":{"name":"thief"}})");
  CHECK(flaw_of(step, pod.root()) == "initContainers[0] runs before the attestation step");
  json::Patch patch;
  step.inject(pod.root(), "", patch);
  CHECK(patch.text() == R"([{"op":"add","path":"/initContainers","value":[)" +
                            json::to_text(step.container()) + R"(,{"name":"thief"}]}])");
  CHECK(flaw_of(step, injected(step, pod).root()) == "");
}

TEST_CASE("step: only what is wrong is mended") {
  const auto step = Step::render(by_host_path());
  const auto mended = [&](const std::string& edit) {
    const auto pod = changed(with_step(step), edit);
    json::Patch patch;
    step.inject(pod.root(), "", patch);
    CHECK(flaw_of(step, injected(step, pod).root()) == "");
    return patch.text();
  };
  CHECK(
      mended(R"({"op":"remove","path":"/volumes/1"})") ==
      R"([{"op":"add","path":"/volumes/-","value":{"name":"confidential-pods-no-token","emptyDir":)"
      R"({"medium":"Memory","sizeLimit":"1Mi"}}}])");
  CHECK(mended(R"({"op":"add","path":"/initContainers/-",
                   "value":{"name":"confidential-pods-attest","image":"second"}})") ==
        R"([{"op":"add","path":"/initContainers","value":[)" + json::to_text(step.container()) +
            "]}]");
}

TEST_CASE("step: every field of the container counts, and every field that could be added") {
  const auto step = Step::render(by_host_path());
  const auto pod = with_step(step);
  const std::string altered = "initContainers[0] is not the attestation step as prescribed";
  const auto at = [](const std::string& field) {
    return R"("path":"/initContainers/0/)" + field + "\"";
  };
  int compared = 0;
  for (const auto [key, value] : step.container().members()) {
    if (key == "name" || key == "resources" || key == "imagePullPolicy") continue;
    CAPTURE(key);
    ++compared;
    const std::string field(key);
    CHECK(flaw_of(step, changed(pod, R"({"op":"remove",)" + at(field) + "}").root()) == altered);
    CHECK(flaw_of(step, changed(pod, R"({"op":"add",)" + at(field) + R"(,"value":"x"})").root()) ==
          altered);
  }
  CHECK(compared == 7);
  const std::string edits[] = {
      R"({"op":"add",)" + at("image") + R"(,"value":"confidential-pods:2"})",
      R"({"op":"add",)" + at("command/0") + R"(,"value":"/bin/true"})",
      R"({"op":"add",)" + at("args/-") + R"(,"value":"--help"})",
      R"({"op":"remove",)" + at("volumeMounts/1") + "}",
      R"({"op":"add",)" + at("volumeMounts/1/readOnly") + R"(,"value":false})",
      R"({"op":"add",)" + at("volumeMounts/0/subPath") + R"(,"value":"x"})",
      R"({"op":"add",)" + at("volumeMounts/-") + R"(,"value":{"name":"t","mountPath":"/t"}})",
      R"({"op":"add",)" + at("securityContext/runAsUser") + R"(,"value":1})",
      R"({"op":"add",)" + at("env") + R"(,"value":[{"name":"LD_PRELOAD","value":"/x"}]})",
      R"({"op":"add",)" + at("envFrom") + R"(,"value":[]})",
      R"({"op":"add",)" + at("restartPolicy") + R"(,"value":"Always"})",
      R"({"op":"add",)" + at("workingDir") + R"(,"value":"/x"})",
      R"({"op":"add",)" + at("lifecycle") + R"(,"value":{}})",
      R"({"op":"add",)" + at("stdin") + R"(,"value":true})",
      R"({"op":"add",)" + at("volumeDevices") + R"(,"value":null})",
  };
  for (const auto& edit : edits) {
    CAPTURE(edit);
    CHECK(flaw_of(step, changed(pod, edit).root()) == altered);
  }
}

TEST_CASE("step: what the API server defaults and limits fill in is no flaw") {
  const auto step = Step::render(by_host_path());
  const auto pod = with_step(step);
  const std::string edits[] = {
      R"({"op":"add","path":"/initContainers/0/imagePullPolicy","value":"Always"})",
      R"({"op":"remove","path":"/initContainers/0/imagePullPolicy"})",
      R"({"op":"add","path":"/initContainers/0/resources/limits/cpu","value":"2"})",
      R"({"op":"remove","path":"/initContainers/0/resources"})",
  };
  for (const auto& edit : edits) {
    CAPTURE(edit);
    CHECK(flaw_of(step, changed(pod, edit).root()) == "");
  }
}

TEST_CASE("step: the name is reserved, the volumes are the step's own") {
  const auto step = Step::render(by_host_path());
  const auto pod = with_step(step);
  const auto named = R"({"name":"confidential-pods-attest"})";
  struct Row {
    std::string edit;
    std::string flaw;
  };
  const Row rows[] = {
      {std::string(R"({"op":"add","path":"/containers/-","value":)") + named + "}",
       "containers[1] has the name that is reserved for the attestation step"},
      {std::string(R"({"op":"add","path":"/ephemeralContainers","value":[)") + named + "]}",
       "ephemeralContainers[0] has the name that is reserved for the attestation step"},
      {std::string(R"({"op":"add","path":"/initContainers/-","value":)") + named + "}",
       "initContainers[1] is a second attestation step"},
      {R"({"op":"remove","path":"/initContainers"})", "missing: has no attestation step"},
      {R"({"op":"remove","path":"/volumes/0"})",
       R"(missing: lacks the attestation step's volume "confidential-pods-output")"},
      {R"({"op":"add","path":"/volumes/0/emptyDir","value":{}})",
       "volumes[0] is not the attestation step's volume as prescribed"},
      {R"({"op":"add","path":"/volumes/0/hostPath","value":{"path":"/"}})",
       "volumes[0] is not the attestation step's volume as prescribed"},
      {R"({"op":"add","path":"/volumes/2/hostPath/path","value":"/dev/zero"})",
       "volumes[2] is not the attestation step's volume as prescribed"},
      {R"({"op":"add","path":"/volumes/0/name","value":"confidential-pods-device"},
          {"op":"add","path":"/volumes/2/name","value":"confidential-pods-output"})",
       "volumes[2] and volumes[0] is not the attestation step's volume as prescribed"},
      {R"({"op":"add","path":"/volumes/0","value":{"name":"other","emptyDir":{}}})", ""},
      {R"({"op":"add","path":"/initContainers/-","value":{"name":"other"}})", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.edit);
    CHECK(flaw_of(step, changed(pod, row.edit).root()) == row.flaw);
  }
}

TEST_CASE("step: a flaw hides no other") {
  const auto step = Step::render(by_host_path());
  const auto pod = with_step(step);
  const auto named = R"({"name":"confidential-pods-attest"})";
  const auto edits =
      std::string(R"({"op":"add","path":"/initContainers/0/image","value":"evil"},)") +
      R"({"op":"add","path":"/initContainers/0","value":{"name":"thief"}},)" +
      R"({"op":"add","path":"/initContainers/0","value":{"name":"second thief"}},)" +
      R"({"op":"add","path":"/initContainers/-","value":)" + named + "}," +
      R"({"op":"add","path":"/containers/-","value":)" + named + "}," +
      R"({"op":"add","path":"/volumes/0/emptyDir","value":{}},)" +
      R"({"op":"add","path":"/volumes/2/hostPath/path","value":"/dev/zero"},)" +
      R"({"op":"remove","path":"/volumes/1"})";
  CHECK(flaw_of(step, changed(pod, edits).root()) ==
        "containers[1] has the name that is reserved for the attestation step; "
        "initContainers[2] is not the attestation step as prescribed; "
        "initContainers[0] and initContainers[1] runs before the attestation step; "
        "initContainers[3] is a second attestation step; "
        R"(missing: lacks the attestation step's volume "confidential-pods-no-token"; )"
        "volumes[0] and volumes[1] is not the attestation step's volume as prescribed");
  // A Pod that never had the step is not told of each of its volumes.
  CHECK(flaw_of(step, parsed("{}").root()) == "missing: has no attestation step");
}

TEST_CASE("step: others may read what it has written, and reach into nothing else of it") {
  const auto step = Step::render(by_host_path());
  const auto pod = with_step(step);
  const auto mounting = [&](const std::string& mount) {
    return flaw_of(
        step,
        changed(pod, R"({"op":"add","path":"/containers/0/volumeMounts","value":[)" + mount + "]}")
            .root());
  };
  const auto flaw =
      "containers[0] reaches into a volume of the attestation step, whose output others may mount, "
      "with "
      "readOnly: true";
  CHECK(mounting(R"({"name":"confidential-pods-output","mountPath":"/e","readOnly":true})") == "");
  CHECK(mounting(R"({"name":"confidential-pods-output","mountPath":"/e"})") == flaw);
  CHECK(mounting(R"({"name":"confidential-pods-output","mountPath":"/e","readOnly":false})") ==
        flaw);
  CHECK(mounting(R"({"name":"confidential-pods-device","mountPath":"/d","readOnly":true})") ==
        flaw);
  CHECK(mounting(R"({"name":"mine","mountPath":"/run/mine"})") == "");
}

TEST_CASE("step: two pools prescribe two steps") {
  const auto one = Step::render(by_host_path());
  const auto other = Step::render(by_resource());
  CHECK(flaw_of(other, with_step(one).root()) ==
        "initContainers[0] is not the attestation step as prescribed");
}

TEST_CASE(
    "step: where AlwaysPullImages has set every policy, the step that is put back has it, too") {
  const auto step = Step::render(by_host_path());
  const auto policy_of = [&](const std::string& spec) {
    const auto after = injected(step, parsed(spec));
    CHECK(flaw_of(step, after.root()) == "");
    return std::string(after.root()["initContainers"].at(0)["imagePullPolicy"].text());
  };
  CHECK(policy_of(R"({"containers":[{"name":"a","imagePullPolicy":"Always"}],
                      "initContainers":[{"name":"b","imagePullPolicy":"Always"}]})") == "Always");
  CHECK(policy_of(R"({"containers":[{"name":"a","imagePullPolicy":"Always"}],
                      "initContainers":[{"name":"b","imagePullPolicy":"Never"}]})") ==
        "IfNotPresent");
  CHECK(policy_of(R"({"containers":[{"name":"a","imagePullPolicy":"Always"}],
                      "initContainers":[{"name":"confidential-pods-attest",
                                         "imagePullPolicy":"IfNotPresent"}]})") == "Always");
  CHECK(policy_of(R"({"containers":[]})") == "IfNotPresent");
}

}  // namespace
}  // namespace cpods::pod
