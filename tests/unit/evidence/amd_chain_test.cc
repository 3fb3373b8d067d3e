#include "evidence/amd_chain.h"

#include <doctest/doctest.h>
#include <openssl/ui.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

using sample::Leaf;

// The signature checks alone, of a bare report.
Appraisal check(const Bytes& report, const CertificateChain& chain,
                std::chrono::system_clock::time_point now = sample::now()) {
  Appraisal appraisal;
  check_amd_signature(read_snp_report(report), report, chain, now, sample::roots(), appraisal);
  return appraisal;
}
Appraisal check(const CertificateChain& chain) {
  return check(sample::snp_report(""), chain);
}
Appraisal check(const Leaf& leaf) {
  return check({.leaf = sample::milan().issue(leaf), .others = {}});
}

// A report of another product, signed by the samples' chip.
Bytes report_of(std::uint8_t family, std::uint8_t model,
                const std::array<std::uint8_t, 8>& tcb = sample::kMilanTcb,
                std::size_t chip_bytes = 64) {
  Bytes report = sample::snp_report("");
  report[0x188] = family;
  report[0x189] = model;
  for (const std::size_t at : {0x038U, 0x180U, 0x1E0U}) {
    std::ranges::copy(tcb, report.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::fill(report.begin() + 0x1A0 + static_cast<std::ptrdiff_t>(chip_bytes),
            report.begin() + 0x1E0, std::uint8_t{0});
  sample::chip_key().sign(report);
  return report;
}

TEST_CASE("chain: a report signed by the key of its chip's VCEK holds") {
  const auto appraisal = check(sample::vcek_leaf());
  CHECK(appraisal.verified());
  CHECK(sample::joined(sample::with(Status::Passed, appraisal)) ==
        "x509.parse x509.root_pin x509.chain snp.signing_key vcek.product vcek.tcb vcek.hwid "
        "x509.key sig.range snp.ecdsa");
}

TEST_CASE("chain: what may come with the leaf, in any order") {
  const auto& family = sample::milan();
  const std::vector<std::vector<Bytes>> chains = {{},
                                                  {family.ask()},
                                                  {family.ark()},
                                                  {family.ask(), family.ark()},
                                                  {family.ark(), family.ask()},
                                                  {family.ask(), family.ark(), family.asvk()}};
  for (const auto& others : chains) {
    CAPTURE(others.size());
    CHECK(check({.leaf = sample::vcek(), .others = others}).verified());
  }
}

TEST_CASE("chain: what may not come with the leaf") {
  const auto& milan = sample::milan();
  const auto& genoa = sample::genoa();
  struct Row {
    std::string why;
    std::vector<Bytes> others;
    std::string failed;
  };
  const Row rows[] = {
      {"another product's root", {genoa.ark()}, "x509.root_pin"},
      {"another product's chain", {genoa.ask(), genoa.ark()}, "x509.root_pin x509.chain"},
      {"another product's intermediate", {genoa.ask()}, "x509.chain"},
      {"VLEK's intermediate", {milan.asvk()}, "x509.chain"},
      {"the leaf again", {sample::vcek()}, "x509.chain"},
      {"two roots", {milan.ark(), milan.ark()}, "x509.parse"},
      {"no certificate", {Bytes{0x30, 0x00}}, "x509.parse"},
      {"an empty one", {Bytes{}}, "x509.parse"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    CHECK(sample::failed(check({.leaf = sample::vcek(), .others = row.others})) == row.failed);
  }
}

TEST_CASE("chain: a leaf that cannot be read leaves everything after it unchecked") {
  Bytes trailing = sample::vcek();
  trailing.push_back(0);
  Bytes cut = sample::vcek();
  cut.pop_back();
  for (const auto& leaf : {Bytes{}, Bytes{0x30}, trailing, cut}) {
    const auto appraisal = check({.leaf = leaf, .others = {}});
    CHECK(sample::failed(appraisal) == "x509.parse");
    CHECK(sample::skipped(appraisal) ==
          "x509.root_pin x509.chain snp.signing_key vcek.product vcek.tcb vcek.hwid sig.range "
          "snp.ecdsa");
  }
}

TEST_CASE("chain: each thing that a leaf says fails its own check when it is another") {
  const auto changed = [](const std::string& suffix, const Bytes& value) {
    auto leaf = sample::vcek_leaf();
    leaf.set(suffix, value);
    return leaf;
  };
  const auto doubled = [](const std::string& suffix) {
    auto leaf = sample::vcek_leaf();
    for (const auto& each : sample::vcek_leaf().extensions) {
      if (each.suffix == suffix) leaf.extensions.push_back(each);
    }
    return leaf;
  };
  const auto named = [](const std::string& subject) {
    auto leaf = sample::vcek_leaf();
    leaf.subject = subject;
    return leaf;
  };
  auto other_chip = sample::hwid(64);
  other_chip.back() ^= 1;
  Bytes wrapped(66);
  wrapped[0] = 0x04;
  wrapped[1] = 64;
  std::ranges::copy(sample::hwid(64), wrapped.begin() + 2);
  const sample::ReportKey small_key("P-256");
  const sample::ReportKey other_key;
  auto of_p256 = sample::vcek_leaf();
  of_p256.key = small_key.get();
  auto of_other_key = sample::vcek_leaf();
  of_other_key.key = other_key.get();
  auto pkcs1 = sample::vcek_leaf();
  pkcs1.pss = false;
  auto of_sha256 = sample::vcek_leaf();
  of_sha256.digest = EVP_sha256();
  struct Row {
    std::string why;
    Leaf leaf;
    std::string failed;
  };
  const Row rows[] = {
      {"no HWID", changed("4", {}), "vcek.hwid"},
      {"HWID of another chip", changed("4", other_chip), "vcek.hwid"},
      {"HWID cut to Turin's 8 bytes", changed("4", sample::hwid(8)), "vcek.hwid"},
      {"HWID wrapped in an OCTET STRING", changed("4", wrapped), "vcek.hwid"},
      {"two HWIDs", doubled("4"), "vcek.hwid"},
      {"no bootloader version", changed("3.1", {}), "vcek.tcb"},
      {"two bootloader versions", doubled("3.1"), "vcek.tcb"},
      {"another bootloader version", changed("3.1", sample::der_integer(5)), "vcek.tcb"},
      {"another tee version", changed("3.2", sample::der_integer(1)), "vcek.tcb"},
      {"an older snp version", changed("3.3", sample::der_integer(21)), "vcek.tcb"},
      {"another microcode version", changed("3.8", sample::der_integer(212)), "vcek.tcb"},
      {"microcode as a negative INTEGER", changed("3.8", {0x02, 0x01, 213}), "vcek.tcb"},
      {"snp padded with a zero", changed("3.3", {0x02, 0x02, 0, 22}), "vcek.tcb"},
      {"snp without a tag", changed("3.3", {22}), "vcek.tcb"},
      {"snp as another type", changed("3.3", {0x04, 0x01, 22}), "vcek.tcb"},
      {"snp with a byte behind it", changed("3.3", {0x02, 0x01, 22, 0}), "vcek.tcb"},
      {"another product name", changed("2", sample::ia5_string("Genoa")), "vcek.product"},
      {"a longer product name", changed("2", sample::ia5_string("Milano")), "vcek.product"},
      {"no product name", changed("2", {}), "vcek.product"},
      {"two product names", doubled("2"), "vcek.product"},
      {"the name of no kind of key", named("SEV-Milan"), "snp.signing_key"},
      {"VCEK without SEV", named("VCEK"), "snp.signing_key"},
      {"a key of P-256", of_p256, "x509.key"},
      {"a key that did not sign", of_other_key, "snp.ecdsa"},
      {"a signature that is not PSS", pkcs1, "x509.chain"},
      {"a signature with SHA-256", of_sha256, "x509.chain"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    const auto appraisal = check(row.leaf);
    CHECK(sample::failed(appraisal) == row.failed);
    CHECK_FALSE(appraisal.verified());
    CHECK(appraisal.decisive()->doubt == Doubt::Signature);
  }
}

TEST_CASE("chain: an intermediate of fewer than 3072 bits vouches for nobody") {
  const sample::Family weak("Milan", sample::PrivateKey(EVP_RSA_gen(2048), EVP_PKEY_free));
  auto weak_roots = sample::roots();
  const auto ark = base64_encode(weak.ark());
  const auto digest = hex_encode(sha256(weak.ark()));
  weak_roots[0].ark = {ark, digest};
  const auto report = sample::snp_report("");
  Appraisal appraisal;
  check_amd_signature(read_snp_report(report), report,
                      {.leaf = weak.issue(sample::vcek_leaf()), .others = {weak.ask()}},
                      sample::now(), weak_roots, appraisal);
  CHECK(sample::failed(appraisal) == "x509.chain");
}

TEST_CASE("chain: certificates hold from their first second to their last") {
  const auto at = [](std::time_t seconds) {
    return check(sample::snp_report(""), {.leaf = sample::vcek(), .others = {}},
                 std::chrono::system_clock::from_time_t(seconds));
  };
  constexpr std::time_t kBegin = 1600000000;
  constexpr std::time_t kEnd = kBegin + std::time_t{25} * 365 * 86400;
  CHECK(at(kBegin + 1).verified());
  CHECK(at(kEnd - 1).verified());
  CHECK(sample::failed(at(kBegin - 1)) == "x509.chain");
  CHECK(sample::failed(at(kEnd + 1)) == "x509.chain");
  CHECK(at(kEnd + 1).find("x509.chain")->detail.ends_with("certificate has expired"));
}

TEST_CASE("chain: Genoa's and Turin's reports hang from their own roots") {
  auto genoa = sample::vcek_leaf();
  genoa.set("2", sample::ia5_string("Genoa"));
  CHECK(check(report_of(0x19, 0x11), {.leaf = sample::genoa().issue(genoa), .others = {}})
            .verified());
  CHECK(check(report_of(0x1A, 0x02, sample::kTurinTcb, 8),
              {.leaf = sample::turin().issue(sample::turin_leaf()), .others = {}})
            .verified());
}

TEST_CASE("chain: a Turin has an fmc version and 8 bytes of HWID, the rest of the chip id zero") {
  const auto failed = [](const Bytes& report, const Leaf& leaf) {
    return sample::failed(check(report, {.leaf = sample::turin().issue(leaf), .others = {}}));
  };
  auto no_fmc = sample::turin_leaf();
  no_fmc.set("3.9", {});
  auto other_fmc = sample::turin_leaf();
  other_fmc.set("3.9", sample::der_integer(2));
  auto milan_layout = sample::kTurinTcb;
  milan_layout = {2, 3, 1, 0, 0, 0, 4, 75};
  CHECK(failed(report_of(0x1A, 0x02, sample::kTurinTcb, 8), no_fmc) == "vcek.tcb");
  CHECK(failed(report_of(0x1A, 0x02, sample::kTurinTcb, 8), other_fmc) == "vcek.tcb");
  CHECK(failed(report_of(0x1A, 0x02, milan_layout, 8), sample::turin_leaf()) == "vcek.tcb");
  CHECK(failed(report_of(0x1A, 0x02, sample::kTurinTcb, 9), sample::turin_leaf()) == "vcek.hwid");
}

TEST_CASE("chain: a Milan has 64 bytes of HWID, whatever zeros its chip id has") {
  auto leaf = sample::vcek_leaf();
  leaf.set("4", sample::hwid(8));
  const auto report = report_of(0x19, 0x01, sample::kMilanTcb, 8);
  CHECK(sample::failed(check(report, {.leaf = sample::milan().issue(leaf), .others = {}})) ==
        "vcek.hwid");
}

TEST_CASE("chain: one product's certificate does not stand for another's report") {
  const auto appraisal = check(report_of(0x19, 0x11), {.leaf = sample::vcek(), .others = {}});
  CHECK(sample::failed(appraisal) == "x509.chain vcek.product");
}

TEST_CASE("chain: a processor that nobody knows yet is of the product whose root vouches for it") {
  for (const auto family : {std::uint8_t{0x17}, std::uint8_t{0x1B}}) {
    const auto report = report_of(family, 0x01);
    CHECK(check(report, {.leaf = sample::vcek(), .others = {}}).verified());
    CHECK(sample::failed(check(report, {.leaf = sample::forged().issue(sample::vcek_leaf()),
                                        .others = {}})) == "x509.chain");
  }
}

TEST_CASE("chain: a report of version 2, without CPUID, is its issuer's product") {
  Bytes report = sample::snp_report("");
  sample::put_u32(report, 0x000, 2);
  std::fill_n(report.begin() + 0x188, 3, std::uint8_t{0});
  sample::chip_key().sign(report);
  CHECK(check(report, {.leaf = sample::vcek(), .others = {}}).verified());
  CHECK(product_of_leaf(sample::vcek()) == "Milan");
  CHECK(product_of_leaf(sample::milan().issue(sample::vlek_leaf())) == "Milan");
  CHECK(product_of_leaf(sample::milan().ark()) == "Milan");
  CHECK(product_of_leaf(Bytes{}) == "");
  auto stranger = sample::vcek_leaf();
  stranger.issuer = "SEV-Naples";
  CHECK(product_of_leaf(sample::milan().issue(stranger)) == "");
  CHECK(sample::failed(check(report, {.leaf = sample::milan().issue(stranger), .others = {}})) ==
        "x509.root_pin");
}

TEST_CASE("chain: a VLEK is of a provider and signs as one") {
  const auto failed = [](const Leaf& leaf, std::uint32_t key_info) {
    Bytes report = sample::snp_report("");
    sample::put_u32(report, 0x048, key_info);
    sample::chip_key().sign(report);
    return sample::failed(check(report, {.leaf = sample::milan().issue(leaf), .others = {}}));
  };
  constexpr std::uint32_t kVcek = 0, kVlek = 1 << 2, kNone = 7 << 2;
  CHECK(failed(sample::vlek_leaf(), kVlek) == "");
  CHECK(failed(sample::vlek_leaf(), kVcek) == "snp.signing_key");
  CHECK(failed(sample::vcek_leaf(), kVlek) == "snp.signing_key");
  CHECK(failed(sample::vcek_leaf(), kNone) == "snp.signing_key");
  auto with_chip = sample::vlek_leaf();
  with_chip.set("4", sample::hwid(64));
  CHECK(failed(with_chip, kVlek) == "vcek.hwid");
  auto nobodys = sample::vlek_leaf();
  nobodys.set("5", {});
  CHECK(failed(nobodys, kVlek) == "vcek.hwid");
}

TEST_CASE("chain: every bit of the signed bytes, and of R and S, is under the signature") {
  const Bytes whole = sample::snp_report("");
  // Each byte of the signed range would take a minute; a stride that meets every field does not.
  for (std::size_t offset = 0; offset < 0x330; offset += 7) {
    // What is read from these places would choose other roots or fail other checks, too.
    if (offset == 0 || (offset >= 0x2E0 && offset < 0x2E8)) continue;
    CAPTURE(offset);
    Bytes spoilt = whole;
    spoilt[offset] ^= 1;
    const auto appraisal = check(spoilt, {.leaf = sample::vcek(), .others = {}});
    const auto* ecdsa = appraisal.find("snp.ecdsa");
    REQUIRE(ecdsa != nullptr);
    CHECK(ecdsa->status != Status::Passed);
    CHECK_FALSE(appraisal.verified());
  }
}

TEST_CASE("chain: R and S are numbers between zero and the order") {
  const auto failed = [](std::size_t at, const Bytes& number) {
    Bytes report = sample::snp_report("");
    std::ranges::copy(number, report.begin() + static_cast<std::ptrdiff_t>(at));
    return sample::failed(check(report, {.leaf = sample::vcek(), .others = {}}));
  };
  // The order of P-384, little-endian.
  auto order = hex_decode(
                   "ffffffffffffffffffffffffffffffffffffffffffffffff"
                   "c7634d81f4372ddf581a0db248b0a77aecec196accc52973")
                   .value();
  std::ranges::reverse(order);
  order.resize(72);
  for (const std::size_t at : {0x2A0U, 0x2E8U}) {
    CHECK(failed(at, Bytes(72)) == "sig.range snp.ecdsa");
    CHECK(failed(at, order) == "sig.range snp.ecdsa");
    CHECK(failed(at, Bytes(72, 0xFF)) == "sig.range snp.ecdsa");
  }
}

TEST_CASE("certificates: DER is one, PEM all that there are") {
  const auto& family = sample::milan();
  const auto one = read_certificates(family.ark());
  REQUIRE(one);
  CHECK(*one == std::vector<Bytes>{family.ark()});
  const auto text = sample::pem(family.ask()) + "# and its root\n" + sample::pem(family.ark());
  const auto two = read_certificates(as_bytes(text));
  REQUIRE(two);
  CHECK(*two == std::vector<Bytes>{family.ask(), family.ark()});
}

TEST_CASE("certificates: where there is none, that is said") {
  Bytes trailing = sample::vcek();
  trailing.push_back(0);
  const std::string texts[] = {"", "none", "-----BEGIN CERTIFICATE-----\n",
                               "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                               std::string(as_text(trailing))};
  for (const auto& text : texts) {
    const auto read = read_certificates(as_bytes(text));
    REQUIRE_FALSE(read);
    CHECK(read.error() == Refusal{Doubt::Malformed, "holds no X.509 certificate in DER or PEM"});
  }
}

// Takes the place of the terminal that OpenSSL would ask at, and remembers that it did.
class Terminal {
 public:
  Terminal() : method_(UI_create_method("test")) {
    asked_ = false;
    UI_method_set_opener(method_, [](UI* /*ui*/) {
      asked_ = true;
      return 0;
    });
    UI_set_default_method(method_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    UI_set_default_method(UI_OpenSSL());
    UI_destroy_method(method_);
  }
  [[nodiscard]] static bool was_asked() { return asked_; }

 private:
  static inline bool asked_ = false;
  UI_METHOD* method_;
};

TEST_CASE("certificates: nobody is asked for the password of an encrypted one") {
  const Terminal terminal;
  const auto locked = sample::locked_pem(sample::vcek());
  const auto alone = read_certificates(as_bytes(locked));
  REQUIRE_FALSE(alone);
  CHECK(alone.error() == Refusal{Doubt::Malformed, "holds no X.509 certificate in DER or PEM"});
  const auto behind = read_certificates(as_bytes(sample::pem(sample::vcek()) + locked));
  REQUIRE(behind);
  CHECK(*behind == std::vector<Bytes>{sample::vcek()});
  CHECK_FALSE(terminal.was_asked());
}

TEST_CASE("certificates: a long list is not read to its end") {
  std::string many;
  for (int i = 0; i < 100; ++i) many += sample::pem(sample::vcek());
  const auto read = read_certificates(as_bytes(many));
  REQUIRE(read);
  CHECK(read->size() == 8);
}

TEST_CASE("certificates: a leaf that came alone gets the built-in ones above it, and no other") {
  const auto completed = [](Bytes leaf, std::vector<Bytes> others = {}) {
    CertificateChain chain{.leaf = std::move(leaf), .others = std::move(others)};
    complete(chain, sample::roots());
    return chain.others;
  };
  const auto& milan = sample::milan();
  CHECK(completed(sample::vcek()) == std::vector<Bytes>{milan.ask(), milan.ark()});
  CHECK(completed(milan.issue(sample::vlek_leaf())) ==
        std::vector<Bytes>{milan.asvk(), milan.ark()});
  CHECK(completed(sample::turin().issue(sample::turin_leaf())) ==
        std::vector<Bytes>{sample::turin().ask(), sample::turin().ark()});
  CHECK(completed(sample::vcek(), {milan.ark()}) == std::vector<Bytes>{milan.ark()});
  CHECK(completed({}).empty());
  CHECK(completed(Bytes(100, 0x30)).empty());
}

}  // namespace
}  // namespace cpods::evidence
