#include "node/evidence_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "json/document.h"

namespace cpods::node {
namespace {

namespace fs = std::filesystem;

evidence::VtpmEvidence some_evidence() {
  return {{0xFB, 0xFF}, {0x01}, {0x02, 0x03}, {}};
}

TEST_CASE("evidence file: the shape is Trustee's version 2") {
  const auto document = json::Document::parse(to_json(some_evidence()));
  REQUIRE(document);
  const auto root = document->root();
  CHECK(root["version"].integer() == 2);
  CHECK(root["hcl_report"].text() == "-_8");
  CHECK(root["tpm_quote"]["message"].text() == "01");
  CHECK(root["tpm_quote"]["signature"].text() == "0203");
  CHECK(root["tpm_quote"]["pcrs"].size() == 24);
  CHECK(root["tpm_quote"]["pcrs"].at(23).text() == std::string(64, '0'));
}

TEST_CASE("evidence file: it appears whole and readable, and replaces an older one") {
  std::string folder = (fs::temp_directory_path() / "evidence.XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(write_evidence(folder, some_evidence()));
    std::ifstream file(fs::path(folder) / "evidence.json");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    CHECK(text == to_json(some_evidence()) + "\n");
  }
  CHECK(fs::status(fs::path(folder) / "evidence.json").permissions() == fs::perms{0444});
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
  fs::remove_all(folder);
}

TEST_CASE("evidence file: a folder that is not there is an error with the path") {
  const auto written = write_evidence("/nonexistent/output", some_evidence());
  REQUIRE_FALSE(written);
  CHECK(written.error().text() == "/nonexistent/output/evidence.json: cannot be written");
}

}  // namespace
}  // namespace cpods::node
