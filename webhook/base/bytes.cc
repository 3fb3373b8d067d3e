#include "base/bytes.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace cpods {
namespace {

bool is_standard_alphabet(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string base64_encode(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // EVP_EncodeBlock also writes a NUL, which lands on the string's own terminator.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                  static_cast<int>(bytes.size()));
  return text;
}

Result<Bytes> base64_decode(std::string_view text) {
  const auto malformed = [] {
    return failure(ErrorCode::Malformed, "", "not standard base64 with padding");
  };
  if (text.size() % 4 != 0) return malformed();
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  // EVP_DecodeBlock is lax about the alphabet, so it is checked here.
  if (!std::ranges::all_of(text.substr(0, text.size() - padding), is_standard_alphabet)) {
    return malformed();
  }
  Bytes bytes(text.size() / 4 * 3);
  if (!text.empty() &&
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return malformed();
  }
  bytes.erase(bytes.end() - static_cast<std::ptrdiff_t>(padding), bytes.end());
  // Bits beyond the last byte must be zero: one text for one value.
  if (base64_encode(bytes) != text) return malformed();
  return bytes;
}

std::string base64url_encode(ByteView bytes) {
  std::string text = base64_encode(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(std::ranges::find(text, '='), text.end());
  return text;
}

Result<Bytes> base64url_decode(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) {
    return failure(ErrorCode::Malformed, "", "not base64url without padding");
  }
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  auto bytes = base64_decode(standard);
  if (!bytes) return failure(ErrorCode::Malformed, "", "not base64url without padding");
  return bytes;
}

std::string hex_encode(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Result<Bytes> hex_decode(std::string_view text) {
  const auto malformed = [] {
    return failure(ErrorCode::Malformed, "", "not pairs of hex digits");
  };
  if (text.size() % 2 != 0) return malformed();
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return malformed();
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

Sha256 sha256(ByteView bytes) {
  Sha256 digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("libcrypto has no SHA-256");
  }
  return digest;
}

}  // namespace cpods
