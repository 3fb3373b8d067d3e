#include "base/bytes.h"

#include <doctest/doctest.h>

namespace cpods {
namespace {

Bytes bytes_of(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

struct Pair {
  std::string_view plain;
  std::string_view encoded;
};

TEST_CASE("base64: the vectors of RFC 4648 go both ways") {
  const Pair rows[] = {{"", ""},
                       {"f", "Zg=="},
                       {"fo", "Zm8="},
                       {"foo", "Zm9v"},
                       {"foob", "Zm9vYg=="},
                       {"fooba", "Zm9vYmE="},
                       {"foobar", "Zm9vYmFy"},
                       {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& row : rows) {
    CAPTURE(row.encoded);
    CHECK(base64_encode(as_bytes(row.plain)) == row.encoded);
    CHECK(base64_decode(row.encoded) == bytes_of(row.plain));
  }
}

TEST_CASE("base64: one text for one value, everything else is refused") {
  const std::string_view rows[] = {
      "Zg",       "Zg=",   "Zg===", "=",        "==",          "====", "Z===",
      "Zm9v\n",   " Zm9v", "Zm9v ", "Zm 9v",    "Zm9v====",    "Zh==", "Zm9=",
      "Zg==Zg==", "Zm9-",  "Zm9_",  "Zm\r\n9v", "Z\xc3\xbc==", "Zm=v", "=m9v"};
  for (const auto row : rows) {
    CAPTURE(row);
    const auto decoded = base64_decode(row);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error() == Error{ErrorCode::Malformed, "", "not standard base64 with padding"});
  }
  CHECK_FALSE(base64_decode(std::string_view("Zm9\0", 4)));
}

TEST_CASE("base64url: no padding, two other characters, as strict") {
  const Pair rows[] = {
      {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xfb\xff\xbf", "-_-_"}};
  for (const auto& row : rows) {
    CAPTURE(row.encoded);
    CHECK(base64url_encode(as_bytes(row.plain)) == row.encoded);
    CHECK(base64url_decode(row.encoded) == bytes_of(row.plain));
  }
  for (const auto wrong : {"Zg==", "+_+_", "-/-/", "Z", "Zh", "Zm9v ", "Zm9v\n"}) {
    CAPTURE(wrong);
    const auto decoded = base64url_decode(wrong);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error() == Error{ErrorCode::Malformed, "", "not base64url without padding"});
  }
}

TEST_CASE("hex: lower case out, either case in, whole bytes only") {
  CHECK(hex_encode(as_bytes(std::string_view("\x00\x0f\xa5\xff", 4))) == "000fa5ff");
  CHECK(hex_encode({}).empty());
  CHECK(hex_decode("000FA5ff") == Bytes{0, 15, 165, 255});
  CHECK(hex_decode("") == Bytes{});
  for (const auto wrong : {"0", "0g", "g0", "0x00", " 00", "00 ", "0\n", "+1", "-1"}) {
    CAPTURE(wrong);
    const auto decoded = hex_decode(wrong);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error() == Error{ErrorCode::Malformed, "", "not pairs of hex digits"});
  }
}

TEST_CASE("bytes: every length and byte survives both encodings") {
  Bytes bytes;
  for (int size = 0; size < 300; ++size) {
    CAPTURE(size);
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
    CHECK(base64url_decode(base64url_encode(bytes)) == bytes);
    CHECK(hex_decode(hex_encode(bytes)) == bytes);
    bytes.push_back(static_cast<std::uint8_t>(size * 7));
  }
}

TEST_CASE("sha256: the vectors of FIPS 180") {
  CHECK(hex_encode(sha256(as_bytes(""))) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_encode(sha256(as_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace cpods
