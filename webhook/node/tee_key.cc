#include "node/tee_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "base/freeing.h"
#include "evidence/place.h"
#include "evidence/rsa_key.h"
#include "json/document.h"
#include "json/writer.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Proven;
using evidence::refuse;

constexpr int kBits = 2048;
constexpr std::size_t kContentKeyBytes = 32;
constexpr std::size_t kIvBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Context = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

struct Jwe {
  std::string protected_header;  // base64url, as it is authenticated
  Bytes encrypted_key;
  Bytes iv;
  Bytes ciphertext;
  Bytes tag;
};

Bytes decoded(json::Node object, std::string_view name) {
  const auto member = evidence::required(object, name);
  auto bytes = base64url_decode(member.text());
  if (!bytes) throw json::Malformed(member.pointer(), "must be base64url");
  return *std::move(bytes);
}

Jwe read_jwe(json::Node root) {
  // A member of its own would be authenticated beside the header; no service here sends one.
  if (const auto aad = root["aad"]; !aad.text().empty()) {
    throw json::Malformed(aad.pointer(), "is not known");
  }
  return {std::string(evidence::required(root, "protected").text()), decoded(root, "encrypted_key"),
          decoded(root, "iv"), decoded(root, "ciphertext"), decoded(root, "tag")};
}

Proven<void> require_algorithms(const Jwe& jwe) {
  const auto header = base64url_decode(jwe.protected_header);
  if (!header) return refuse(Doubt::Malformed, "its protected header is not base64url");
  const auto document = json::Document::parse(std::string(as_text(*header)));
  if (!document) return refuse(Doubt::Malformed, document.error().text());
  const auto fields = document->root();
  if (fields["alg"].text() == "RSA-OAEP-256" && fields["enc"].text() == "A256GCM") return {};
  return refuse(Doubt::NotVerifiable,
                "it is encrypted by " + evidence::brief(fields["alg"].text()) + " and " +
                    evidence::brief(fields["enc"].text()) + " instead of RSA-OAEP-256 and A256GCM");
}

std::unexpected<evidence::Refusal> does_not_open() {
  return refuse(Doubt::Signature, "it does not open with the key of this attestation");
}

// Empty where it does not open.
Bytes unwrap(EVP_PKEY* key, ByteView encrypted) {
  const Context context(EVP_PKEY_CTX_new(key, nullptr));
  std::size_t size = 0;
  if (!context || EVP_PKEY_decrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_decrypt(context.get(), nullptr, &size, encrypted.data(), encrypted.size()) != 1) {
    return {};
  }
  Bytes content(size);
  if (EVP_PKEY_decrypt(context.get(), content.data(), &size, encrypted.data(), encrypted.size()) !=
      1) {
    return {};
  }
  content.resize(size);
  return content;
}

Proven<Bytes> decrypt(const Jwe& jwe, ByteView key) {
  const Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context(EVP_CIPHER_CTX_new());
  const auto aad = as_bytes(jwe.protected_header);
  Bytes content(jwe.ciphertext.size());
  Bytes tag = jwe.tag;
  int size = 0;
  if (!context ||
      EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), key.data(), jwe.iv.data(), nullptr) !=
          1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &size, aad.data(), static_cast<int>(aad.size())) !=
          1 ||
      EVP_DecryptUpdate(context.get(), content.data(), &size, jwe.ciphertext.data(),
                        static_cast<int>(jwe.ciphertext.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                          tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), content.data() + size, &size) != 1) {
    return does_not_open();
  }
  return content;
}

Proven<Bytes> open_with(EVP_PKEY* key, const Jwe& jwe) {
  if (const auto known = require_algorithms(jwe); !known) return std::unexpected(known.error());
  if (jwe.iv.size() != kIvBytes || jwe.tag.size() != kTagBytes) {
    return refuse(Doubt::Malformed, "its iv or tag has another length than A256GCM's");
  }
  auto content_key = unwrap(key, jwe.encrypted_key);
  if (content_key.size() != kContentKeyBytes) return does_not_open();
  auto content = decrypt(jwe, content_key);
  OPENSSL_cleanse(content_key.data(), content_key.size());
  return content;
}

}  // namespace

struct TeeKey::Secret {
  Owned<EVP_PKEY, EVP_PKEY_free> key;
};

TeeKey::TeeKey(std::unique_ptr<Secret> secret) : secret_(std::move(secret)) {}
TeeKey::TeeKey(TeeKey&&) noexcept = default;
TeeKey& TeeKey::operator=(TeeKey&&) noexcept = default;
TeeKey::~TeeKey() = default;

Proven<TeeKey> TeeKey::generate() {
  Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_RSA_gen(kBits));
  if (!key) return refuse(Doubt::Transport, "no key can be made on this node");
  return TeeKey(std::make_unique<Secret>(Secret{std::move(key)}));
}

std::string TeeKey::jwk() const {
  const auto key = evidence::public_part(secret_->key.get());
  json::Writer out;
  out.object().field("alg", "RSA-OAEP-256").field("e", base64url_encode(key.exponent));
  return out.field("kty", "RSA").field("n", base64url_encode(key.modulus)).end().take();
}

Proven<Bytes> TeeKey::open(std::string_view jwe) const {
  const auto document = json::Document::parse(std::string(jwe));
  if (!document) return refuse(Doubt::Malformed, document.error().text());
  try {
    return open_with(secret_->key.get(), read_jwe(document->root()));
  } catch (const json::Malformed& wrong) {
    return refuse(Doubt::Malformed, evidence::sentence_of(wrong));
  }
}

}  // namespace cpods::node
