#include "policy/store.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "policy/temporary_directory.h"
#include "policy/texts.h"

using namespace cpods;
using namespace cpods::policy;

TEST_CASE("store: a bad edit keeps the last good snapshot and is counted") {
  const TemporaryDirectory folder;
  folder.write("pool.yaml", kPoolText);
  Store store(folder.path(), {});
  CHECK(store.current() == nullptr);
  CHECK(store.generation() == 0);

  CHECK(store.reload().accepted);
  const auto first = store.current();
  REQUIRE(first != nullptr);
  CHECK(store.generation() == 1);
  CHECK_FALSE(store.reload_if_changed().tried);

  folder.write("policy.yaml", "kind: x\n");
  const auto bad = store.reload_if_changed();
  CHECK(bad.tried);
  CHECK_FALSE(bad.accepted);
  CHECK(bad.diagnostics.at(0).text() == folder.path() + "/policy.yaml:1:7: unknown kind \"x\"");
  CHECK(store.current() == first);
  CHECK(store.generation() == 1);
  CHECK(store.failures() == 1);
  CHECK_FALSE(store.reload_if_changed().tried);  // told once

  folder.write("policy.yaml", kPolicyText);
  CHECK(store.reload_if_changed().accepted);
  CHECK(store.generation() == 2);
  CHECK(store.current()->policies().size() == 1);
  CHECK(first->policies().empty());
}

TEST_CASE("store: a bad edit that is taken back changes nothing") {
  const TemporaryDirectory folder;
  folder.write("pool.yaml", kPoolText);
  Store store(folder.path(), {});
  CHECK(store.reload().accepted);
  const auto first = store.current();
  folder.write("pool.yaml", "{");
  CHECK_FALSE(store.reload_if_changed().accepted);
  folder.write("pool.yaml", kPoolText);
  CHECK(store.reload_if_changed().accepted);
  CHECK(store.generation() == 1);
  CHECK(store.current() == first);
}

TEST_CASE("store: a folder that goes away keeps the policies in force") {
  const TemporaryDirectory folder;
  folder.write("v/pool.yaml", kPoolText);
  Store store(folder.path() + "/v", {});
  CHECK(store.reload().accepted);
  std::filesystem::remove_all(folder.path() + "/v");
  CHECK_FALSE(store.reload_if_changed().accepted);
  CHECK(store.current() != nullptr);
  CHECK(store.failures() == 1);
}

TEST_CASE("store: readers on other threads always see one whole snapshot") {
  const TemporaryDirectory folder;
  folder.write("a.yaml", std::string(kPoolText) + "---\n" + std::string(kPolicyText));
  Store store(folder.path(), {});
  REQUIRE(store.reload().accepted);
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!done) {
      const auto snapshot = store.current();
      if (snapshot->policies().size() != 1 || snapshot->policies()[0]->pool == nullptr) ++torn;
    }
  });
  for (int i = 0; i < 50; ++i) {
    folder.write("a.yaml", std::string(kPoolText) + "---\n" + std::string(kPolicyText) + "# " +
                               std::to_string(i) + "\n");
    CHECK(store.reload().accepted);
  }
  done = true;
  reader.join();
  CHECK(torn == 0);
  CHECK(store.generation() == 51);
}
