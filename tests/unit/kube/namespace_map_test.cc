#include "kube/namespace_map.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace cpods::kube {
namespace {

NamespaceMap::Labels labels(const std::string& value) {
  pod::Labels made;
  made.set("generation", value);
  return std::make_shared<const pod::Labels>(std::move(made));
}

TEST_CASE("namespace_map: an answer to an old question never replaces what a watch told") {
  NamespaceMap map;
  map.put("a", labels("new"));
  map.put_if_absent("a", labels("old"));
  CHECK(map.find("a")->find("generation") == "new");
  map.remove("a");
  map.remove("a");
  CHECK(map.find("a") == nullptr);
}

TEST_CASE("namespace_map: readers see the old list or the new one, never a mixture of one name") {
  NamespaceMap map;
  map.put("a", labels("0"));
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto found = map.find("a");
        if (!found || !found->find("generation")) ++wrong;
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    NamespaceMap::Entries entries;
    entries.try_emplace("a", labels(std::to_string(i)));
    map.replace(std::move(entries));
    map.put("b", labels("b"));
    map.remove("b");
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(map.find("a")->find("generation") == "299");
  CHECK(map.size() == 1);
}

}  // namespace
}  // namespace cpods::kube
