#include "node/tsm_report.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <random>
#include <system_error>
#include <thread>

#include "evidence/certificate_table.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::SnpEvidence;

constexpr std::string_view kProvider = "sev_guest";
constexpr std::size_t kReportDataBytes = 64;  // the driver takes no other length
constexpr std::size_t kMostWordBytes = 64;
constexpr std::size_t kMostReportBytes = 4096;
constexpr std::size_t kMostCertificateBytes = 16 * 1024;  // what the driver takes at most
constexpr int kTries = 5;
constexpr std::chrono::milliseconds kPause{500};

struct Failure {
  evidence::Refusal refusal;
  bool may_pass = false;  // another attempt is worth it
};
template <typename T>
using Tried = std::expected<T, Failure>;

std::unexpected<Failure> not_a_tee(std::string sentence) {
  return std::unexpected(Failure{evidence::refuse(Doubt::NotATee, std::move(sentence)).error()});
}

std::unexpected<Failure> no_report(const std::string& why, bool may_pass = false) {
  return std::unexpected(Failure{
      evidence::refuse(Doubt::Transport, "configfs-tsm gives no SNP report: " + why).error(),
      may_pass});
}

std::unexpected<Failure> no_report(const std::string& path, std::errc error) {
  constexpr std::array kPassing = {std::errc::device_or_resource_busy, std::errc::interrupted,
                                   std::errc::resource_unavailable_try_again,
                                   std::errc::file_exists};
  return no_report(path + ": " + std::make_error_code(error).message(),
                   std::ranges::find(kPassing, error) != kPassing.end());
}

// A folder of this request alone, gone with it whatever comes of it.
class Entry {
 public:
  Entry(std::string path, const TsmCalls& calls) : path_(std::move(path)), calls_(calls) {}
  ~Entry() { (void)calls_.remove_folder(path_); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] std::expected<Bytes, std::errc> read(const char* name, std::size_t most) const {
    return calls_.read(file(name), most);
  }
  // A word and the end of its line.
  [[nodiscard]] std::expected<std::string, std::errc> read_word(const char* name) const {
    const auto bytes = read(name, kMostWordBytes);
    if (!bytes) return std::unexpected(bytes.error());
    std::string word(as_text(*bytes));
    if (word.ends_with('\n')) word.pop_back();
    return word;
  }

 private:
  std::string path_;
  const TsmCalls& calls_;
};

// The name shows whose it is, should this process be killed before it removes it.
std::string unused_path(const std::string& folder) {
  std::random_device random;
  Bytes name(16);
  std::ranges::generate(name, [&random] { return static_cast<std::uint8_t>(random()); });
  return folder + "/confidential-pods-" + hex_encode(name);
}

std::unexpected<Failure> no_entry(const std::string& folder, std::errc error) {
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return not_a_tee("there is no folder " + folder + " on this node");
  }
  // What configfs-tsm answers while no driver has registered with it.
  if (error == std::errc::no_such_device_or_address) {
    return not_a_tee("no driver of a confidential guest answers in " + folder);
  }
  return no_report(folder, error);
}

Tried<void> require_provider(const Entry& entry, const std::string& folder) {
  const auto provider = entry.read_word("provider");
  if (!provider && provider.error() == std::errc::no_such_file_or_directory) {
    return not_a_tee(folder + " is no folder of configfs-tsm");
  }
  if (!provider) return no_report(entry.file("provider"), provider.error());
  if (*provider == kProvider) return {};
  return not_a_tee("the driver that answers in " + folder + " is \"" + *provider +
                   "\" instead of sev_guest");
}

Tried<Bytes> read_report(const Entry& entry) {
  auto report = entry.read("outblob", kMostReportBytes);
  if (!report) return no_report(entry.file("outblob"), report.error());
  if (report->size() != evidence::kSnpReportBytes) {
    return no_report("it answers " + std::to_string(report->size()) + " bytes instead of 1184");
  }
  return *std::move(report);
}

// Empty where the host gives none.
Tried<Bytes> read_certificates(const Entry& entry) {
  auto table = entry.read("auxblob", kMostCertificateBytes);
  if (table) return *std::move(table);
  if (table.error() == std::errc::no_such_file_or_directory) return Bytes{};
  return no_report(entry.file("auxblob"), table.error());
}

// The kernel counts what is written to an entry: were it more than our nonce, report and
// certificates would answer somebody else.
Tried<void> require_sole_writer(const Entry& entry) {
  const auto writes = entry.read_word("generation");
  if (!writes) return no_report(entry.file("generation"), writes.error());
  if (*writes == "1") return {};
  return no_report(
      "another program wrote to its entry, whose generation is " + *writes + " instead of 1", true);
}

Tried<SnpEvidence> read_answer(const Entry& entry) {
  auto report = read_report(entry);
  if (!report) return std::unexpected(report.error());
  const auto table = read_certificates(entry);
  if (!table) return std::unexpected(table.error());
  if (auto sole = require_sole_writer(entry); !sole) return std::unexpected(sole.error());
  if (table->empty()) return SnpEvidence{*std::move(report), {}};
  auto chain = evidence::read_certificate_table(*table);
  if (!chain) return std::unexpected(Failure{chain.error()});
  return SnpEvidence{*std::move(report), *std::move(chain)};
}

Tried<SnpEvidence> ask(const std::string& folder, ByteView report_data, const TsmCalls& calls) {
  const auto path = unused_path(folder);
  if (const auto error = calls.make_folder(path); error != std::errc{}) {
    return no_entry(folder, error);
  }
  const Entry entry(path, calls);
  if (auto ours = require_provider(entry, folder); !ours) return std::unexpected(ours.error());
  if (const auto error = calls.write(entry.file("inblob"), report_data); error != std::errc{}) {
    return no_report(entry.file("inblob"), error);
  }
  return read_answer(entry);
}

std::errc last_error() {
  return static_cast<std::errc>(errno);
}
std::errc error_of(int result) {
  return result == 0 ? std::errc{} : last_error();
}

class File {
 public:
  File(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::errc write_once(const std::string& path, ByteView bytes) {
  const File file(path, O_WRONLY);
  if (file.number() < 0) return last_error();
  const auto written = ::write(file.number(), bytes.data(), bytes.size());
  if (written < 0) return last_error();
  return static_cast<std::size_t>(written) == bytes.size() ? std::errc{} : std::errc::io_error;
}

// The size that stat tells of such a file is not that of its content.
std::expected<Bytes, std::errc> read_whole(const std::string& path, std::size_t most) {
  const File file(path, O_RDONLY);
  if (file.number() < 0) return std::unexpected(last_error());
  Bytes bytes(most + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto got = ::read(file.number(), bytes.data() + size, bytes.size() - size);
    if (got < 0) return std::unexpected(last_error());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > most) return std::unexpected(std::errc::file_too_large);
  bytes.resize(size);
  return bytes;
}

}  // namespace

TsmCalls system_tsm_calls() {
  return {
      .make_folder = [](const std::string& path) { return error_of(::mkdir(path.c_str(), 0700)); },
      .remove_folder = [](const std::string& path) { return error_of(::rmdir(path.c_str())); },
      .write = write_once,
      .read = read_whole,
      .pause = [] { std::this_thread::sleep_for(kPause); }};
}

evidence::Proven<SnpEvidence> collect_tsm(const std::string& folder, ByteView nonce,
                                          const TsmCalls& calls) {
  Bytes report_data(nonce.begin(), nonce.end());
  report_data.resize(kReportDataBytes);
  for (int attempt = 1;; ++attempt) {
    auto tried = ask(folder, report_data, calls);
    if (tried) return *std::move(tried);
    const auto& failure = tried.error();
    if (!failure.may_pass || attempt == kTries) return std::unexpected(failure.refusal);
    calls.pause();
  }
}

}  // namespace cpods::node
