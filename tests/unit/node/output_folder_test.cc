#include "node/output_folder.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace cpods::node {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    auto name = (fs::temp_directory_path() / "output.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }
  [[nodiscard]] std::string content(const char* name) const {
    std::ifstream file(path_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  fs::path path_;
};

TEST_CASE("output: a file appears whole and readable, and replaces an older one") {
  const Folder folder;
  for (const std::string text : {"{\"first\":1}", "{}"}) {
    REQUIRE(write_output(folder.path(), "evidence.json", text));
    CHECK(folder.content("evidence.json") == text);
    CHECK(fs::status(folder.path() / "evidence.json").permissions() == fs::perms{0444});
  }
  REQUIRE(write_output(folder.path(), "result.json", "{}"));
  // Both files, and nothing of how they were made.
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 2);
}

TEST_CASE("output: a folder that is not there is an error with the path") {
  const auto written = write_output("/nonexistent/output", "result.json", "{}");
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ErrorCode::Unavailable);
  CHECK(written.error().text() == "/nonexistent/output/result.json: cannot be written");
}

TEST_CASE("output: what an attempt that was killed left behind is in nobody's way") {
  const Folder folder;
  const auto draft = folder.path() / "result.json.new";
  // Read-only as the attempt left it; to root, who may write all the same, a folder is.
  std::ofstream(draft) << "half";
  fs::permissions(draft, fs::perms{0444});
  REQUIRE(write_output(folder.path(), "result.json", "{}"));
  CHECK_FALSE(fs::exists(draft));
  fs::create_directory(draft);
  REQUIRE(write_output(folder.path(), "result.json", "{\"second\":2}"));
  CHECK(folder.content("result.json") == "{\"second\":2}");
}

TEST_CASE("output: what stands in the way of a file is an error, not a half result") {
  const Folder folder;
  fs::create_directory(folder.path() / "result.json");
  fs::create_directory(folder.path() / "result.json" / "kept");
  const auto written = write_output(folder.path(), "result.json", "{}");
  REQUIRE_FALSE(written);
  CHECK(written.error().text().contains("result.json: cannot be written: "));
}

}  // namespace
}  // namespace cpods::node
