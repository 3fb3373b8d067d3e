#include "node/tsm_report.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "unit/certs/temporary_folder.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using std::errc;

const std::string kFolder = "/sys/kernel/config/tsm/report";
const Bytes kNonce(32, 0x5A);

// One entry for a VCEK of three bytes, and the end of the table.
Bytes certificate_table() {
  return *hex_decode(
      "63da758de6644564adc5f4b93be8accd"
      "30000000"
      "03000000" +
      std::string(48, '0') + "aabbcc");
}

// A kernel whose driver answers in kFolder. It remembers what was done to it, and fails each
// operation, by its name or its attribute's, with the errors listed, then no longer.
class Kernel {
 public:
  std::string provider = "sev_guest\n";
  Bytes outblob = Bytes(1184, 3);
  std::optional<Bytes> auxblob = certificate_table();
  int intruders = 0;  // attempts in which somebody else writes, too
  std::map<std::string, std::vector<errc>> errors;

  std::set<std::string> entries;  // that are there now
  std::set<std::string> made;
  std::vector<Bytes> written;
  int removed = 0;
  int pauses = 0;

  TsmCalls calls() {
    return {.make_folder = [this](const std::string& path) { return make(path); },
            .remove_folder = [this](const std::string& path) { return remove(path); },
            .write = [this](const std::string& path, ByteView bytes) { return write(path, bytes); },
            .read = [this](const std::string& path, std::size_t most) { return read(path, most); },
            .pause = [this] { ++pauses; }};
  }

 private:
  errc next_error(const std::string& of) {
    auto& left = errors[of];
    if (left.empty()) return {};
    const auto error = left.front();
    left.erase(left.begin());
    return error;
  }

  errc make(const std::string& path) {
    if (const auto error = next_error("mkdir"); error != errc{}) return error;
    CHECK(path.starts_with(kFolder + "/confidential-pods-"));
    CHECK(made.insert(path).second);
    entries.insert(path);
    generation_ = 0;
    return {};
  }

  errc remove(const std::string& path) {
    CHECK(entries.erase(path) == 1);
    ++removed;
    return next_error("rmdir");
  }

  // The attribute's name; its entry must be there.
  std::string attribute(const std::string& path) {
    const auto slash = path.rfind('/');
    CHECK(entries.contains(path.substr(0, slash)));
    return path.substr(slash + 1);
  }

  errc write(const std::string& path, ByteView bytes) {
    CHECK(attribute(path) == "inblob");
    if (const auto error = next_error("inblob"); error != errc{}) return error;
    written.emplace_back(bytes.begin(), bytes.end());
    ++generation_;
    if (intruders-- > 0) ++generation_;
    return {};
  }

  std::expected<Bytes, errc> read(const std::string& path, std::size_t most) {
    const auto name = attribute(path);
    if (const auto error = next_error(name); error != errc{}) return std::unexpected(error);
    auto content = content_of(name);
    if (!content) return std::unexpected(errc::no_such_file_or_directory);
    if (content->size() > most) return std::unexpected(errc::file_too_large);
    return *std::move(content);
  }

  std::optional<Bytes> content_of(const std::string& name) {
    const auto bytes = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
    if (name == "provider") return bytes(provider);
    if (name == "generation") return bytes(std::to_string(generation_) + "\n");
    CHECK(generation_ > 0);
    return name == "outblob" ? std::optional(outblob) : auxblob;
  }

  int generation_ = 0;
};

// "" where there is none.
std::string refusal_of(Kernel& kernel, Doubt doubt) {
  const auto gathered = collect_tsm(kFolder, kNonce, kernel.calls());
  CHECK(kernel.entries.empty());
  if (gathered) return "";
  CHECK(gathered.error().doubt == doubt);
  auto sentence = gathered.error().sentence;
  // The entry's name is another one each time.
  for (const auto& path : kernel.made) {
    const auto at = sentence.find(path);
    if (at != std::string::npos) sentence.replace(at, path.size(), "ENTRY");
  }
  return sentence;
}

TEST_CASE("tsm_report: asks for the nonce in an entry of its own, and removes it") {
  Kernel kernel;
  const auto gathered = collect_tsm(kFolder, kNonce, kernel.calls());
  REQUIRE(gathered);
  CHECK(gathered->report == kernel.outblob);
  CHECK(gathered->chain.leaf == Bytes{0xAA, 0xBB, 0xCC});
  auto padded = kNonce;
  padded.resize(64);
  CHECK(kernel.written == std::vector<Bytes>{padded});
  CHECK(kernel.entries.empty());
  CHECK(kernel.removed == 1);
  CHECK(kernel.pauses == 0);
}

TEST_CASE("tsm_report: a host that gives no certificates leaves the leaf empty") {
  for (const auto& none :
       {std::optional<Bytes>(), std::optional(Bytes{}), std::optional(Bytes(48, 0))}) {
    Kernel kernel;
    kernel.auxblob = none;
    const auto gathered = collect_tsm(kFolder, kNonce, kernel.calls());
    REQUIRE(gathered);
    CHECK(gathered->chain.leaf.empty());
    CHECK(gathered->report == kernel.outblob);
  }
}

TEST_CASE("tsm_report: where another program wrote, too, the request is made anew") {
  Kernel kernel;
  kernel.intruders = 1;
  CHECK(collect_tsm(kFolder, kNonce, kernel.calls()));
  CHECK(kernel.made.size() == 2);
  CHECK(kernel.entries.empty());
  CHECK(kernel.pauses == 1);
}

TEST_CASE("tsm_report: where another program always writes, too, it is given up") {
  Kernel kernel;
  kernel.intruders = 100;
  CHECK(refusal_of(kernel, Doubt::Transport) ==
        "configfs-tsm gives no SNP report: another program wrote to its entry, whose generation is "
        "2 instead of 1");
  CHECK(kernel.made.size() == 5);
  CHECK(kernel.pauses == 4);
}

TEST_CASE("tsm_report: what answers for something else is no TEE") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"tdx_guest\n",
       "the driver that answers in " + kFolder + " is \"tdx_guest\" instead of sev_guest"},
      {"sev_guest2\n",
       "the driver that answers in " + kFolder + " is \"sev_guest2\" instead of sev_guest"},
      {"", "the driver that answers in " + kFolder + " is \"\" instead of sev_guest"}};
  for (const auto& [provider, words] : rows) {
    Kernel kernel;
    kernel.provider = provider;
    CHECK(refusal_of(kernel, Doubt::NotATee) == words);
    CHECK(kernel.written.empty());
    CHECK(kernel.made.size() == 1);
  }
}

TEST_CASE("tsm_report: answers of a wrong size and tables that lead nowhere are refused") {
  Kernel shorter;
  shorter.outblob.pop_back();
  CHECK(refusal_of(shorter, Doubt::Transport) ==
        "configfs-tsm gives no SNP report: it answers 1183 bytes instead of 1184");
  Kernel empty;
  empty.outblob.clear();
  CHECK(refusal_of(empty, Doubt::Transport) ==
        "configfs-tsm gives no SNP report: it answers 0 bytes instead of 1184");
  Kernel longer;
  longer.outblob.push_back(0);
  CHECK(refusal_of(longer, Doubt::Transport) ==
        "configfs-tsm gives no SNP report: it answers 1185 bytes instead of 1184");
  Kernel endless;
  endless.outblob.resize(4097);
  CHECK(refusal_of(endless, Doubt::Transport) ==
        "configfs-tsm gives no SNP report: ENTRY/outblob: File too large");
  Kernel crowded;
  crowded.auxblob = Bytes(16 * 1024 + 1, 0);
  CHECK(refusal_of(crowded, Doubt::Transport) ==
        "configfs-tsm gives no SNP report: ENTRY/auxblob: File too large");
  Kernel torn;
  torn.auxblob = Bytes(23, 1);
  CHECK(refusal_of(torn, Doubt::Malformed) ==
        "the host's certificate table is malformed: it does not end");
}

TEST_CASE("tsm_report: what may pass is tried again, five times in all") {
  for (const auto* where : {"mkdir", "provider", "inblob", "outblob", "auxblob", "generation"}) {
    CAPTURE(where);
    Kernel passing;
    passing.errors[where] = {errc::device_or_resource_busy, errc::interrupted,
                             errc::resource_unavailable_try_again, errc::file_exists};
    CHECK(refusal_of(passing, Doubt::Transport) == "");
    CHECK(passing.pauses == 4);
    Kernel lasting;
    lasting.errors[where] = std::vector(9, errc::device_or_resource_busy);
    CHECK(refusal_of(lasting, Doubt::Transport).ends_with(": Device or resource busy"));
    CHECK(lasting.errors[where].size() == 4);
  }
}

TEST_CASE("tsm_report: whatever else fails is told at once, and the entry goes") {
  struct Row {
    std::string where;
    errc error;
    Doubt doubt;
    std::string words;
  };
  const std::string none = "configfs-tsm gives no SNP report: ";
  const Row rows[] = {
      {"mkdir", errc::no_such_file_or_directory, Doubt::NotATee,
       "there is no folder " + kFolder + " on this node"},
      {"mkdir", errc::not_a_directory, Doubt::NotATee,
       "there is no folder " + kFolder + " on this node"},
      {"mkdir", errc::no_such_device_or_address, Doubt::NotATee,
       "no driver of a confidential guest answers in " + kFolder},
      {"mkdir", errc::read_only_file_system, Doubt::Transport,
       none + kFolder + ": Read-only file system"},
      {"provider", errc::no_such_file_or_directory, Doubt::NotATee,
       kFolder + " is no folder of configfs-tsm"},
      {"provider", errc::no_such_device_or_address, Doubt::Transport,
       none + "ENTRY/provider: No such device or address"},
      {"inblob", errc::invalid_argument, Doubt::Transport, none + "ENTRY/inblob: Invalid argument"},
      {"outblob", errc::io_error, Doubt::Transport, none + "ENTRY/outblob: Input/output error"},
      {"outblob", errc::no_such_file_or_directory, Doubt::Transport,
       none + "ENTRY/outblob: No such file or directory"},
      {"auxblob", errc::permission_denied, Doubt::Transport,
       none + "ENTRY/auxblob: Permission denied"},
      {"generation", errc::io_error, Doubt::Transport,
       none + "ENTRY/generation: Input/output error"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words);
    Kernel kernel;
    kernel.errors[row.where] = {row.error};
    CHECK(refusal_of(kernel, row.doubt) == row.words);
    CHECK(kernel.pauses == 0);
  }
}

TEST_CASE("tsm_report: an entry that cannot be removed spoils no report") {
  Kernel kernel;
  kernel.errors["rmdir"] = {errc::device_or_resource_busy};
  CHECK(collect_tsm(kFolder, kNonce, kernel.calls()));
}

TEST_CASE("tsm_report: an ordinary folder is none of configfs-tsm, and is left as it was") {
  const test::TemporaryFolder folder;
  const auto path = folder.path().string();
  const auto ordinary = collect_tsm(path, kNonce);
  REQUIRE_FALSE(ordinary);
  CHECK(ordinary.error() ==
        evidence::Refusal{Doubt::NotATee, path + " is no folder of configfs-tsm"});
  CHECK(std::filesystem::is_empty(path));
  const auto absent = collect_tsm(path + "/absent", kNonce);
  REQUIRE_FALSE(absent);
  CHECK(absent.error() ==
        evidence::Refusal{Doubt::NotATee, "there is no folder " + path + "/absent on this node"});
}

TEST_CASE("tsm_report: the system's calls make, write, read to the end and remove") {
  const test::TemporaryFolder folder;
  const auto calls = system_tsm_calls();
  const auto entry = (folder.path() / "entry").string();
  CHECK(calls.make_folder(entry) == errc{});
  CHECK(calls.make_folder(entry) == errc::file_exists);
  const auto file = entry + "/inblob";
  CHECK(calls.write(file, kNonce) == errc::no_such_file_or_directory);
  CHECK(calls.read(file, 100).error() == errc::no_such_file_or_directory);
  std::ofstream(file).close();
  CHECK(calls.read(file, 100) == Bytes{});
  CHECK(calls.write(file, kNonce) == errc{});
  CHECK(calls.read(file, kNonce.size()) == kNonce);
  CHECK(calls.read(file, kNonce.size() - 1).error() == errc::file_too_large);
  CHECK(calls.read(entry, 100).error() == errc::is_a_directory);
  CHECK(calls.write("/dev/full", kNonce) == errc::no_space_on_device);
  // A file that tells no size, as those of configfs-tsm.
  CHECK_FALSE(calls.read("/proc/self/status", 1 << 20)->empty());
  CHECK(calls.remove_folder(entry) == errc::directory_not_empty);
  std::filesystem::remove(file);
  CHECK(calls.remove_folder(entry) == errc{});
  CHECK_FALSE(std::filesystem::exists(entry));
}

}  // namespace
}  // namespace cpods::node
