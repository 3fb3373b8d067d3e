#include "policy/directory.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "policy/temporary_directory.h"
#include "policy/texts.h"

using namespace cpods;
using namespace cpods::policy;

namespace {

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> out;
  const auto files = read_directory(path);
  REQUIRE(files);
  for (const auto& file : *files) out.push_back(file.name.substr(path.size()));
  return out;
}

// As if it had been written an hour ago.
void age(const TemporaryDirectory& folder, const std::string& name) {
  const auto then = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(folder.path() + "/" + name, then);
}

}  // namespace

TEST_CASE("directory: policy files are the YAML and JSON of one folder, sorted, no dotfiles") {
  const TemporaryDirectory folder;
  for (const char* name :
       {"b.yaml", "a.yml", "c.json", ".hidden.yaml", "README.md", "x.yaml~", "below/d.yaml"}) {
    folder.write(name, "");
  }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"/a.yml", "/b.yaml", "/c.json"});
  CHECK(names_in(folder.path() + "/").at(0) == "a.yml");
}

TEST_CASE("directory: what cannot be read is named") {
  const TemporaryDirectory folder;
  CHECK(read_directory(folder.path() + "/none").error().text() ==
        folder.path() + "/none: cannot be read: No such file or directory");
  std::filesystem::create_symlink("nowhere", folder.path() + "/a.yaml");
  CHECK(read_directory(folder.path()).error().text() ==
        folder.path() + "/a.yaml: cannot be read: No such file or directory");
  std::filesystem::remove(folder.path() + "/a.yaml");
  REQUIRE(mkfifo((folder.path() + "/p.yaml").c_str(), 0600) == 0);
  CHECK(read_directory(folder.path()).error().text() == folder.path() + "/p.yaml: is not a file");
}

TEST_CASE("directory: a folder without policy files is an error") {
  const TemporaryDirectory folder;
  const auto loaded = load_directory(folder.path(), {});
  CHECK(loaded.snapshot == nullptr);
  CHECK(loaded.diagnostics.at(0).text() ==
        "no policy files (*.yaml, *.yml, *.json) in " + folder.path());
  CHECK(load_directory("/nowhere", {}).diagnostics.at(0).text() ==
        "/nowhere: cannot be read: No such file or directory");
}

TEST_CASE("directory: files are loaded and named with their folder") {
  const TemporaryDirectory folder;
  folder.write("pool.yaml", kPoolText);
  folder.write("policy.yaml", kPolicyText);
  CHECK(load_directory(folder.path(), {}).snapshot != nullptr);
  folder.write("policy.yaml", "kind: x\n");
  CHECK(load_directory(folder.path(), {}).diagnostics.at(0).text() ==
        folder.path() + "/policy.yaml:1:7: unknown kind \"x\"");
}

TEST_CASE("directory: a watch sees edits, new and removed files, and nothing else") {
  const TemporaryDirectory folder;
  folder.write("a.yaml", "one");
  DirectoryWatch watch(folder.path());
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  folder.write("a.yaml", "two");  // same size, maybe the same tick of the clock
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  folder.write("b.yaml", "");
  CHECK(watch.changed());
  folder.write("README.md", "");
  CHECK_FALSE(watch.changed());
  age(folder, "a.yaml");  // times alone
  CHECK_FALSE(watch.changed());
  std::filesystem::remove(folder.path() + "/b.yaml");
  CHECK(watch.changed());
  std::filesystem::remove(folder.path() + "/a.yaml");
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
}

TEST_CASE("directory: a ConfigMap volume changes by the swap of one link") {
  const TemporaryDirectory folder;
  folder.write("..v1/a.yaml", kPoolText);
  folder.publish("..v1");
  std::filesystem::create_symlink("..data/a.yaml", folder.path() + "/a.yaml");
  DirectoryWatch watch(folder.path());
  CHECK(watch.changed());
  CHECK(names_in(folder.path()) == std::vector<std::string>{"/a.yaml"});
  folder.write("..v2/a.yaml", std::string(kPoolText) + "# new\n");
  CHECK_FALSE(watch.changed());
  folder.publish("..v2");
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
}
