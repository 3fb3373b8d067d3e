#include "node/demand.h"

#include <doctest/doctest.h>

namespace cpods::node {
namespace {

TEST_CASE("demand: what the webhook writes is understood") {
  const auto demand = parse_demand(
      R"({"evidence":"azure-vtpm","device":"/dev/tpmrm0","verifier":{"local":{"vmpl": 0}}})");
  REQUIRE(demand);
  CHECK(demand->evidence == EvidenceKind::AzureVtpm);
  CHECK(demand->device == "/dev/tpmrm0");
  CHECK(demand->verifier == Verifier::Local);
  CHECK(demand->settings == R"({"vmpl":0})");
}

TEST_CASE("demand: the device has a default for each kind of evidence") {
  const auto vtpm = parse_demand(R"({"evidence":"azure-vtpm","verifier":{"maa":{"issuer":"x"}}})");
  REQUIRE(vtpm);
  CHECK(vtpm->device == "/dev/tpmrm0");
  CHECK(vtpm->verifier == Verifier::Maa);
  const auto guest = parse_demand(R"({"evidence":"sev-snp","verifier":{"kbs":{}}})");
  REQUIRE(guest);
  CHECK(guest->device == "/dev/sev-guest");
  CHECK(guest->verifier == Verifier::Kbs);
}

TEST_CASE("demand: whatever is not understood is refused with its place") {
  struct Row {
    std::string text;
    std::string error;
  };
  const Row rows[] = {
      {R"({"evidence":"tdx","verifier":{"local":{}}})", "/evidence: must be azure-vtpm or sev-snp"},
      {R"({"verifier":{"local":{}}})", "/evidence: must be azure-vtpm or sev-snp"},
      {R"({"evidence":"sev-snp"})", "/verifier: must name exactly one of local, maa and kbs"},
      {R"({"evidence":"sev-snp","verifier":{}})",
       "/verifier: must name exactly one of local, maa and kbs"},
      {R"({"evidence":"sev-snp","verifier":{"local":{},"kbs":{}}})",
       "/verifier: must name exactly one of local, maa and kbs"},
      {R"({"evidence":"sev-snp","verifier":{"none":{}}})",
       "/verifier: must be local, maa or kbs with an object of settings"},
      {R"({"evidence":"sev-snp","verifier":{"local":{"minTbc":3}}})",
       "/verifier/local/minTbc: this version knows no such setting"},
      {R"({"evidence":"azure-vtpm","verifier":{"maa":{"issuer":"x","url":"y"}}})",
       "/verifier/maa/url: this version knows no such setting"},
      {R"({"evidence":"azure-vtpm","verifier":{"kbs":{"url":"x","ca":"y"}}})",
       "/verifier/kbs/ca: this version knows no such setting"},
      {R"({"evidence":"sev-snp","device":"tpm0","verifier":{"local":{}}})",
       "/device: must be an absolute path"},
      {R"({"evidence":"sev-snp","verifier":{"local":{}},"pcrs":[]})",
       "/pcrs: this version knows no such setting"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto demand = parse_demand(row.text);
    REQUIRE_FALSE(demand);
    CHECK(demand.error().text() == row.error);
  }
}

TEST_CASE("demand: values of a wrong type and broken JSON are refused") {
  for (const auto* text : {"", "[]", "7", R"({"evidence":1})", R"({"evidence":"sev-snp",)",
                           R"({"evidence":"sev-snp","verifier":"local"})",
                           R"({"evidence":"sev-snp","verifier":{"local":true}})",
                           R"({"evidence":"sev-snp","verifier":{"local":null}})",
                           R"({"evidence":"sev-snp","device":[],"verifier":{"local":{}}})",
                           R"({"evidence":"sev-snp","evidence":"azure-vtpm"})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_demand(text));
  }
}

}  // namespace
}  // namespace cpods::node
