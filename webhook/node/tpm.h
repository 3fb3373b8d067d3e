#pragma once
// A TPM 2.0 that is being talked to, through tpm2-tss' ESYS; the only file pair that sees it.
// Every failure names the command, and the TPM's own words for its answer. A handle or an index
// that the TPM does not have is NotATee, anything else that goes wrong is Transport.
//
// Owns the connection and closes it. One thread. Calls block as long as the device does: the caller
// bounds the whole.

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "evidence/tpm_quote.h"

namespace cpods::node {

struct SignedQuote {
  Bytes attest;     // TPMS_ATTEST
  Bytes signature;  // RSASSA
};

class Tpm {
 public:
  // `tcti`: a TCTI loader configuration, e.g. "device:/dev/tpmrm0" or
  // "swtpm:host=127.0.0.1,port=1".
  [[nodiscard]] static evidence::Proven<Tpm> open(const std::string& tcti);

  // That there is such an NV index.
  [[nodiscard]] evidence::Proven<void> require_nv(std::uint32_t index);
  // The whole content of an NV index, by owner authorisation with the empty password.
  [[nodiscard]] evidence::Proven<Bytes> read_nv(std::uint32_t index);
  // Lets NV index `index`, which is the guest's own, hold exactly `content`, at most 2048 bytes; it
  // is defined anew where it is absent or of another size. Writes nothing where it holds that
  // already.
  [[nodiscard]] evidence::Proven<void> put_nv(std::uint32_t index, ByteView content);
  // The SHA-256 bank.
  [[nodiscard]] evidence::Proven<evidence::PcrBank> read_pcrs();
  // TPM2_Quote with the persistent key `key` over all PCRs of the SHA-256 bank. `nonce`: at most 48
  // bytes, which is what Azure's vTPM takes.
  [[nodiscard]] evidence::Proven<SignedQuote> quote(std::uint32_t key, ByteView nonce);

  Tpm(Tpm&&) noexcept;
  Tpm& operator=(Tpm&&) noexcept;
  ~Tpm();

 private:
  struct Connection;
  [[nodiscard]] evidence::Proven<void> define_nv(std::uint32_t index, std::size_t size);
  [[nodiscard]] evidence::Proven<void> remove_nv_unless(std::uint32_t index, std::size_t size);
  [[nodiscard]] evidence::Proven<bool> write_nv(std::uint32_t index, ByteView content);
  explicit Tpm(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace cpods::node
