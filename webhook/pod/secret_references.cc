// The list follows Kubernetes' own, which decides what a kubelet may read: VisitPodSecretNames
// (pkg/api/v1/pod/util.go) and the Node authorizer's graph (plugin/pkg/auth/authorizer/node). The
// volume plugins that kubelets no longer have stay in it, because the API still accepts the fields
// and the Node authorizer still opens the named Secret to the node.
//
// Every key of a volume, source and env entry is looked at, never just the first that fits: in the
// mutating phase objects are not validated yet and may carry several. A key that is not known here
// is reported as Unknown, so that a new kind of volume, projection, env source or claim template
// cannot pass unseen: these are the places where Kubernetes adds what a Pod may read.
//
// A new field of a PodSpec, of a container or within a known volume kind is not reported. Most API
// versions add some, nearly none of them refers to anything, and an API server may default one in
// every Pod: counting them would refuse all Pods of a guarded namespace after a cluster's upgrade.
// Instead the tests hold the fields that were looked through against the API's all-fields objects,
// and fail when a version brings another. Not seen here, because the Pod does not name it: what a
// claim's own volume, a resource claim's driver or a service account's token leads to.

#include "pod/secret_references.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "pod/containers.h"

namespace cpods::pod {
namespace {

class References {
 public:
  // A name that is empty or longer than any object's refers to nothing.
  void add(ReferenceKind kind, std::string_view name, json::Node at) {
    if (!name.empty() && name.size() <= limits::kNameBytes) push({kind, name, at});
  }
  void add_unknown(std::string_view what, json::Node at) {
    push({ReferenceKind::Unknown, what, at});
  }

  // Those that are too many to be looked at one by one are one unknown source, which is another one
  // whenever the spec is.
  std::vector<SecretReference> take(json::Node spec) {
    static const std::string kBeyond =
        "one of more than " + std::to_string(limits::kSecretReferences);
    if (beyond_) found_.push_back({ReferenceKind::Unknown, kBeyond, spec});
    return std::move(found_);
  }

 private:
  void push(SecretReference reference) {
    beyond_ = found_.size() == limits::kSecretReferences;
    if (!beyond_) found_.push_back(reference);
  }

  std::vector<SecretReference> found_;
  bool beyond_ = false;
};

// The value at a path of members: valueFrom.secretKeyRef.name.
json::Node at_path(json::Node node, std::string_view path) {
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    node = node[path.substr(0, dot)];
    path.remove_prefix(dot + 1);
  }
  return node[path];
}

void report_unknown_keys(References& out, json::Node object,
                         std::span<const std::string_view> known) {
  for (const auto [key, value] : object.members()) {
    if (value.present() && std::ranges::find(known, key) == known.end()) {
      out.add_unknown(key, value);
    }
  }
}

// core/v1 EnvVarSource and EnvFromSource. fileKeyRef reads a file of a volume that is listed
// itself.
constexpr std::array<std::string_view, 5> kEnvSources = {
    "configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"};
constexpr std::array<std::string_view, 3> kEnvFromSources = {"configMapRef", "prefix", "secretRef"};

void visit_container(References& out, json::Node container) {
  for (const json::Node env : container["env"].elements()) {
    out.add(ReferenceKind::Secret, at_path(env, paths::kSecretOfEnv).text(), env);
    report_unknown_keys(out, env["valueFrom"], kEnvSources);
  }
  for (const json::Node source : container["envFrom"].elements()) {
    out.add(ReferenceKind::Secret, at_path(source, paths::kSecretOfEnvFrom).text(), source);
    report_unknown_keys(out, source, kEnvFromSources);
  }
}

// core/v1 VolumeProjection.
constexpr std::array<std::string_view, 6> kKnownProjections = {
    "clusterTrustBundle", "configMap", "downwardAPI",
    "podCertificate",     "secret",    "serviceAccountToken"};

void visit_projections(References& out, json::Node sources) {
  for (const json::Node source : sources.elements()) {
    out.add(ReferenceKind::Secret, at_path(source, paths::kSecretOfProjection).text(), source);
    report_unknown_keys(out, source, kKnownProjections);
  }
}

// core/v1 PersistentVolumeClaimSpec without kBindersOfClaim: these bind an existing volume, whose
// content and secrets are not told here.
constexpr std::array<std::string_view, 7> kClaimKeys = {"accessModes",
                                                        "dataSource",
                                                        "dataSourceRef",
                                                        "resources",
                                                        "storageClassName",
                                                        "volumeMode",
                                                        "volumeAttributesClassName"};

// A claim made for this Pod alone may be filled from another claim. Another kind of source, a
// snapshot or whatever a populator reads, may carry anything, as may a claim of another namespace.
void visit_claim_template(References& out, json::Node claim_spec) {
  for (const auto field : paths::kSourcesOfClaim) {
    const auto source = claim_spec[field];
    if (!source) continue;
    const auto kind = source["kind"].text();
    if (!source["namespace"].text().empty()) {
      out.add_unknown("claim of another namespace", source);
    } else if (kind == kClaimKind && source["apiGroup"].text().empty()) {
      out.add(ReferenceKind::VolumeClaim, source["name"].text(), source);
    } else {
      out.add_unknown(kind, source);
    }
  }
  report_unknown_keys(out, claim_spec, kClaimKeys);
}

// core/v1 VolumeSource with `name`.
// clang-format off
constexpr std::array<std::string_view, 31> kVolumeKeys = {
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi",
    "downwardAPI", "emptyDir", "ephemeral", "fc", "flexVolume", "flocker", "gcePersistentDisk",
    "gitRepo", "glusterfs", "hostPath", "image", "iscsi", "name", "nfs", "persistentVolumeClaim",
    "photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret",
    "storageos", "vsphereVolume"};
// clang-format on

// Whatever the driver calls itself: the attributes say what it will fetch. secretProviderClass is
// the Secrets Store driver's; secretName, in any case, is the Azure File and Blob drivers', which
// read that Secret with their own rights.
void visit_driver(References& out, json::Node volume) {
  out.add(ReferenceKind::Secret, at_path(volume, paths::kSecretOfDriver).text(), volume);
  for (const auto [key, value] : at_path(volume, paths::kDriverAttributes).members()) {
    if (key == paths::kProviderClassAttribute) {
      out.add(ReferenceKind::ProviderClass, value.text(), volume);
    }
    if (equals_ignoring_case(key, paths::kSecretAttribute)) {
      out.add(ReferenceKind::Secret, value.text(), volume);
    }
  }
}

void visit_volume(References& out, json::Node volume) {
  for (const auto path : paths::kSecretsOfVolume) {
    out.add(ReferenceKind::Secret, at_path(volume, path).text(), volume);
  }
  visit_projections(out, at_path(volume, paths::kProjections));
  visit_driver(out, volume);
  out.add(ReferenceKind::VolumeClaim, at_path(volume, paths::kClaimOfVolume).text(), volume);
  visit_claim_template(out, at_path(volume, paths::kClaimTemplate));
  report_unknown_keys(out, volume, kVolumeKeys);
}

// The node may ask for tokens of the Pod's service account, whether or not one is mounted.
void visit_service_account(References& out, json::Node spec) {
  const auto name = spec["serviceAccountName"];
  const auto deprecated = spec["serviceAccount"];
  out.add(ReferenceKind::ServiceAccount, name.text(), name);
  if (deprecated.text() != name.text()) {
    out.add(ReferenceKind::ServiceAccount, deprecated.text(), deprecated);
  }
  if (name.text().empty() && deprecated.text().empty()) {
    out.add(ReferenceKind::ServiceAccount, "default", spec);
  }
}

}  // namespace

std::string_view name_of(ReferenceKind kind) {
  switch (kind) {
    case ReferenceKind::Secret:
      return "Secret";
    case ReferenceKind::ProviderClass:
      return "SecretProviderClass";
    case ReferenceKind::ServiceAccount:
      return "ServiceAccount";
    case ReferenceKind::VolumeClaim:
      return "PersistentVolumeClaim";
    case ReferenceKind::Unknown:
      return "unknown source";
  }
  return "unknown source";
}

std::vector<SecretReference> secret_references(json::Node spec) {
  References out;
  for_each_container(spec, [&](json::Node container) { visit_container(out, container); });
  for (const json::Node volume : spec["volumes"].elements()) visit_volume(out, volume);
  for (const json::Node secret : spec["imagePullSecrets"].elements()) {
    out.add(ReferenceKind::Secret, secret["name"].text(), secret);
  }
  visit_service_account(out, spec);
  return out.take(spec);
}

}  // namespace cpods::pod
