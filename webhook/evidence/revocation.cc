// An entry of a list stands for a serial number and an issuer, the list's own unless the entry
// names another. So the leaf, whose serial number is 0 as that of every VCEK, is looked up by its
// issuer as well, which OpenSSL does.

#include "evidence/revocation.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <string>
#include <utility>

#include "base/freeing.h"
#include "evidence/x509.h"

namespace cpods::evidence {
namespace {

using List = Owned<X509_CRL, X509_CRL_free>;
using Flaw = std::optional<std::string>;

// AMD's have some hundred bytes.
constexpr std::size_t kLongestText = 1 << 20;

List parse_list(ByteView der) {
  const auto* at = der.data();
  List list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) return nullptr;  // trailing bytes
  return list;
}

Bytes der_of(X509_CRL* list) {
  const int size = i2d_X509_CRL(list, nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size));
  auto* at = der.data();
  i2d_X509_CRL(list, &at);
  return der;
}

// Empty where one of them cannot be read.
std::vector<Bytes> lists_of_pem(ByteView text) {
  std::vector<Bytes> lists;
  const Owned<BIO, BIO_free> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  ERR_clear_error();
  while (true) {
    const List each(PEM_read_bio_X509_CRL(bio.get(), nullptr, no_password, nullptr));
    if (!each) break;
    lists.push_back(der_of(each.get()));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return at_end ? lists : std::vector<Bytes>();
}

bool is_pss_sha384(const X509_CRL* list) {
  const X509_ALGOR* algorithm = nullptr;
  X509_CRL_get0_signature(list, nullptr, &algorithm);
  if (OBJ_obj2nid(algorithm->algorithm) != NID_rsassaPss || algorithm->parameter == nullptr) {
    return false;
  }
  const Owned<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free> parameters(static_cast<RSA_PSS_PARAMS*>(
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter)));
  return parameters && parameters->hashAlgorithm != nullptr &&
         OBJ_obj2nid(parameters->hashAlgorithm->algorithm) == NID_sha384;
}

// Not NID_undef, which OpenSSL gives to every extension that it does not know.
constexpr int kNoExtension = -1;

bool has_critical(const STACK_OF(X509_EXTENSION) * extensions, int but) {
  for (int i = 0; i < X509v3_get_ext_count(extensions); ++i) {
    auto* each = X509v3_get_ext(extensions, i);
    const bool is_known = OBJ_obj2nid(X509_EXTENSION_get_object(each)) == but;
    if (X509_EXTENSION_get_critical(each) == 1 && !is_known) return true;
  }
  return false;
}

// What is critical says that the list, or an entry, means something else than it seems to.
bool means_something_else(X509_CRL* list) {
  if (has_critical(X509_CRL_get0_extensions(list), kNoExtension)) return true;
  auto* entries = X509_CRL_get_REVOKED(list);
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const auto* extensions = X509_REVOKED_get0_extensions(sk_X509_REVOKED_value(entries, i));
    if (has_critical(extensions, NID_certificate_issuer)) return true;
  }
  return false;
}

// Whatever the reason is, "removed from the list" included: that one has no place in a whole list.
bool lists_certificate(X509_CRL* list, ByteView der) {
  const auto certificate = parse_certificate(der);
  X509_REVOKED* entry = nullptr;
  return !certificate || X509_CRL_get0_by_cert(list, &entry, certificate.get()) != 0;
}

Flaw flaw_of_times(const X509_CRL* list, const std::string& name, std::time_t now) {
  constexpr int kUnreadable = -2;
  const int begun = ASN1_TIME_cmp_time_t(X509_CRL_get0_lastUpdate(list), now);
  if (begun == kUnreadable || begun > 0) return name + " does not hold yet";
  const auto* next = X509_CRL_get0_nextUpdate(list);
  if (next == nullptr) return name + " does not say until when it holds";
  if (ASN1_TIME_cmp_time_t(next, now) < 0) return name + " has expired";
  return std::nullopt;
}

Flaw flaw_of(X509_CRL* list, X509* root, const VouchedChain& chain, std::time_t now) {
  const auto name = "the list of certificates that AMD's ARK-" + chain.product + " revoked";
  if (!is_pss_sha384(list) || X509_CRL_verify(list, X509_get0_pubkey(root)) != 1) {
    return name + " is not signed by it";
  }
  if (means_something_else(list)) {
    return name + " has a critical extension that this version does not know";
  }
  if (lists_certificate(list, chain.intermediate)) {
    return name + " has the one that signed the certificate of the signing key";
  }
  if (lists_certificate(list, chain.leaf)) {
    return name + " has the certificate of the signing key";
  }
  return flaw_of_times(list, name, now);
}

Flaw flaw_of_all(std::span<const Bytes> lists, const VouchedChain& chain, std::time_t now) {
  const auto root = parse_certificate(chain.root);
  bool found = false;
  for (const auto& der : lists) {
    const auto list = parse_list(der);
    if (!root || !list) return "a list of revoked certificates cannot be read";
    if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(root.get())) != 0) {
      continue;
    }
    found = true;
    if (auto flaw = flaw_of(list.get(), root.get(), chain, now)) return flaw;
  }
  if (found) return std::nullopt;
  return "none of the lists of revoked certificates is of AMD's ARK-" + chain.product;
}

}  // namespace

Proven<std::vector<Bytes>> read_revocation_lists(ByteView der_or_pem) {
  std::vector<Bytes> lists;
  if (der_or_pem.size() > kLongestText) {
    return refuse(Doubt::Malformed, "is longer than a list of revoked certificates may be");
  }
  if (as_text(der_or_pem).contains("-----BEGIN ")) {
    lists = lists_of_pem(der_or_pem);
  } else if (parse_list(der_or_pem)) {
    lists.emplace_back(der_or_pem.begin(), der_or_pem.end());
  }
  ERR_clear_error();
  if (lists.empty()) {
    return refuse(Doubt::Malformed, "holds no list of revoked certificates in DER or PEM");
  }
  return lists;
}

void check_revocation(const std::optional<VouchedChain>& chain,
                      const Proven<std::vector<Bytes>>& lists,
                      std::chrono::system_clock::time_point now, Appraisal& appraisal) {
  constexpr std::string_view kName = "x509.crl";
  if (!lists) {
    appraisal.fail(kName, lists.error().doubt, lists.error().sentence);
    return;
  }
  if (lists->empty()) {
    appraisal.unpinned(kName, "no list of revoked certificates was given");
    return;
  }
  if (!chain) {
    appraisal.skip(kName, "the chain does not hold");
    return;
  }
  const auto flaw = flaw_of_all(*lists, *chain, std::chrono::system_clock::to_time_t(now));
  appraisal.require(!flaw, kName, Doubt::Signature, flaw.value_or(""));
  ERR_clear_error();
}

}  // namespace cpods::evidence
