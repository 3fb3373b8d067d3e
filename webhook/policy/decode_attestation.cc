#include <string>
#include <string_view>

#include "pod/names.h"
#include "policy/decode.h"
#include "policy/label_rules.h"
#include "policy/quantity.h"

namespace cpods::policy {
namespace {

// The API server refuses such a path, and then every Pod of the pool.
void check_host_path(json::Node path, Report& report) {
  const auto text = std::string(path.text()) + "/";
  if (text.find("/../") != text.npos) report.error(path, "must not contain ..");
}

// No vTPM is reached through the folder of configfs-tsm.
void check_tsm(json::Node attestation, Report& report) {
  const auto path = attestation["device"]["hostPath"];
  if (path.text() != names::kTsmFolder || attestation["evidence"].text() == "sev-snp") return;
  report.error(path, std::string(path.text()) + " gives reports of bare SEV-SNP guests alone; " +
                         "write evidence: sev-snp, or the path of the vTPM");
}

// What is below holds the step to the API server's validation (pkg/apis/core/validation), which
// would refuse every Pod of the pool: core/v1 IsNativeResource and IsExtendedResourceName.
void check_device_resource(json::Node resource, Report& report) {
  const auto name = std::string(resource.text());
  if (name.empty()) return;
  if (name.find("kubernetes.io/") != name.npos || name.starts_with("requests.")) {
    report.error(resource, "\"" + name + "\" is not an extended resource, because names with " +
                               "kubernetes.io/ or requests. are Kubernetes' own; write the " +
                               "resource that the device plugin advertises");
  } else if (const auto flaw = flaw_of_label_key("requests." + name)) {
    report.error(resource, "the API server refuses this resource: with \"requests.\" before it, " +
                               std::string("as quotas write it, it ") + *flaw);
  }
}

void check_resources(json::Node resources, Report& report) {
  constexpr double kRounding = 1 + 1e-12;
  for (const auto [name, request] : resources["requests"].members()) {
    const auto limit = resources["limits"][name];
    if (limit && amount_of(request) > amount_of(limit) * kRounding) {
      report.error(request, "the request of " + std::string(name) + " is above its limit, and " +
                                "the API server would refuse every Pod with this step");
    }
  }
}

// A vTPM's key, PCRs and secure boot are claims of the guest; its firmware, which AMD signs for, is
// what makes them more than that.
void warn_of_bare_claims(json::Node attestation, Report& report) {
  const auto local = attestation["verifier"]["local"];
  if (attestation["evidence"].text() != "azure-vtpm") return;
  if (local["idKeyDigests"] || local["measurements"]) return;
  for (const auto* name : {"pcrs", "requireSecureBoot"}) {
    const auto claim = local[name];
    if (!claim || (claim.kind() == json::Kind::Boolean && !claim.flag())) continue;
    report.warning(claim, std::string(name) +
                              " proves nothing yet, because any SEV-SNP guest can make up its "
                              "PCRs and its secure boot; pin idKeyDigests or measurements too");
  }
}

// ---- Pools whose Pods never start ---------------------------------------------------------------

bool is_demanded(json::Node setting) {
  return setting && (setting.kind() != json::Kind::Boolean || setting.flag());
}

void never_starts(json::Node at, const std::string& what, const std::string& why, Report& report) {
  report.warning(at, what + ": no Pod of this pool starts, because " + why);
}

void warn_of_dead_ends_on_azure(json::Node attestation, Report& report) {
  const auto device = attestation["device"]["hostPath"];
  if (device.text() == "/dev/sev-guest") {
    never_starts(device, "device", "/dev/sev-guest is no vTPM; write /dev/tpmrm0", report);
  }
  const auto vmpl = attestation["verifier"]["local"]["vmpl"];
  if (vmpl && vmpl.integer().value_or(0) != 0) {
    never_starts(vmpl, "vmpl", "the paravisor of an Azure VM asks at VMPL 0; write 0", report);
  }
}

void warn_of_dead_ends_on_bare_guests(json::Node attestation, Report& report) {
  const auto device = attestation["device"]["hostPath"];
  if (device.text().starts_with("/dev/tpm")) {
    never_starts(device, "device",
                 std::string(device.text()) + " gives no SNP report; write /dev/sev-guest", report);
  }
  const auto verifier = attestation["verifier"];
  for (const auto* name : {"pcrs", "requireSecureBoot"}) {
    if (const auto setting = verifier["local"][name]; is_demanded(setting)) {
      never_starts(setting, name, "the evidence sev-snp tells nothing of it; take it out", report);
    }
  }
  if (verifier["maa"]) {
    never_starts(verifier["maa"], "maa",
                 "Microsoft Azure Attestation is asked about the evidence azure-vtpm alone; write "
                 "local or kbs",
                 report);
  }
}

void warn_of_dead_ends(json::Node attestation, Report& report) {
  if (attestation["evidence"].text() == "azure-vtpm") {
    warn_of_dead_ends_on_azure(attestation, report);
  } else {
    warn_of_dead_ends_on_bare_guests(attestation, report);
  }
  const auto url = attestation["verifier"]["kbs"]["url"];
  if (url.text().ends_with("/kbs/v0")) {
    never_starts(url, "url", "the step adds /kbs/v0 itself; take it off", report);
  }
}

// A launch that nobody signed has this digest, whoever made it.
void check_id_keys(json::Node digests, Report& report) {
  for (const auto each : digests.elements()) {
    if (each.text().find_first_not_of('0') != std::string_view::npos) continue;
    report.error(each,
                 "is what every launch has that no ID key signed, and pins nothing; take it "
                 "out, and pin measurements");
  }
}

}  // namespace

pod::StepSettings decode_attestation(json::Node given, const LoadOptions& options, Report& report) {
  pod::StepSettings settings;
  settings.image = given["image"] ? std::string(given["image"].text()) : options.step_image;
  if (settings.image.empty()) {
    report.error(given,
                 "names no image, and the program was started without --step-image; add "
                 "image: with the image of confidential-pods");
  }
  settings.evidence = given["evidence"].text();
  settings.device_host_path = given["device"]["hostPath"].text();
  settings.device_resource = given["device"]["resource"].text();
  check_host_path(given["device"]["hostPath"], report);
  check_tsm(given, report);
  check_device_resource(given["device"]["resource"], report);
  check_resources(given["resources"], report);
  check_id_keys(given["verifier"]["local"]["idKeyDigests"], report);
  warn_of_bare_claims(given, report);
  warn_of_dead_ends(given, report);
  settings.verifier = json::to_text(given["verifier"]);
  if (given["resources"]) settings.resources = json::to_text(given["resources"]);
  return settings;
}

}  // namespace cpods::policy
