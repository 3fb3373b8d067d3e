#pragma once
// Bare SEV-SNP guests, which ask the firmware through configfs-tsm instead of the driver's device
// (linux/Documentation/ABI/testing/configfs-tsm-report): a folder in which every request is an
// entry of its own. Functions; any thread, and any number of them at once.

#include <expected>
#include <functional>
#include <string>
#include <system_error>

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "evidence/verifier.h"

namespace cpods::node {

// What is asked of the kernel, for tests to stand in for. No error is std::errc{}.
struct TsmCalls {
  std::function<std::errc(const std::string& folder)> make_folder;
  std::function<std::errc(const std::string& folder)> remove_folder;
  // All bytes in one write(2), and the file closed: that is when the kernel takes them.
  std::function<std::errc(const std::string& file, ByteView bytes)> write;
  // To the end of the file; file_too_large where that lies behind `most` bytes.
  std::function<std::expected<Bytes, std::errc>(const std::string& file, std::size_t most)> read;
  std::function<void()> pause;  // before one more attempt
};
[[nodiscard]] TsmCalls system_tsm_calls();

// A report whose report_data is `nonce` followed by zeros, with the certificates that the host
// gives, which may be none: then the chain's leaf is empty. `folder`: where entries are made;
// `nonce`: at most 64 bytes. The privilege level is left as the kernel has it. NotATee where there
// is no such folder or another driver answers in it, Transport where no report is to be had or
// another program interferes time and again.
[[nodiscard]] evidence::Proven<evidence::SnpEvidence> collect_tsm(
    const std::string& folder, ByteView nonce, const TsmCalls& calls = system_tsm_calls());

}  // namespace cpods::node
