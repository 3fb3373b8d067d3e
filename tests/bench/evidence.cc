// What verifying one evidence costs, in this process, and what of it is spent on what. Beside it
// stands the floor: OpenSSL alone on the same five signatures, keys and certificates parsed before.
//
//   cpods_bench_evidence EVIDENCE.json [ARK.pem ASK.pem ASVK.pem]
//
// With certificates, they stand in for AMD's of Milan. Writes one JSON object: medians in
// milliseconds, rounds interleaved so that a machine whose speed drifts slows all alike.

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/freeing.h"
#include "evidence/evidence_json.h"
#include "evidence/hcl_report.h"
#include "evidence/runtime_claims.h"
#include "evidence/verifier.h"

namespace {

using namespace cpods;
using namespace cpods::evidence;

constexpr int kRounds = 300;

void need(bool held, const std::string& what) {
  if (!held) throw std::runtime_error(what);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  need(file.is_open(), path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

// ---- The floor --------------------------------------------------------------------------------

using Certificate = Owned<X509, X509_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Digesting = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

Certificate certificate_of(ByteView der) {
  const auto* at = der.data();
  Certificate made(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  need(made != nullptr, "a certificate cannot be parsed");
  return made;
}
Certificate certificate_of(const RootCertificate& root) {
  return certificate_of(base64_decode(root.der).value());
}

Key key_of(const RsaKey& rsa) {
  const auto number = [](const Bytes& bytes) {
    return Owned<BIGNUM, BN_free>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  };
  const auto n = number(rsa.modulus);
  const auto e = number(rsa.exponent);
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(build.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  need(EVP_PKEY_fromdata_init(context.get()) == 1 &&
           EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1,
       "the attestation key is no RSA key");
  return Key(key);
}

// R and S of a report as the DER form that OpenSSL takes.
Bytes der_signature(ByteView report) {
  const auto number = [&](std::size_t offset) {
    return BN_lebin2bn(report.data() + offset, 72, nullptr);
  };
  const Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), number(0x2A0), number(0x2E8));
  Bytes der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)));
  auto* at = der.data();
  i2d_ECDSA_SIG(signature.get(), &at);
  return der;
}

void verify_digest(EVP_PKEY* key, const EVP_MD* digest, ByteView text, ByteView signature) {
  const Digesting context(EVP_MD_CTX_new());
  need(EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), text.data(),
                            text.size()) == 1,
       "a signature does not hold");
}

// ---- Measuring --------------------------------------------------------------------------------

struct Task {
  std::string name;
  std::function<void()> work;
  std::vector<double> milliseconds = {};
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double time_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

void print_medians(std::vector<Task>& tasks) {
  for (int round = 0; round < kRounds; ++round) {
    for (auto& task : tasks) task.milliseconds.push_back(time_of(task.work));
  }
  std::printf("{");
  const char* comma = "";
  for (const auto& task : tasks) {
    std::printf("%s\"%s\": %.4f", comma, task.name.c_str(), median(task.milliseconds));
    comma = ", ";
  }
  std::printf("}\n");
}

// ---- The bench --------------------------------------------------------------------------------

Roots roots_of(int argc, char** argv, std::vector<std::string>& texts) {
  auto roots = amd_roots();
  if (argc < 5) return roots;
  texts.reserve(6);
  const auto root = [&](const char* path) {
    const auto der = read_certificates(as_bytes(read_file(path))).value().front();
    const auto& text = texts.emplace_back(base64_encode(der));
    const auto& digest = texts.emplace_back(hex_encode(sha256(der)));
    return RootCertificate{text, digest};
  };
  roots[0] = {"Milan", root(argv[2]), root(argv[3]), root(argv[4])};
  return roots;
}

void bench(const std::string& text, const Roots& roots) {
  const auto read = read_evidence(text);
  need(read.has_value() && std::holds_alternative<VtpmEvidence>(*read), "no evidence of a vTPM");
  const auto& evidence = std::get<VtpmEvidence>(*read);
  const Expectations expected{
      .nonce = {}, .policy = {}, .now = std::chrono::system_clock::now(), .roots = roots};
  const auto appraisal = verify(evidence, expected);
  need(appraisal.verified(), "the evidence is not verified");

  const auto* product =
      std::ranges::find(roots, product_of_leaf(evidence.chain.leaf), &ProductRoots::product);
  need(product != roots.end(), "the leaf's product is not known");
  const auto ark = certificate_of(product->ark);
  const auto ask = certificate_of(product->ask);
  const auto leaf = certificate_of(evidence.chain.leaf);
  auto* ark_key = X509_get0_pubkey(ark.get());
  auto* ask_key = X509_get0_pubkey(ask.get());
  auto* leaf_key = X509_get0_pubkey(leaf.get());
  const auto hcl = read_hcl_report(evidence.hcl_report).value();
  Appraisal ignored;
  const auto claims = check_runtime_claims(hcl.runtime_claims, ignored).value();
  const auto attestation_key = key_of(claims.attestation_key);
  const auto ecdsa = der_signature(hcl.hardware_report);

  const auto chain = [&] {
    need(X509_verify(ark.get(), ark_key) == 1 && X509_verify(ask.get(), ark_key) == 1 &&
             X509_verify(leaf.get(), ask_key) == 1,
         "the chain does not hold");
  };
  const auto report = [&] {
    verify_digest(leaf_key, EVP_sha384(), hcl.hardware_report.first(0x2A0), ecdsa);
  };
  const auto quote = [&] {
    verify_digest(attestation_key.get(), EVP_sha256(), evidence.quote, evidence.signature);
  };
  const SnpReport snp = read_snp_report(hcl.hardware_report);
  std::vector<Task> tasks = {
      {"verify", [&] { need(verify(evidence, expected).verified(), "not verified"); }},
      {"read and verify",
       [&] {
         const auto again = read_evidence(text);
         need(verify(std::get<VtpmEvidence>(*again), expected).verified(), "not verified");
       }},
      {"floor: chain, RSA, three signatures", chain},
      {"floor: report, ECDSA P-384", report},
      {"floor: quote, RSA-2048", quote},
      {"part: evidence JSON", [&] { need(read_evidence(text).has_value(), "not read"); }},
      {"part: chain and report",
       [&] {
         Appraisal part;
         check_amd_signature(snp, hcl.hardware_report, evidence.chain, expected.now, roots, part);
       }},
      {"part: parsing the certificates",
       [&] {
         (void)certificate_of(product->ark);
         (void)certificate_of(product->ask);
         (void)certificate_of(evidence.chain.leaf);
       }},
      {"part: runtime claims",
       [&] {
         Appraisal part;
         need(check_runtime_claims(hcl.runtime_claims, part).has_value(), "no claims");
       }},
      {"part: quote",
       [&] {
         need(is_signed_by(claims.attestation_key, evidence.quote, evidence.signature), "no quote");
       }},
  };
  print_medians(tasks);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    std::fprintf(stderr, "usage: %s EVIDENCE.json [ARK.pem ASK.pem ASVK.pem]\n", argv[0]);
    return 2;
  }
  try {
    std::vector<std::string> texts;  // what the roots look at
    const auto roots = roots_of(argc, argv, texts);
    bench(read_file(argv[1]), roots);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
