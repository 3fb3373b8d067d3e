#pragma once
// Tokens as the specifications have them, signed by keys that the test owns. One thread.

#include <string>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence::sample {

inline std::string compact(const std::string& header, const std::string& claims, const Key& key) {
  const auto part = base64url_encode(as_bytes(header)) + "." + base64url_encode(as_bytes(claims));
  return part + "." + base64url_encode(key.sign(as_bytes(part)));
}

inline const Key& issuer_key() {
  static const Key key;
  return key;
}

// `text` with the first `from` in it replaced.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("the sample has no " + from);
  return text.replace(at, from.size(), to);
}

}  // namespace cpods::evidence::sample
