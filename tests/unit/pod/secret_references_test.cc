#include "pod/secret_references.h"

#include <doctest/doctest.h>

#include "base/limits.h"

#include "unit/parsed.h"

namespace cpods::pod {
namespace {

// "Secret db at spec.volumes[0], …" of a whole Pod, without the service account that every Pod has.
std::string references_of(const std::string& spec) {
  const auto pod = parsed(R"({"spec":)" + spec + "}");
  std::string out;
  for (const auto& reference : secret_references(pod.root()["spec"])) {
    if (reference.kind == ReferenceKind::ServiceAccount && reference.name == "default") continue;
    out += (out.empty() ? "" : ", ") + std::string(name_of(reference.kind)) + " " +
           std::string(reference.name) + " at " + reference.at.field_path();
  }
  return out;
}

std::string in_list(const std::string& list, const std::string& container) {
  return "{\"" + list + "\":[{\"name\":\"first\"}," + container + "]}";
}

std::string in_volume(const std::string& volume) {
  return R"({"volumes":[{"name":"first","emptyDir":{}},{"name":"v",)" + volume + "}]}";
}

TEST_CASE("secret references: environments of all three container lists") {
  for (const std::string list : {"containers", "initContainers", "ephemeralContainers"}) {
    CAPTURE(list);
    const auto at = " at spec." + list + "[1].";
    CHECK(references_of(in_list(list, R"({"env":[{"name":"A","value":"db"},
              {"name":"B","valueFrom":{"secretKeyRef":{"name":"db","key":"k"}}}]})")) ==
          "Secret db" + at + "env[1]");
    CHECK(references_of(in_list(list, R"({"env":[{"name":"B","valueFrom":
              {"secretKeyRef":{"name":"db","key":"k","optional":true}}}]})")) ==
          "Secret db" + at + "env[0]");
    CHECK(references_of(in_list(list, R"({"envFrom":[{"configMapRef":{"name":"c"}},
              {"prefix":"P_","secretRef":{"name":"db"}}]})")) == "Secret db" + at + "envFrom[1]");
    // Sidecars are init containers that go on.
    CHECK(references_of(in_list(list, R"({"restartPolicy":"Always",
              "envFrom":[{"secretRef":{"name":"db","optional":true}}]})")) ==
          "Secret db" + at + "envFrom[0]");
  }
}

TEST_CASE("secret references: every volume kind that names a Secret") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"secret", R"("secret":{"secretName":"db"})"},
      {"secret",
       R"("secret":{"secretName":"db","optional":true,"items":[{"key":"k","path":"p"}]})"},
      {"azureFile", R"("azureFile":{"secretName":"db","shareName":"s"})"},
      {"cephfs", R"("cephfs":{"secretRef":{"name":"db"},"monitors":[]})"},
      {"cinder", R"("cinder":{"secretRef":{"name":"db"},"volumeID":"v"})"},
      {"csi", R"("csi":{"driver":"d","nodePublishSecretRef":{"name":"db"}})"},
      {"flexVolume", R"("flexVolume":{"secretRef":{"name":"db"},"driver":"d"})"},
      {"iscsi", R"("iscsi":{"secretRef":{"name":"db"},"lun":0})"},
      {"rbd", R"("rbd":{"secretRef":{"name":"db"},"image":"i"})"},
      {"scaleIO", R"("scaleIO":{"secretRef":{"name":"db"},"gateway":"g"})"},
      {"storageos", R"("storageos":{"secretRef":{"name":"db"}})"},
  };
  for (const auto& [kind, source] : rows) {
    CAPTURE(source);
    CHECK(references_of(in_volume(std::string(source))) == "Secret db at spec.volumes[1]");
  }
  CHECK(references_of(in_volume(R"("projected":{"sources":[{"configMap":{"name":"c"}},
            {"secret":{"name":"a"}},{"secret":{"name":"b"}},{"serviceAccountToken":{"path":"t"}}]})")) ==
        "Secret a at spec.volumes[1].projected.sources[1], "
        "Secret b at spec.volumes[1].projected.sources[2]");
}

// {"a":{"b":"db"}} of a.b, without the outer braces.
std::string at_path(std::string_view path) {
  const auto dot = path.find('.');
  const auto name = "\"" + std::string(path.substr(0, dot)) + "\":";
  return dot == std::string_view::npos ? name + "\"db\""
                                       : name + "{" + at_path(path.substr(dot + 1)) + "}";
}

TEST_CASE("secret references: every path of the table is followed") {
  for (const auto path : paths::kSecretsOfVolume) {
    CAPTURE(path);
    CHECK(references_of(in_volume(at_path(path))) == "Secret db at spec.volumes[1]");
  }
  CHECK(references_of(in_volume(at_path(paths::kSecretOfDriver))) ==
        "Secret db at spec.volumes[1]");
  CHECK(references_of(in_volume(at_path(paths::kClaimOfVolume))) ==
        "PersistentVolumeClaim db at spec.volumes[1]");
  CHECK(
      references_of(in_list("containers", "{\"env\":[{" + at_path(paths::kSecretOfEnv) + "}]}")) ==
      "Secret db at spec.containers[1].env[0]");
  CHECK(references_of(
            in_list("containers", "{\"envFrom\":[{" + at_path(paths::kSecretOfEnvFrom) + "}]}")) ==
        "Secret db at spec.containers[1].envFrom[0]");
  CHECK(references_of(in_volume("\"projected\":{\"sources\":[{" +
                                at_path(paths::kSecretOfProjection) + "}]}")) ==
        "Secret db at spec.volumes[1].projected.sources[0]");
}

TEST_CASE("secret references: what reaches a Secret in a roundabout way") {
  struct Row {
    std::string spec;
    std::string references;
  };
  const Row rows[] = {
      {R"({"imagePullSecrets":[{"name":"pull"},{},{"name":"other"}]})",
       "Secret pull at spec.imagePullSecrets[0], Secret other at spec.imagePullSecrets[2]"},
      {in_volume(R"("csi":{"driver":"secrets-store.csi.k8s.io",
                    "volumeAttributes":{"secretProviderClass":"vault"}})"),
       "SecretProviderClass vault at spec.volumes[1]"},
      {in_volume(R"("csi":{"driver":"renamed","nodePublishSecretRef":{"name":"db"},
                    "volumeAttributes":{"secretProviderClass":"vault"}})"),
       "Secret db at spec.volumes[1], SecretProviderClass vault at spec.volumes[1]"},
      {in_volume(R"("csi":{"driver":"file.csi.azure.com","volumeAttributes":{"secretName":"db",
                    "shareName":"s"}})"),
       "Secret db at spec.volumes[1]"},
      {in_volume(R"("csi":{"driver":"blob.csi.azure.com","volumeAttributes":{"SECRETname":"db"}})"),
       "Secret db at spec.volumes[1]"},
      {in_volume(R"("persistentVolumeClaim":{"claimName":"data"})"),
       "PersistentVolumeClaim data at spec.volumes[1]"},
      {in_volume(R"("ephemeral":{"volumeClaimTemplate":{"spec":{"dataSource":
                    {"kind":"PersistentVolumeClaim","name":"data"}}}})"),
       "PersistentVolumeClaim data at "
       "spec.volumes[1].ephemeral.volumeClaimTemplate.spec.dataSource"},
      {in_volume(R"("ephemeral":{"volumeClaimTemplate":{"spec":{"dataSourceRef":
                    {"kind":"PersistentVolumeClaim","name":"data"}}}})"),
       "PersistentVolumeClaim data at "
       "spec.volumes[1].ephemeral.volumeClaimTemplate.spec.dataSourceRef"},
      {in_volume(R"("ephemeral":{"volumeClaimTemplate":{"spec":{"dataSourceRef":
                    {"apiGroup":"","kind":"PersistentVolumeClaim","namespace":"","name":"data"}}}})"),
       "PersistentVolumeClaim data at "
       "spec.volumes[1].ephemeral.volumeClaimTemplate.spec.dataSourceRef"},
      {R"({"serviceAccountName":"robot"})", "ServiceAccount robot at spec.serviceAccountName"},
      {R"({"serviceAccount":"robot"})", "ServiceAccount robot at spec.serviceAccount"},
      {R"({"serviceAccountName":"robot","serviceAccount":"robot"})",
       "ServiceAccount robot at spec.serviceAccountName"},
      {R"({"serviceAccountName":"a","serviceAccount":"b"})",
       "ServiceAccount a at spec.serviceAccountName, ServiceAccount b at spec.serviceAccount"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    CHECK(references_of(row.spec) == row.references);
  }
}

TEST_CASE("secret references: a Pod that names no service account uses the default one") {
  for (const std::string spec : {"{}", R"({"serviceAccountName":""})"}) {
    const auto pod = parsed(R"({"spec":)" + spec + "}");
    const auto references = secret_references(pod.root()["spec"]);
    REQUIRE(references.size() == 1);
    CHECK(references[0].kind == ReferenceKind::ServiceAccount);
    CHECK(references[0].name == "default");
  }
}

TEST_CASE("secret references: several sources in one place are all found") {
  CHECK(references_of(in_volume(R"("emptyDir":{},"secret":{"secretName":"a"},
            "azureFile":{"secretName":"b"},"rbd":{"secretRef":{"name":"c"}},
            "projected":{"sources":[{"configMap":{"name":"x"},"secret":{"name":"d"}}]},
            "csi":{"nodePublishSecretRef":{"name":"e"}},
            "persistentVolumeClaim":{"claimName":"f"})")) ==
        "Secret a at spec.volumes[1], Secret b at spec.volumes[1], Secret c at spec.volumes[1], "
        "Secret d at spec.volumes[1].projected.sources[0], Secret e at spec.volumes[1], "
        "PersistentVolumeClaim f at spec.volumes[1]");
  CHECK(references_of(R"({"containers":[{"env":[{"valueFrom":{"configMapKeyRef":{"name":"c"},
            "secretKeyRef":{"name":"a"}}}],"envFrom":[{"configMapRef":{"name":"c"},
            "secretRef":{"name":"b"}}]}]})") ==
        "Secret a at spec.containers[0].env[0], Secret b at spec.containers[0].envFrom[0]");
}

TEST_CASE("secret references: a kind that is not known counts as one") {
  struct Row {
    std::string spec;
    std::string references;
  };
  const Row rows[] = {
      {in_volume(R"("vault2030":{"secret":"db"})"),
       "unknown source vault2030 at spec.volumes[1].vault2030"},
      {in_volume(R"("emptyDir":{},"Secret":{"secretName":"db"})"),
       "unknown source Secret at spec.volumes[1].Secret"},
      {in_volume(R"("projected":{"sources":[{"vault2030":{}}]})"),
       "unknown source vault2030 at spec.volumes[1].projected.sources[0].vault2030"},
      {R"({"containers":[{"env":[{"name":"A","valueFrom":{"vault2030":{}}}]}]})",
       "unknown source vault2030 at spec.containers[0].env[0].valueFrom.vault2030"},
      {R"({"containers":[{"envFrom":[{"vault2030":{}}]}]})",
       "unknown source vault2030 at spec.containers[0].envFrom[0].vault2030"},
      {in_volume(R"("vault2030":null,"emptyDir":{})"), ""},
      {R"({"vault2030":{"secret":"db"},"containers":[{"name":"app","vault2030":{}}]})", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    CHECK(references_of(row.spec) == row.references);
  }
}

TEST_CASE("secret references: a claim template may be filled or bound from anywhere") {
  const auto in_claim = [](const std::string& fields) {
    return references_of(in_volume(R"("ephemeral":{"volumeClaimTemplate":{"metadata":{"labels":{}},
        "spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"fast","volumeMode":"Block",
        "volumeAttributesClassName":"gold","resources":{}, )" +
                                   fields + "}}}"));
  };
  const std::string at = " at spec.volumes[1].ephemeral.volumeClaimTemplate.spec.";
  const std::pair<std::string, std::string> rows[] = {
      {R"("dataSource":null,"selector":null)", ""},
      {R"("dataSource":{"apiGroup":"snapshot.storage.k8s.io","kind":"VolumeSnapshot","name":"s"})",
       "unknown source VolumeSnapshot" + at + "dataSource"},
      {R"("dataSourceRef":{"apiGroup":"example.com","kind":"Populator","name":"p"})",
       "unknown source Populator" + at + "dataSourceRef"},
      {R"("dataSourceRef":{"apiGroup":"example.com","kind":"PersistentVolumeClaim","name":"p"})",
       "unknown source PersistentVolumeClaim" + at + "dataSourceRef"},
      {R"("dataSource":{"name":"data"})", "unknown source " + at + "dataSource"},
      {R"("dataSourceRef":{"kind":"PersistentVolumeClaim","name":"data","namespace":"team-b"})",
       "unknown source claim of another namespace" + at + "dataSourceRef"},
      {R"("volumeName":"pv-7")", "unknown source volumeName" + at + "volumeName"},
      {R"("selector":{"matchLabels":{"a":"b"}})", "unknown source selector" + at + "selector"},
      {R"("vault2030":{})", "unknown source vault2030" + at + "vault2030"},
  };
  for (const auto& [fields, references] : rows) {
    CAPTURE(fields);
    CHECK(in_claim(fields) == references);
  }
}

TEST_CASE("secret references: empty and null names refer to nothing") {
  const std::string rows[] = {
      "{}",
      R"({"volumes":null,"containers":null,"imagePullSecrets":null})",
      R"({"volumes":[null],"containers":[null],"imagePullSecrets":[null]})",
      in_volume(R"("secret":null)"),
      in_volume(R"("secret":{"secretName":""})"),
      in_volume(R"("secret":{"secretName":null})"),
      R"({"containers":[{"env":null,"envFrom":[null]}]})",
      R"({"containers":[{"env":[{"name":"A","valueFrom":null},{"valueFrom":{"secretKeyRef":null}}]}]})",
  };
  for (const auto& row : rows) {
    CAPTURE(row);
    CHECK(references_of(row) == "");
  }
}

TEST_CASE("secret references: what is of the wrong type is never passed over") {
  const std::pair<std::string, std::string_view> rows[] = {
      {R"({"volumes":{}})", "/spec/volumes"},
      {R"({"volumes":["x"]})", "/spec/volumes/0"},
      {R"({"containers":"x"})", "/spec/containers"},
      {R"({"containers":[[]]})", "/spec/containers/0"},
      {R"({"containers":[{"env":{}}]})", "/spec/containers/0/env"},
      {R"({"containers":[{"envFrom":[{"secretRef":"db"}]}]})",
       "/spec/containers/0/envFrom/0/secretRef"},
      {in_volume(R"("secret":"db")"), "/spec/volumes/1/secret"},
      {in_volume(R"("secret":{"secretName":["db"]})"), "/spec/volumes/1/secret/secretName"},
      {in_volume(R"("projected":{"sources":{}})"), "/spec/volumes/1/projected/sources"},
      {R"({"imagePullSecrets":["db"]})", "/spec/imagePullSecrets/0"},
      {R"({"serviceAccountName":1})", "/spec/serviceAccountName"},
  };
  for (const auto& [spec, where] : rows) {
    CAPTURE(spec);
    try {
      (void)references_of(spec);
      FAIL_CHECK("was read");
    } catch (const json::Malformed& malformed) {
      CHECK(malformed.where() == where);
    }
  }
}

TEST_CASE("secret references: names that no object can have refer to nothing") {
  const auto spec = [](std::size_t size) {
    return R"({"serviceAccountName":"a","imagePullSecrets":[{"name":")" + std::string(size, 'x') +
           R"("}]})";
  };
  const auto longest = parsed(spec(limits::kNameBytes));
  const auto longer = parsed(spec(limits::kNameBytes + 1));
  CHECK(secret_references(longest.root()).size() == 2);
  CHECK(secret_references(longer.root()).size() == 1);
  const auto nothing =
      parsed(R"({"serviceAccountName":")" + std::string(limits::kNameBytes + 1, 'x') + "\"}");
  CHECK(secret_references(nothing.root()).empty());
}

// Each reference is held against each pattern of each policy, and a Pod of 3 MiB has room for a
// hundred thousand: outside opted-in namespaces a review that takes too long would be an allow.
TEST_CASE("secret references: those beyond the limit are one unknown source") {
  const auto pull = [](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i)
      list += (i == 0 ? "" : ",") + std::string(R"({"name":"x"})");
    return R"({"imagePullSecrets":[)" + list + R"(],"serviceAccountName":"beyond"})";
  };
  const auto fits = parsed(pull(limits::kSecretReferences - 1));
  const auto all = secret_references(fits.root());
  CHECK(all.size() == limits::kSecretReferences);
  CHECK(all.back().kind == ReferenceKind::ServiceAccount);
  const auto many = parsed(pull(limits::kSecretReferences + 1000));
  const auto bounded = secret_references(many.root());
  CHECK(bounded.size() == limits::kSecretReferences + 1);
  CHECK(bounded.back().kind == ReferenceKind::Unknown);
  CHECK(bounded.back().name == "one of more than 4000");
  CHECK(bounded.back().at.is(many.root()));
}

}  // namespace
}  // namespace cpods::pod
