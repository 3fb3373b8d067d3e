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
  Facts made{.report = {}, .product = "Genoa", .secure_boot = &kOff, .pcrs = &kPcrValues};
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

struct Row {
  std::string setting;
  std::string holds;
  std::string fails;
  std::string complaint;
};

const Row kRows[] = {
    {"products", R"(["Milan","Genoa"])", R"(["Turin"])", "the processor is a Genoa"},
    {"signingKey", R"("vcek")", R"("vlek")", "the SNP report is signed by another kind of key"},
    {"minTcb", R"({"Genoa":{"bootloader":4,"tee":0,"snp":22,"microcode":213}})",
     R"({"Genoa":{"bootloader":4,"snp":23}})", "the reported TCB has snp 22"},
    {"measurements", "[\"" + hex(48, 1) + "\",\"" + hex(48, 0xAB) + "\"]",
     "[\"" + hex(48, 1) + "\"]",
     "the launch measurement " + hex(48, 0xAB) + " is not among those accepted"},
    {"idKeyDigests", "[\"" + hex(48, 0x1D) + "\"]", "[]",
     "the ID key digest " + hex(48, 0x1D) + " is not among those accepted"},
    {"minGuestSvn", "10", "11", "the guest SVN is 10"},
    {"hostData", "\"" + hex(32, 5) + "\"", "\"" + hex(32, 6) + "\"",
     "the host data is " + hex(32, 5)},
    {"chipIds", "[\"" + hex(64, 0xC1) + "\"]", "[\"" + hex(64, 0xC2) + "\"]",
     "the chip id " + hex(64, 0xC1) + " is not among those accepted"},
    {"vmpl", "0", "1", "the VMPL is 0"},
    {"pcrs", "{\"7\":[\"" + hex(32, 7) + "\"],\"23\":[\"" + hex(32, 23) + "\"]}",
     "{\"7\":[\"" + hex(32, 7) + "\"],\"11\":[\"" + hex(32, 0) + "\"]}",
     "PCR 11 " + hex(32, 11) + " is not among those accepted"},
    {"requireSecureBoot", "false", "true", "secure boot is off"},
    {"requireNoSmt", "false", "true", "the guest policy allows simultaneous multithreading"},
    {"requireAliasCheck", "false", "true", "the platform has not completed its memory alias check"},
};

TEST_CASE("policy: each setting lets pass what it allows and names what it does not") {
  for (const auto& row : kRows) {
    CAPTURE(row.setting);
    CHECK(is_local_setting(row.setting));
    const auto good = appraise("{\"" + row.setting + "\":" + row.holds + "}");
    CHECK(good.verified());
    CHECK(sample::joined(sample::with(Status::Passed, good)) == "policy." + row.setting);
    CHECK(sample::with(Status::Unpinned, good).size() == std::size(kRows) - 1);
    CHECK(sample::failed(appraise("{\"" + row.setting + "\":" + row.fails + "}")) ==
          "policy." + row.setting);
    CHECK(check("{\"" + row.setting + "\":" + row.fails + "}") ==
          Refusal{Doubt::Policy, row.complaint + ", which " + row.setting +
                                     " of the pool's verifier does not allow"});
  }
}

TEST_CASE("policy: every required property is seen when it holds") {
  auto good = facts();
  good.secure_boot = &kOn;
  good.report.policy = 0x2001F;
  good.report.platform_info = 0x27;
  CHECK(check(R"({"requireSecureBoot":true,"requireNoSmt":true,"requireAliasCheck":true})", good)
            .sentence == "");
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
  CHECK(other.find("policy.minTcb")->detail == "names nothing for a Genoa");
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
