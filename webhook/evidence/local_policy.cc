#include "evidence/local_policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace cpods::evidence {
namespace {

// What does not hold, as the second half of a sentence; nothing when the rule holds.
using Complaint = std::optional<std::string>;

struct Rule {
  std::string_view setting;
  Complaint (*check)(json::Node wanted, const Facts& facts);
};

Bytes hex_of(json::Node text, std::size_t size) {
  auto bytes = hex_decode(text.text());
  if (!bytes || bytes->size() != size) {
    throw json::Malformed(text.pointer(), "must be " + std::to_string(2 * size) + " hex digits");
  }
  return *std::move(bytes);
}

std::int64_t number_of(json::Node number) {
  const auto value = number.integer();
  if (!value) throw json::Malformed(number.pointer(), "must be a whole number");
  return *value;
}

Complaint one_of(json::Node list, ByteView seen, const char* what) {
  bool found = false;
  for (const json::Node each : list.elements()) {
    found = std::ranges::equal(hex_of(each, seen.size()), seen) || found;
  }
  if (found) return {};
  return std::string(what) + " " + hex_encode(seen) + " is not among those accepted";
}

Complaint products(json::Node wanted, const Facts& facts) {
  const auto product = facts.product;
  if (product.empty()) return "the evidence does not tell the processor's generation";
  for (const json::Node each : wanted.elements()) {
    if (each.text() == product) return {};
  }
  return "the processor is a " + std::string(product);
}

Complaint signing_key(json::Node wanted, const Facts& facts) {
  const auto name = wanted.text();
  if (name != "vcek" && name != "vlek") {
    throw json::Malformed(wanted.pointer(), "must be vcek or vlek");
  }
  if (facts.report.signing_key() == (name == "vcek" ? 0U : 1U)) return {};
  return "the SNP report is signed by another kind of key";
}

// Where each component stands in TCB_VERSION; -1: this product has none.
struct Component {
  std::string_view name;
  int milan_and_genoa;
  int turin;
};
constexpr std::array<Component, 5> kComponents = {{
    {"fmc", -1, 0},
    {"bootloader", 0, 1},
    {"tee", 1, 2},
    {"snp", 6, 3},
    {"microcode", 7, 7},
}};

Complaint min_tcb(json::Node wanted, const Facts& facts) {
  const auto product = facts.product;
  if (product.empty()) return "the evidence does not tell the processor's generation";
  for (const auto [name, least] : wanted[product].members()) {
    const auto* component = std::ranges::find(kComponents, name, &Component::name);
    const int place = component == kComponents.end() ? -1
                      : product == "Turin"           ? component->turin
                                                     : component->milan_and_genoa;
    if (place < 0) throw json::Malformed(least.pointer(), "is no TCB component of this product");
    const int reported = facts.report.reported_tcb.at(static_cast<std::size_t>(place));
    if (reported < number_of(least)) {
      return "the reported TCB has " + std::string(name) + " " + std::to_string(reported);
    }
  }
  return {};
}

Complaint measurements(json::Node wanted, const Facts& facts) {
  return one_of(wanted, facts.report.measurement, "the launch measurement");
}

Complaint id_key_digests(json::Node wanted, const Facts& facts) {
  return one_of(wanted, facts.report.id_key_digest, "the ID key digest");
}

Complaint chip_ids(json::Node wanted, const Facts& facts) {
  return one_of(wanted, facts.report.chip_id, "the chip id");
}

Complaint min_guest_svn(json::Node wanted, const Facts& facts) {
  if (facts.report.guest_svn >= number_of(wanted)) return {};
  return "the guest SVN is " + std::to_string(facts.report.guest_svn);
}

Complaint host_data(json::Node wanted, const Facts& facts) {
  const ByteView seen = facts.report.host_data;
  if (std::ranges::equal(hex_of(wanted, seen.size()), seen)) return {};
  return "the host data is " + hex_encode(seen);
}

Complaint vmpl(json::Node wanted, const Facts& facts) {
  if (facts.report.vmpl == number_of(wanted)) return {};
  return "the VMPL is " + std::to_string(facts.report.vmpl);
}

Complaint pcrs(json::Node wanted, const Facts& facts) {
  if (facts.pcrs == nullptr) return "the evidence has no PCRs";
  for (const auto [name, values] : wanted.members()) {
    std::size_t index = kPcrs;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), index);
    if (parsed.ptr != name.data() + name.size() || index >= kPcrs) {
      throw json::Malformed(values.pointer(), "is no PCR from 0 to 23");
    }
    const auto what = "PCR " + std::string(name);
    if (auto complaint = one_of(values, facts.pcrs->at(index), what.c_str())) return complaint;
  }
  return {};
}

Complaint require_secure_boot(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || (facts.secure_boot != nullptr && *facts.secure_boot)) return {};
  return facts.secure_boot == nullptr ? "the evidence does not tell of secure boot"
                                      : "secure boot is off";
}

Complaint require_no_smt(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || !facts.report.allows_smt()) return {};
  return "the guest policy allows simultaneous multithreading";
}

Complaint require_alias_check(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || facts.report.alias_checked()) return {};
  return "the platform has not completed its memory alias check";
}

constexpr Rule kRules[] = {
    {"products", products},
    {"signingKey", signing_key},
    {"minTcb", min_tcb},
    {"measurements", measurements},
    {"idKeyDigests", id_key_digests},
    {"minGuestSvn", min_guest_svn},
    {"hostData", host_data},
    {"chipIds", chip_ids},
    {"vmpl", vmpl},
    {"pcrs", pcrs},
    {"requireSecureBoot", require_secure_boot},
    {"requireNoSmt", require_no_smt},
    {"requireAliasCheck", require_alias_check},
};

// The one setting that is made by product.
bool asks_nothing(std::string_view setting, json::Node wanted, const Facts& facts) {
  return setting == "minTcb" && wanted && !facts.product.empty() && !wanted[facts.product];
}

}  // namespace

bool is_local_setting(std::string_view name) {
  return std::ranges::find(kRules, name, &Rule::setting) != std::end(kRules);
}

void check_local_policy(json::Node settings, const Facts& facts, Appraisal& appraisal) {
  for (const auto [name, wanted] : settings.members()) {
    if (is_local_setting(name)) continue;
    appraisal.fail("policy." + std::string(name), Doubt::NotVerifiable,
                   "this version knows no setting " + std::string(name) + " of verifier.local");
  }
  for (const auto& [setting, check] : kRules) {
    const auto name = "policy." + std::string(setting);
    const auto wanted = settings[setting];
    if (wanted.kind() == json::Kind::Missing) {
      appraisal.unpinned(name);
      continue;
    }
    try {
      if (asks_nothing(setting, wanted, facts)) {
        appraisal.unpinned(name, "names nothing for a " + std::string(facts.product));
        continue;
      }
      if (!wanted) throw json::Malformed(wanted.pointer(), "must not be null");
      const auto complaint = check(wanted, facts);
      appraisal.require(!complaint, name, Doubt::Policy,
                        complaint.value_or("") + ", which " + std::string(setting) +
                            " of the pool's verifier does not allow");
    } catch (const json::Malformed& wrong) {
      appraisal.fail(name, Doubt::NotVerifiable,
                     "a setting of the pool's verifier cannot be read: " + wrong.where() + ": " +
                         wrong.what());
    }
  }
}

}  // namespace cpods::evidence
