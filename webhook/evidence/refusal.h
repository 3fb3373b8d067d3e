#pragma once
// Why a node is not taken at its word: the kind, which callers act on (an exit code, a metric), and
// the sentence that a person reads in `kubectl logs`. Everything in this room and in the node room
// answers with a value that was proven or with one of these; there is no third way.
// Plain values; any thread.

#include <algorithm>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace cpods::evidence {

enum class Doubt : std::uint8_t {
  NotATee,        // no device, no report in the vTPM, or a report of a VM that is not confidential
  Transport,      // the device or the TPM did not answer as a TPM does
  Malformed,      // evidence that does not have the layout of its specification
  Signature,      // evidence whose parts do not vouch for each other
  Policy,         // genuine evidence of something that is not allowed, e.g. a debuggable guest
  Freshness,      // evidence that does not answer this attestation's nonce
  RemoteRefused,  // a remote verifier said no
  NotVerifiable,  // this version cannot complete the verification that was asked for
};

struct Refusal {
  Doubt doubt = Doubt::NotVerifiable;
  std::string sentence;  // no program name, no trailing period

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// What others wrote must not write lines of its own into a log: printable ASCII, one line.
[[nodiscard]] inline std::string printable(std::string text) {
  std::ranges::replace_if(text, [](char byte) { return byte < 0x20 || byte > 0x7E; }, '?');
  return text;
}

// A word of theirs within a sentence of ours.
[[nodiscard]] inline std::string brief(std::string_view word) {
  constexpr std::size_t kLongest = 100;
  return std::string(word.substr(0, kLongest)) + (word.size() > kLongest ? "..." : "");
}

template <typename T>
using Proven = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> refuse(Doubt doubt, std::string sentence) {
  return std::unexpected(Refusal{doubt, printable(std::move(sentence))});
}

}  // namespace cpods::evidence
