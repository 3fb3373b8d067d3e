#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "policy/directory.h"

using namespace cpods;
using namespace cpods::policy;

namespace {

const std::string kSource = CPODS_SOURCE_DIR;

std::string read(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The indented blocks of a Markdown text that hold policy documents.
std::vector<std::string> examples_in(const std::string& markdown) {
  std::vector<std::string> out;
  std::istringstream lines(markdown);
  std::string line;
  std::string block;
  const auto take = [&] {
    if (block.starts_with("apiVersion: confidential.pods/")) out.push_back(block);
    block.clear();
  };
  while (std::getline(lines, line)) {
    if (line.starts_with("    ")) {
      block += line.substr(4) + "\n";
    } else if (!line.empty() || block.empty()) {
      take();
    } else {
      block += "\n";
    }
  }
  take();
  return out;
}

}  // namespace

TEST_CASE("shipped: the policies of policies/ load; the two warnings are known") {
  const auto loaded = load_directory(kSource + "/policies", {.step_image = "confidential-pods"});
  REQUIRE(loaded.snapshot != nullptr);
  CHECK(loaded.snapshot->policies().size() == 2);
  CHECK(loaded.snapshot->pools().at(0)->name == "confidentialpool");
  REQUIRE(loaded.diagnostics.size() == 2);
  CHECK(loaded.diagnostics[0].message.starts_with("a kubelet may set all of these labels"));
  CHECK(loaded.diagnostics[1].message.starts_with("requireSecureBoot proves nothing yet"));
}

TEST_CASE("shipped: every example of docs/policies.md loads without a finding") {
  const auto examples = examples_in(read(kSource + "/docs/policies.md"));
  CHECK(examples.size() >= 3);
  for (const auto& example : examples) {
    CAPTURE(example);
    const auto loaded = load({{"docs/policies.md", example}}, {.step_image = "confidential-pods"});
    for (const auto& diagnostic : loaded.diagnostics) FAIL_CHECK(diagnostic.text());
    CHECK(loaded.snapshot != nullptr);
  }
}
