#include "evidence/local_policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "evidence/amd_roots.h"
#include "evidence/layout.h"
#include "evidence/place.h"
#include "evidence/tcb.h"
#include "json/writer.h"

namespace cpods::evidence {
namespace {

struct Rule {
  std::string_view setting;
  Complaint (*check)(json::Node wanted, const Facts& facts);
  // The value that would pin what is there, as JSON, or why nothing is there.
  std::string (*seen)(const Facts& facts);
  Doubt doubt = Doubt::Policy;  // what a complaint means
};

constexpr const char* kNoProduct = "the evidence does not tell the processor's generation";
constexpr const char* kNoPcrs = "the evidence has no PCRs";
constexpr const char* kNoFreshness = "there is no nonce that the report could answer";
constexpr const char* kNoSecureBoot = "the evidence does not tell of secure boot";

Bytes hex_of(json::Node text, std::size_t size) {
  auto bytes = hex_decode(text.text());
  if (!bytes || bytes->size() != size) {
    throw json::Malformed(text.pointer(), "must be " + std::to_string(2 * size) + " hex digits");
  }
  return *std::move(bytes);
}

std::int64_t number_of(json::Node number) {
  const auto value = number.integer();
  if (!value || *value < 0)
    throw json::Malformed(number.pointer(), "must be a whole number from 0");
  return *value;
}

Complaint one_of(json::Node list, ByteView seen, const std::string& what) {
  bool found = false;
  for (const json::Node each : list.elements()) {
    found = std::ranges::equal(hex_of(each, seen.size()), seen) || found;
  }
  if (found) return {};
  return what + " is " + hex_encode(seen);
}

std::string list_of(std::string_view one) {
  return "[" + json::quoted(one) + "]";
}
std::string hex_list(ByteView bytes) {
  return list_of(hex_encode(bytes));
}
std::string word(bool flag) {
  return flag ? "true" : "false";
}

Complaint at_least(std::int64_t wanted, std::int64_t seen, const std::string& what) {
  if (seen >= wanted) return {};
  return what + " " + std::to_string(seen) + " instead of " + std::to_string(wanted) + " or more";
}

// ---- Products and their TCB -------------------------------------------------------------------

// A name that is no product's would ask nothing of any node.
void require_product(json::Node at, std::string_view name) {
  if (std::ranges::find(amd_roots(), name, &ProductRoots::product) != amd_roots().end()) return;
  throw json::Malformed(at.pointer(), "is no AMD product that this version knows");
}

Complaint products(json::Node wanted, const Facts& facts) {
  bool found = false;
  for (const json::Node each : wanted.elements()) {
    require_product(each, each.text());
    found = each.text() == facts.product || found;
  }
  if (facts.product.empty()) return kNoProduct;
  if (found) return {};
  return "the processor is a " + std::string(facts.product);
}

std::string product_seen(const Facts& facts) {
  return facts.product.empty() ? kNoProduct : list_of(facts.product);
}

bool is_turin(const Facts& facts) {
  return facts.product == "Turin";
}

void require_components(json::Node wanted, std::string_view product) {
  if (!wanted) throw json::Malformed(wanted.pointer(), "must not be null");
  for (const auto [name, least] : wanted.members()) {
    const auto* found = std::ranges::find(kTcb, name, &TcbComponent::name);
    if (found == std::end(kTcb) || !found->place(product == "Turin")) {
      throw json::Malformed(least.pointer(), "is no TCB component of this product");
    }
    (void)number_of(least);
  }
}

Complaint min_tcb(json::Node wanted, const Facts& facts) {
  for (const auto [product, components] : wanted.members()) {
    require_product(components, product);
    require_components(components, product);
  }
  if (facts.product.empty()) return kNoProduct;
  for (const auto [name, least] : wanted[facts.product].members()) {
    const auto place = std::ranges::find(kTcb, name, &TcbComponent::name)->place(is_turin(facts));
    const auto what = "the reported TCB has " + std::string(name);
    if (auto complaint =
            at_least(number_of(least), facts.report.reported_tcb.at(place.value()), what))
      return complaint;
  }
  return {};
}

std::string tcb_seen(const Facts& facts) {
  if (facts.product.empty()) return kNoProduct;
  json::Writer out;
  out.object().key(facts.product).object();
  for (const auto& component : kTcb) {
    const auto place = component.place(is_turin(facts));
    if (place) out.key(component.name).number(facts.report.reported_tcb.at(*place));
  }
  return out.end().end().take();
}

// ---- The report -------------------------------------------------------------------------------

Complaint signing_key(json::Node wanted, const Facts& facts) {
  const auto name = wanted.text();
  if (name != "vcek" && name != "vlek") {
    throw json::Malformed(wanted.pointer(), "must be vcek or vlek");
  }
  if (facts.report.signing_key() == (name == "vcek" ? 0U : 1U)) return {};
  return "the SNP report is signed by another kind of key";
}

std::string signing_key_seen(const Facts& facts) {
  if (facts.report.signing_key() > 1) return "the SNP report names neither a VCEK nor a VLEK";
  return json::quoted(facts.report.signing_key() == 0 ? "vcek" : "vlek");
}

Complaint measurements(json::Node wanted, const Facts& facts) {
  return one_of(wanted, facts.report.measurement, "the launch measurement");
}

// What every launch has that no ID key signed is no key's digest.
Complaint id_key_digests(json::Node wanted, const Facts& facts) {
  for (const json::Node each : wanted.elements()) {
    if (all_zero(hex_of(each, facts.report.id_key_digest.size()))) {
      throw json::Malformed(each.pointer(), "is the digest of no ID key");
    }
  }
  return one_of(wanted, facts.report.id_key_digest, "the ID key digest");
}

std::string id_key_seen(const Facts& facts) {
  return all_zero(facts.report.id_key_digest) ? "no ID key signed this launch"
                                              : hex_list(facts.report.id_key_digest);
}

Complaint chip_ids(json::Node wanted, const Facts& facts) {
  return one_of(wanted, facts.report.chip_id, "the chip id");
}

Complaint min_guest_svn(json::Node wanted, const Facts& facts) {
  return at_least(number_of(wanted), facts.report.guest_svn, "the guest SVN is");
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

Complaint require_no_smt(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || !facts.report.allows_smt()) return {};
  return "the guest policy allows simultaneous multithreading";
}

Complaint require_alias_check(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || facts.report.alias_checked()) return {};
  return "the platform has not completed its memory alias check";
}

Complaint require_revocation_check(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || facts.revocation_checked) return {};
  return "whether AMD has revoked a certificate of the chain is not known";
}

// ---- Azure's vTPM -----------------------------------------------------------------------------

Complaint pcrs(json::Node wanted, const Facts& facts) {
  if (facts.pcrs == nullptr) return kNoPcrs;
  for (const auto [name, values] : wanted.members()) {
    std::size_t index = kPcrs;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), index);
    if (parsed.ptr != name.data() + name.size() || index >= kPcrs) {
      throw json::Malformed(values.pointer(), "is no PCR from 0 to 23");
    }
    const auto what = "PCR " + std::string(name);
    if (auto complaint = one_of(values, facts.pcrs->at(index), what)) return complaint;
  }
  return {};
}

std::string pcrs_seen(const Facts& facts) {
  if (facts.pcrs == nullptr) return kNoPcrs;
  json::Writer out;
  out.object();
  for (std::size_t i = 0; i < kPcrs; ++i) {
    out.key(std::to_string(i)).raw(hex_list(facts.pcrs->at(i)));
  }
  return out.end().take();
}

Complaint require_secure_boot(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || (facts.secure_boot != nullptr && *facts.secure_boot)) return {};
  return facts.secure_boot == nullptr ? kNoSecureBoot : "secure boot is off";
}

Complaint require_fresh_report(json::Node wanted, const Facts& facts) {
  if (!wanted.flag() || (facts.fresh_report != nullptr && *facts.fresh_report)) return {};
  return facts.fresh_report == nullptr ? kNoFreshness
                                       : "the report does not carry the quote's nonce";
}

std::string fresh_report_seen(const Facts& facts) {
  return facts.fresh_report == nullptr ? kNoFreshness : word(*facts.fresh_report);
}

std::string secure_boot_seen(const Facts& facts) {
  return facts.secure_boot == nullptr ? kNoSecureBoot : word(*facts.secure_boot);
}

// -----------------------------------------------------------------------------------------------

constexpr Rule kRules[] = {
    {"products", products, product_seen},
    {"signingKey", signing_key, signing_key_seen},
    {"minTcb", min_tcb, tcb_seen},
    {"measurements", measurements, [](const Facts& f) { return hex_list(f.report.measurement); }},
    {"idKeyDigests", id_key_digests, id_key_seen},
    {"minGuestSvn", min_guest_svn,
     [](const Facts& f) { return std::to_string(f.report.guest_svn); }},
    {"hostData", host_data,
     [](const Facts& f) { return json::quoted(hex_encode(f.report.host_data)); }},
    {"chipIds", chip_ids, [](const Facts& f) { return hex_list(f.report.chip_id); }},
    {"vmpl", vmpl, [](const Facts& f) { return std::to_string(f.report.vmpl); }},
    {"pcrs", pcrs, pcrs_seen},
    {"requireSecureBoot", require_secure_boot, secure_boot_seen},
    {"requireFreshReport", require_fresh_report, fresh_report_seen, Doubt::Freshness},
    {"requireNoSmt", require_no_smt, [](const Facts& f) { return word(!f.report.allows_smt()); }},
    {"requireAliasCheck", require_alias_check,
     [](const Facts& f) { return word(f.report.alias_checked()); }},
    {"requireRevocationCheck", require_revocation_check,
     [](const Facts& f) { return word(f.revocation_checked); }},
};

// Why a setting asks nothing of this node; nothing where it asks something.
std::optional<std::string> emptiness(std::string_view setting, json::Node wanted,
                                     const Facts& facts) {
  // The one setting that is made by product.
  if (setting == "minTcb") {
    if (facts.product.empty() || wanted[facts.product].size() != 0) return {};
    return "names nothing for a " + std::string(facts.product);
  }
  const bool is_off = wanted.kind() == json::Kind::Boolean && !wanted.flag();
  const bool is_empty = wanted.kind() == json::Kind::Object && wanted.size() == 0;
  if (is_off || is_empty) return "asks nothing";
  return {};
}

void check_setting(const Rule& rule, json::Node wanted, const Facts& facts, Appraisal& appraisal) {
  const auto name = "policy." + std::string(rule.setting);
  if (!wanted) throw json::Malformed(wanted.pointer(), "must not be null");
  const auto complaint = rule.check(wanted, facts);
  const auto empty = emptiness(rule.setting, wanted, facts);
  if (!complaint && empty) {
    appraisal.unpinned(name, *empty + ": " + rule.seen(facts));
    return;
  }
  appraisal.require(!complaint, name, rule.doubt,
                    complaint.value_or("") + ", which the pool's verifier does not accept");
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
  for (const auto& rule : kRules) {
    const auto name = "policy." + std::string(rule.setting);
    const auto wanted = settings[rule.setting];
    if (wanted.kind() == json::Kind::Missing) {
      appraisal.unpinned(name, rule.seen(facts));
      continue;
    }
    try {
      check_setting(rule, wanted, facts, appraisal);
    } catch (const json::Malformed& wrong) {
      appraisal.fail(name, Doubt::NotVerifiable,
                     "a setting of the pool's verifier cannot be read: " + sentence_of(wrong));
    }
  }
}

}  // namespace cpods::evidence
