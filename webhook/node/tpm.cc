#include "node/tpm.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <span>

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::PcrBank;
using evidence::Proven;
using evidence::refuse;

// TPM_PT_NV_BUFFER_MAX of Azure's vTPM and of every PC Client TPM is at least this.
constexpr std::size_t kNvChunk = 1024;

// Somebody else of the node may define and undefine the same index.
constexpr int kPutAttempts = 4;

struct EsysFree {
  void operator()(void* pointer) const { Esys_Free(pointer); }
};
template <typename T>
using Answer = std::unique_ptr<T, EsysFree>;

// Response codes of format one carry the number of the handle at fault beside the code.
bool says_no_such_handle(TSS2_RC code) {
  const TSS2_RC answer = code & ~static_cast<TSS2_RC>(TSS2_RC_LAYER_MASK);
  constexpr TSS2_RC kFormatOneCode = 0xBF;
  return (answer & TPM2_RC_FMT1) != 0 && (answer & kFormatOneCode) == TPM2_RC_HANDLE;
}

std::unexpected<evidence::Refusal> failed(const std::string& command, TSS2_RC code) {
  return refuse(Doubt::Transport, command + " failed: " + Tss2_RC_Decode(code));
}

std::string hexadecimal(std::uint32_t handle) {
  const std::uint8_t bytes[] = {
      static_cast<std::uint8_t>(handle >> 24), static_cast<std::uint8_t>(handle >> 16),
      static_cast<std::uint8_t>(handle >> 8), static_cast<std::uint8_t>(handle)};
  return "0x" + hex_encode(bytes);
}

TPML_PCR_SELECTION sha256_bank() {
  TPML_PCR_SELECTION selection{};
  selection.count = 1;
  selection.pcrSelections[0].hash = TPM2_ALG_SHA256;
  selection.pcrSelections[0].sizeofSelect = evidence::kPcrs / 8;
  std::ranges::fill_n(selection.pcrSelections[0].pcrSelect, evidence::kPcrs / 8, BYTE{0xFF});
  return selection;
}

// Copies the digests that one TPM2_PCR_Read returned into `bank` and takes them off `missing`.
bool take_read_pcrs(const TPML_PCR_SELECTION& read, const TPML_DIGEST& values, PcrBank& bank,
                    TPML_PCR_SELECTION& missing) {
  if (read.count != 1 || read.pcrSelections[0].hash != TPM2_ALG_SHA256 ||
      read.pcrSelections[0].sizeofSelect != evidence::kPcrs / 8) {
    return false;
  }
  std::size_t next = 0;
  for (std::size_t pcr = 0; pcr < evidence::kPcrs; ++pcr) {
    const auto bit = static_cast<BYTE>(1U << (pcr % 8));
    if ((read.pcrSelections[0].pcrSelect[pcr / 8] & bit) == 0) continue;
    if (next >= values.count || values.digests[next].size != bank[pcr].size()) return false;
    std::ranges::copy(std::span(values.digests[next++].buffer, bank[pcr].size()),
                      bank[pcr].begin());
    auto& left = missing.pcrSelections[0].pcrSelect[pcr / 8];
    left = static_cast<BYTE>(left & ~bit);
  }
  return next > 0 && next == values.count;
}

bool anything_selected(const TPML_PCR_SELECTION& selection) {
  return std::ranges::any_of(std::span(selection.pcrSelections[0].pcrSelect, evidence::kPcrs / 8),
                             [](BYTE byte) { return byte != 0; });
}

}  // namespace

struct Tpm::Connection {
  TSS2_TCTI_CONTEXT* tcti = nullptr;
  ESYS_CONTEXT* esys = nullptr;

  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (esys != nullptr) Esys_Finalize(&esys);
    if (tcti != nullptr) Tss2_TctiLdr_Finalize(&tcti);
  }

  // The ESYS object of a persistent handle or NV index, which asks the TPM for its public part;
  // ESYS_TR_NONE where there is none.
  Proven<ESYS_TR> find(std::uint32_t handle, const std::string& what) {
    ESYS_TR found = ESYS_TR_NONE;
    const TSS2_RC code =
        Esys_TR_FromTPMPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found);
    if (says_no_such_handle(code)) return ESYS_TR_NONE;
    if (code != TSS2_RC_SUCCESS) return failed("reading the public part of " + what, code);
    return found;
  }

  // One that every vTPM of an Azure confidential VM has.
  Proven<ESYS_TR> object(std::uint32_t handle, const std::string& what) {
    const auto found = find(handle, what);
    if (found && *found == ESYS_TR_NONE) {
      return refuse(Doubt::NotATee, "this TPM has no " + what + " at " + hexadecimal(handle) +
                                        ", so it is not the vTPM of an Azure confidential VM");
    }
    return found;
  }

  Proven<std::size_t> size_of_nv(ESYS_TR object, std::uint32_t index) {
    TPM2B_NV_PUBLIC* nv_public = nullptr;
    const TSS2_RC code = Esys_NV_ReadPublic(esys, object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                            &nv_public, nullptr);
    const Answer<TPM2B_NV_PUBLIC> owned(nv_public);
    if (code != TSS2_RC_SUCCESS) return failed("TPM2_NV_ReadPublic of " + hexadecimal(index), code);
    return nv_public->nvPublic.dataSize;  // of 16 bits: 64 KiB at most
  }
};

Tpm::Tpm(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Tpm::Tpm(Tpm&&) noexcept = default;
Tpm& Tpm::operator=(Tpm&&) noexcept = default;
Tpm::~Tpm() = default;

Proven<Tpm> Tpm::open(const std::string& tcti) {
  auto connection = std::make_unique<Connection>();
  TSS2_RC code = Tss2_TctiLdr_Initialize(tcti.c_str(), &connection->tcti);
  if (code != TSS2_RC_SUCCESS) return failed("opening the TPM at " + tcti, code);
  code = Esys_Initialize(&connection->esys, connection->tcti, nullptr);
  if (code != TSS2_RC_SUCCESS) return failed("opening the TPM at " + tcti, code);
  return Tpm(std::move(connection));
}

Proven<void> Tpm::require_nv(std::uint32_t index) {
  if (const auto object = connection_->object(index, "NV index"); !object) {
    return std::unexpected(object.error());
  }
  return {};
}

Proven<Bytes> Tpm::read_nv(std::uint32_t index) {
  ESYS_CONTEXT* const esys = connection_->esys;
  const auto object = connection_->object(index, "NV index");
  if (!object) return std::unexpected(object.error());
  const auto size = connection_->size_of_nv(*object, index);
  if (!size) return std::unexpected(size.error());
  Bytes content;
  while (content.size() < *size) {
    const auto chunk = static_cast<UINT16>(std::min(kNvChunk, *size - content.size()));
    TPM2B_MAX_NV_BUFFER* data = nullptr;
    const TSS2_RC code =
        Esys_NV_Read(esys, ESYS_TR_RH_OWNER, *object, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                     chunk, static_cast<UINT16>(content.size()), &data);
    const Answer<TPM2B_MAX_NV_BUFFER> owned_data(data);
    if (code != TSS2_RC_SUCCESS) return failed("TPM2_NV_Read of " + hexadecimal(index), code);
    if (data->size != chunk) {
      return refuse(Doubt::Transport, "TPM2_NV_Read of " + hexadecimal(index) +
                                          " answered with another number of bytes than asked for");
    }
    content.insert(content.end(), data->buffer, data->buffer + data->size);
  }
  return content;
}

Proven<void> Tpm::define_nv(std::uint32_t index, std::size_t size) {
  TPM2B_NV_PUBLIC wanted{};
  wanted.nvPublic.nvIndex = index;
  wanted.nvPublic.nameAlg = TPM2_ALG_SHA256;
  wanted.nvPublic.attributes =
      TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHWRITE | TPMA_NV_AUTHREAD;
  wanted.nvPublic.dataSize = static_cast<UINT16>(size);
  const TPM2B_AUTH no_password{};
  ESYS_TR defined = ESYS_TR_NONE;
  const TSS2_RC code =
      Esys_NV_DefineSpace(connection_->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                          ESYS_TR_NONE, &no_password, &wanted, &defined);
  // Another step of this node may have been first.
  if (code == TSS2_RC_SUCCESS || code == TPM2_RC_NV_DEFINED) return {};
  return failed("TPM2_NV_DefineSpace of " + hexadecimal(index), code);
}

// False where the index has gone in the meantime.
Proven<bool> Tpm::write_nv(std::uint32_t index, ByteView content) {
  const auto object = connection_->find(index, "NV index");
  if (!object) return std::unexpected(object.error());
  if (*object == ESYS_TR_NONE) return false;
  TPM2B_MAX_NV_BUFFER data{};
  data.size = static_cast<UINT16>(content.size());
  std::ranges::copy(content, data.buffer);
  const TSS2_RC code = Esys_NV_Write(connection_->esys, ESYS_TR_RH_OWNER, *object, ESYS_TR_PASSWORD,
                                     ESYS_TR_NONE, ESYS_TR_NONE, &data, 0);
  if (says_no_such_handle(code)) return false;
  if (code != TSS2_RC_SUCCESS) return failed("TPM2_NV_Write of " + hexadecimal(index), code);
  return true;
}

// Leaves an index of this size, or none.
Proven<void> Tpm::remove_nv_unless(std::uint32_t index, std::size_t size) {
  const auto object = connection_->find(index, "NV index");
  if (!object) return std::unexpected(object.error());
  if (*object == ESYS_TR_NONE) return {};
  const auto present = connection_->size_of_nv(*object, index);
  if (!present) return std::unexpected(present.error());
  if (*present == size) return {};
  const TSS2_RC code = Esys_NV_UndefineSpace(connection_->esys, ESYS_TR_RH_OWNER, *object,
                                             ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
  if (code == TSS2_RC_SUCCESS || says_no_such_handle(code)) return {};
  return failed("TPM2_NV_UndefineSpace of " + hexadecimal(index), code);
}

Proven<void> Tpm::put_nv(std::uint32_t index, ByteView content) {
  if (content.size() > sizeof TPM2B_MAX_NV_BUFFER{}.buffer) {
    return refuse(Doubt::Transport, "an NV index takes no content of that length");
  }
  // One that is absent or was never written cannot be read.
  if (const auto held = read_nv(index); held && std::ranges::equal(*held, content)) return {};
  for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
    if (auto removed = remove_nv_unless(index, content.size()); !removed) return removed;
    auto written = write_nv(index, content);
    if (!written) return std::unexpected(written.error());
    if (*written) return {};
    if (auto defined = define_nv(index, content.size()); !defined) return defined;
  }
  return refuse(Doubt::Transport,
                "NV index " + hexadecimal(index) + " was taken away each time it was defined");
}

Proven<PcrBank> Tpm::read_pcrs() {
  PcrBank bank{};
  // A reply holds at most eight digests, so what is left is asked for again; each round takes at
  // least one off, or ends here.
  auto missing = sha256_bank();
  while (anything_selected(missing)) {
    TPML_PCR_SELECTION* read = nullptr;
    TPML_DIGEST* values = nullptr;
    const TSS2_RC code = Esys_PCR_Read(connection_->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &missing, nullptr, &read, &values);
    const Answer<TPML_PCR_SELECTION> owned_read(read);
    const Answer<TPML_DIGEST> owned_values(values);
    if (code != TSS2_RC_SUCCESS) return failed("TPM2_PCR_Read", code);
    if (!take_read_pcrs(*read, *values, bank, missing)) {
      return refuse(Doubt::Transport,
                    "TPM2_PCR_Read did not return the SHA-256 bank that was asked for");
    }
  }
  return bank;
}

Proven<SignedQuote> Tpm::quote(std::uint32_t key, ByteView nonce) {
  const auto object = connection_->object(key, "attestation key");
  if (!object) return std::unexpected(object.error());
  TPM2B_DATA qualifying{};
  if (nonce.size() > sizeof qualifying.buffer) {
    return refuse(Doubt::Transport, "TPM2_Quote takes no nonce of that length");
  }
  qualifying.size = static_cast<UINT16>(nonce.size());
  std::ranges::copy(nonce, qualifying.buffer);
  // The key's own scheme.
  TPMT_SIG_SCHEME scheme{};
  scheme.scheme = TPM2_ALG_NULL;
  const auto selection = sha256_bank();
  TPM2B_ATTEST* attest = nullptr;
  TPMT_SIGNATURE* signature = nullptr;
  const TSS2_RC code =
      Esys_Quote(connection_->esys, *object, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                 &qualifying, &scheme, &selection, &attest, &signature);
  const Answer<TPM2B_ATTEST> owned_attest(attest);
  const Answer<TPMT_SIGNATURE> owned_signature(signature);
  if (code != TSS2_RC_SUCCESS) return failed("TPM2_Quote with " + hexadecimal(key), code);
  const auto& rsassa = signature->signature.rsassa;
  if (signature->sigAlg != TPM2_ALG_RSASSA || rsassa.hash != TPM2_ALG_SHA256) {
    return refuse(Doubt::Malformed,
                  "the TPM's attestation key does not sign by RSASSA with SHA-256");
  }
  return SignedQuote{{attest->attestationData, attest->attestationData + attest->size},
                     {rsassa.sig.buffer, rsassa.sig.buffer + rsassa.sig.size}};
}

}  // namespace cpods::node
