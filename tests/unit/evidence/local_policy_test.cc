#include "evidence/local_policy.h"

#include <doctest/doctest.h>

#include "json/document.h"
#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const bool kOff = false;
const bool kOn = true;
const PcrBank kPcrValues = sample::pcrs();

// A Genoa of guest SVN 10, SMT allowed, TCB bootloader 4, tee 0, snp 22, microcode 213.
Facts facts() {
  Facts made{.report = {},
             .product = "Genoa",
             .secure_boot = &kOff,
             .pcrs = &kPcrValues,
             .fresh_report = &kOff};
  made.report.version = 3;
  made.report.guest_svn = 10;
  made.report.policy = 0x3001F;
  made.report.measurement.fill(0xAB);
  made.report.id_key_digest.fill(0x1D);
  made.report.host_data.fill(0x05);
  made.report.chip_id.fill(0xC1);
  made.report.reported_tcb = sample::kMilanTcb;
  return made;
}

std::string hex(std::size_t bytes, std::uint8_t value) {
  return hex_encode(Bytes(bytes, value));
}

Appraisal appraise(const std::string& settings, const Facts& against = facts()) {
  const auto document = json::Document::parse(settings);
  REQUIRE_MESSAGE(document, settings);
  Appraisal appraisal;
  check_local_policy(document->root(), against, appraisal);
  return appraisal;
}

// The one check that failed, as a refusal; empty where none did.
Refusal check(const std::string& settings, const Facts& against = facts()) {
  const auto appraisal = appraise(settings, against);
  CHECK(sample::with(Status::Failed, appraisal).size() <= 1);
  const auto* failed = appraisal.decisive();
  return failed == nullptr ? Refusal{} : Refusal{failed->doubt, failed->detail};
}

// What an unpinned setting tells.
std::string unpinned(const std::string& setting, const Appraisal& appraisal) {
  const auto* found = appraisal.find("policy." + setting);
  REQUIRE_MESSAGE(found != nullptr, setting);
  CHECK_MESSAGE(found->status == Status::Unpinned, setting);
  return found->detail;
}

struct Row {
  std::string setting;
  std::string holds;
  std::string fails;
  std::string complaint;
  Doubt doubt = Doubt::Policy;
};

const Row kRows[] = {
    {"products", R"(["Milan","Genoa"])", R"(["Turin"])", "the processor is a Genoa"},
    {"signingKey", R"("vcek")", R"("vlek")", "the SNP report is signed by another kind of key"},
    {"minTcb", R"({"Genoa":{"bootloader":4,"tee":0,"snp":22,"microcode":213}})",
     R"({"Genoa":{"bootloader":4,"snp":23}})", "the reported TCB has snp 22 instead of 23 or more"},
    {"measurements", "[\"" + hex(48, 1) + "\",\"" + hex(48, 0xAB) + "\"]",
     "[\"" + hex(48, 1) + "\"]", "the launch measurement is " + hex(48, 0xAB)},
    {"idKeyDigests", "[\"" + hex(48, 0x1D) + "\"]", "[]", "the ID key digest is " + hex(48, 0x1D)},
    {"minGuestSvn", "10", "11", "the guest SVN is 10 instead of 11 or more"},
    {"hostData", "\"" + hex(32, 5) + "\"", "\"" + hex(32, 6) + "\"",
     "the host data is " + hex(32, 5)},
    {"chipIds", "[\"" + hex(64, 0xC1) + "\"]", "[\"" + hex(64, 0xC2) + "\"]",
     "the chip id is " + hex(64, 0xC1)},
    {"vmpl", "0", "1", "the VMPL is 0"},
    {"pcrs", "{\"7\":[\"" + hex(32, 7) + "\"],\"23\":[\"" + hex(32, 23) + "\"]}",
     "{\"7\":[\"" + hex(32, 7) + "\"],\"11\":[\"" + hex(32, 0) + "\"]}",
     "PCR 11 is " + hex(32, 11)},
    {"requireSecureBoot", "false", "true", "secure boot is off"},
    {"requireFreshReport", "false", "true", "the report does not carry the quote's nonce",
     Doubt::Freshness},
    {"requireNoSmt", "false", "true", "the guest policy allows simultaneous multithreading"},
    {"requireAliasCheck", "false", "true", "the platform has not completed its memory alias check"},
    {"requireRevocationCheck", "false", "true",
     "whether AMD has revoked a certificate of the chain is not known"},
};

// One that is switched off asks nothing, and is told as if it were absent.
bool is_off(const std::string& value) {
  return value == "false";
}

TEST_CASE("policy: each setting lets pass what it allows and names what it does not") {
  for (const auto& row : kRows) {
    CAPTURE(row.setting);
    CHECK(is_local_setting(row.setting));
    const auto good = appraise("{\"" + row.setting + "\":" + row.holds + "}");
    CHECK(good.verified());
    const auto passed = sample::joined(sample::with(Status::Passed, good));
    CHECK(passed == (is_off(row.holds) ? "" : "policy." + row.setting));
    CHECK(sample::with(Status::Unpinned, good).size() ==
          std::size(kRows) - (is_off(row.holds) ? 0 : 1));
    CHECK(sample::failed(appraise("{\"" + row.setting + "\":" + row.fails + "}")) ==
          "policy." + row.setting);
    CHECK(check("{\"" + row.setting + "\":" + row.fails + "}") ==
          Refusal{row.doubt, row.complaint + ", which the pool's verifier does not accept"});
  }
}

TEST_CASE("policy: every required property is seen when it holds") {
  auto good = facts();
  good.secure_boot = &kOn;
  good.report.policy = 0x2001F;
  good.report.platform_info = 0x27;
  good.revocation_checked = true;
  good.fresh_report = &kOn;
  const auto appraisal =
      appraise(R"({"requireSecureBoot":true,"requireNoSmt":true,"requireAliasCheck":true,)"
               R"("requireRevocationCheck":true,"requireFreshReport":true})",
               good);
  CHECK(appraisal.verified());
  CHECK(sample::with(Status::Passed, appraisal).size() == 5);
}

TEST_CASE("policy: a setting that asks nothing is told as one that nobody made") {
  auto good = facts();
  good.secure_boot = &kOn;
  for (const auto& [seen, against] : {std::pair("false", facts()), std::pair("true", good)}) {
    CHECK(unpinned("requireSecureBoot", appraise(R"({"requireSecureBoot":false})", against)) ==
          std::string("asks nothing: ") + seen);
  }
  CHECK(unpinned("requireNoSmt", appraise(R"({"requireNoSmt":false})")) == "asks nothing: false");
  CHECK(unpinned("requireAliasCheck", appraise(R"({"requireAliasCheck":false})")) ==
        "asks nothing: false");
  CHECK(unpinned("requireRevocationCheck", appraise(R"({"requireRevocationCheck":false})")) ==
        "asks nothing: false");
  CHECK(unpinned("pcrs", appraise(R"({"pcrs":{}})")).starts_with("asks nothing: {\"0\":["));
  CHECK(appraise(R"({"pcrs":{},"requireNoSmt":false})").verified());
  // An empty list allows nothing.
  for (const std::string list : {"products", "measurements", "idKeyDigests", "chipIds"}) {
    CHECK(sample::failed(appraise("{\"" + list + "\":[]}")) == "policy." + list);
  }
  CHECK(sample::failed(appraise(R"({"pcrs":{"7":[]}})")) == "policy.pcrs");
}

TEST_CASE("policy: Turin's TCB components stand elsewhere") {
  auto turin = facts();
  turin.product = "Turin";
  turin.report.reported_tcb = sample::kTurinTcb;
  const std::string exact =
      R"({"minTcb":{"Turin":{"fmc":1,"bootloader":2,"tee":3,"snp":4,"microcode":75}}})";
  CHECK(check(exact, turin).sentence == "");
  CHECK(check(R"({"minTcb":{"Turin":{"fmc":2}}})", turin).doubt == Doubt::Policy);
}

TEST_CASE("policy: evidence that does not tell its product meets no rule about products") {
  auto old = facts();
  old.product = "";
  CHECK(check(R"({"products":["Milan"]})", old).doubt == Doubt::Policy);
  CHECK(check(R"({"minTcb":{"Milan":{"snp":1}}})", old).doubt == Doubt::Policy);
}

TEST_CASE("policy: without settings everything is told as unpinned") {
  Appraisal appraisal;
  check_local_policy({}, facts(), appraisal);
  CHECK(appraisal.verified());
  CHECK(sample::with(Status::Unpinned, appraisal).size() == std::size(kRows));
}

TEST_CASE("policy: what is unpinned is told as the setting that would pin it") {
  const auto seen = appraise("{}");
  std::string settings;
  for (const auto& row : kRows) {
    settings +=
        (settings.empty() ? "{\"" : ",\"") + row.setting + "\":" + unpinned(row.setting, seen);
  }
  const auto pinned = appraise(settings + "}");
  CHECK(pinned.verified());
  CHECK(sample::with(Status::Passed, pinned).size() == std::size(kRows) - 5);
  CHECK(sample::joined(sample::with(Status::Unpinned, pinned)) ==
        "policy.requireSecureBoot policy.requireFreshReport policy.requireNoSmt "
        "policy.requireAliasCheck "
        "policy.requireRevocationCheck");
  CHECK(unpinned("products", seen) == R"(["Genoa"])");
  CHECK(unpinned("signingKey", seen) == R"("vcek")");
  CHECK(unpinned("measurements", seen) == "[\"" + hex(48, 0xAB) + "\"]");
  CHECK(unpinned("pcrs", seen).starts_with("{\"0\":[\"" + hex(32, 0) + "\"],\"1\":"));
  CHECK(unpinned("requireNoSmt", seen) == "false");
}

TEST_CASE("policy: what the evidence does not tell has no value to pin") {
  auto bare = facts();
  bare.product = "";
  bare.pcrs = nullptr;
  bare.secure_boot = nullptr;
  bare.report.key_info = 7 << 2;
  const auto seen = appraise("{}", bare);
  CHECK(unpinned("products", seen) == "the evidence does not tell the processor's generation");
  CHECK(unpinned("minTcb", seen) == "the evidence does not tell the processor's generation");
  CHECK(unpinned("pcrs", seen) == "the evidence has no PCRs");
  CHECK(unpinned("requireSecureBoot", seen) == "the evidence does not tell of secure boot");
  CHECK(unpinned("signingKey", seen) == "the SNP report names neither a VCEK nor a VLEK");
}

TEST_CASE("policy: Turin's TCB is told with its fmc") {
  auto turin = facts();
  turin.product = "Turin";
  turin.report.reported_tcb = sample::kTurinTcb;
  CHECK(unpinned("minTcb", appraise("{}", turin)) ==
        R"({"Turin":{"fmc":1,"bootloader":2,"tee":3,"snp":4,"microcode":75}})");
}

TEST_CASE("policy: a name that is no AMD product is no setting that holds for none") {
  const std::string no_product = " is no AMD product that this version knows";
  const std::string unread = "a setting of the pool's verifier cannot be read: ";
  CHECK(check(R"({"minTcb":{"genoa":{"snp":22}}})") ==
        Refusal{Doubt::NotVerifiable, unread + "/minTcb/genoa" + no_product});
  CHECK(check(R"({"minTcb":{"Genoa":{"snp":22},"Rome":{"snp":1}}})") ==
        Refusal{Doubt::NotVerifiable, unread + "/minTcb/Rome" + no_product});
  CHECK(check(R"({"products":["Genoa","milan"]})") ==
        Refusal{Doubt::NotVerifiable, unread + "/products/1" + no_product});
  // What is said of another product is read as strictly.
  CHECK(check(R"({"minTcb":{"Genoa":{"snp":22},"Milan":{"fmc":1}}})").sentence ==
        unread + "/minTcb/Milan/fmc is no TCB component of this product");
  CHECK(check(R"({"minTcb":{"Genoa":null}})").sentence ==
        unread + "/minTcb/Genoa must not be null");
}

TEST_CASE("policy: a setting that is not known fails under its own name") {
  const auto appraisal = appraise(R"({"measurement":[]})");
  CHECK(sample::failed(appraisal) == "policy.measurement");
  CHECK(appraisal.decisive()->detail ==
        "this version knows no setting measurement of verifier.local");
  CHECK_FALSE(is_local_setting("measurement"));
}

TEST_CASE("policy: evidence without PCRs or claims meets no rule about them") {
  auto bare = facts();
  bare.pcrs = nullptr;
  bare.secure_boot = nullptr;
  CHECK(check(R"({"pcrs":{"0":[]}})", bare).doubt == Doubt::Policy);
  CHECK(check(R"({"requireSecureBoot":true})", bare).doubt == Doubt::Policy);
  CHECK(appraise(R"({"requireSecureBoot":false})", bare).verified());
}

TEST_CASE("policy: TCB components are compared one by one, as numbers up to 255") {
  CHECK(appraise(R"({"minTcb":{"Genoa":{"microcode":213}}})").verified());
  // Of another product alone it asks nothing of this one, and says so.
  const auto other = appraise(R"({"minTcb":{"Milan":{"microcode":213}}})");
  REQUIRE(other.find("policy.minTcb") != nullptr);
  CHECK(other.find("policy.minTcb")->status == Status::Unpinned);
  const std::string seen = R"({"Genoa":{"bootloader":4,"tee":0,"snp":22,"microcode":213}})";
  CHECK(other.find("policy.minTcb")->detail == "names nothing for a Genoa: " + seen);
  CHECK(unpinned("minTcb", appraise(R"({"minTcb":{"Genoa":{}}})")) ==
        "names nothing for a Genoa: " + seen);
  CHECK(check(R"({"minTcb":{"Genoa":{"microcode":214}}})").doubt == Doubt::Policy);
  CHECK(check(R"({"minTcb":{"Genoa":{"bootloader":5,"microcode":0}}})").doubt == Doubt::Policy);
}

TEST_CASE("policy: what is not known or cannot be read is never taken for one that holds") {
  for (const std::string settings :
       {R"({"measurement":[]})", R"({"vmpl":"0"})", R"({"vmpl":null})", R"({"vmpl":0.5})",
        R"({"products":"Genoa"})", R"({"signingKey":"any"})", R"({"hostData":"00"})",
        R"({"measurements":["zz"]})", R"({"pcrs":{"24":[]}})", R"({"pcrs":{"x":[]}})",
        R"({"minTcb":{"Genoa":{"fmc":0}}})", R"({"minTcb":{"Genoa":{"snp":true}}})",
        R"({"requireSecureBoot":"yes"})"}) {
    CAPTURE(settings);
    const auto refusal = check(settings);
    CHECK(refusal.doubt == Doubt::NotVerifiable);
    CHECK(refusal.sentence != "");
  }
}

}  // namespace
}  // namespace cpods::evidence
