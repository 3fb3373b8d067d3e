#include "node/sev_guest.h"

#include <fcntl.h>
#include <linux/sev-guest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>

#include "evidence/certificate_table.h"
#include "evidence/layout.h"
#include "node/vtpm.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Proven;

constexpr std::size_t kCertificateBytes = 16 * 1024;  // what the driver takes at most
constexpr std::size_t kPageBytes = 4096;
// In snp_report_resp.data (AMD 56860, MSG_REPORT_RSP): status, size, reserved, report.
constexpr std::size_t kReportOffset = 0x20;
// GHCB: the host is busy, or limits its guest; and the certificates need more room.
constexpr std::uint64_t kBusy = 2;
constexpr std::uint64_t kInvalidLength = 1;
constexpr int kTries = 5;
constexpr std::chrono::milliseconds kPause{500};

class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() { ::close(number_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::unexpected<evidence::Refusal> no_report(const std::string& why) {
  return evidence::refuse(Doubt::Transport, "the SNP firmware gives no report: " + why);
}

std::string firmware_words(std::uint64_t exit_info) {
  return "firmware error " + std::to_string(exit_info & 0xFFFFFFFFU) + ", host error " +
         std::to_string(exit_info >> 32);
}

struct Asked {
  Bytes response;      // snp_report_resp.data
  Bytes certificates;  // the host's table; may be all zeros
};

// One request; the host's word on why not, in `exit_info`.
int ask(const File& file, ByteView nonce, const Ioctl& call, Asked& asked,
        std::uint64_t& exit_info) {
  snp_ext_report_req request{};
  std::ranges::copy(nonce, request.data.user_data);
  // The driver wants whole pages.
  const std::unique_ptr<std::uint8_t, decltype(&std::free)> pages(
      static_cast<std::uint8_t*>(std::aligned_alloc(kPageBytes, kCertificateBytes)), std::free);
  std::fill_n(pages.get(), kCertificateBytes, std::uint8_t{0});
  request.certs_address = reinterpret_cast<std::uint64_t>(pages.get());
  request.certs_len = kCertificateBytes;
  snp_report_resp response{};
  snp_guest_request_ioctl argument{};
  argument.msg_version = 1;
  argument.req_data = reinterpret_cast<std::uint64_t>(&request);
  argument.resp_data = reinterpret_cast<std::uint64_t>(&response);
  const int result = call(file.number(), SNP_GET_EXT_REPORT, &argument);
  const int error = result == 0 ? 0 : errno;
  exit_info = argument.exitinfo2;
  asked.response.assign(std::begin(response.data), std::end(response.data));
  asked.certificates.assign(pages.get(), pages.get() + kCertificateBytes);
  return error;
}

Proven<evidence::SnpEvidence> read_answer(const Asked& asked) {
  const ByteView response = asked.response;
  const auto status = evidence::little_endian<std::uint32_t>(response, 0);
  const auto size = evidence::little_endian<std::uint32_t>(response, 4);
  if (status != 0) return no_report("its status is " + std::to_string(status));
  if (size != evidence::kSnpReportBytes) {
    return no_report("it answers " + std::to_string(size) + " bytes instead of 1184");
  }
  auto chain = evidence::read_certificate_table(asked.certificates);
  if (!chain) return std::unexpected(chain.error());
  const auto report = response.subspan(kReportOffset, evidence::kSnpReportBytes);
  return evidence::SnpEvidence{Bytes(report.begin(), report.end()), *std::move(chain)};
}

}  // namespace

Ioctl system_ioctl() {
  return [](int file, unsigned long request, void* argument) {
    return ::ioctl(file, request, argument);
  };
}

Proven<evidence::SnpEvidence> collect_snp(const std::string& device, ByteView nonce,
                                          const Ioctl& call) {
  if (auto there = require_device(device); !there) return std::unexpected(there.error());
  const File file(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (file.number() < 0) return no_report(device + " cannot be opened");
  std::string why;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    Asked asked;
    std::uint64_t exit_info = 0;
    const int error = ask(file, nonce, call, asked, exit_info);
    if (error == 0) return read_answer(asked);
    if (error == ENOTTY) {
      return evidence::refuse(Doubt::NotATee, device + " is no device of the sev-guest driver");
    }
    why = std::error_code(error, std::generic_category()).message() + ", " +
          firmware_words(exit_info);
    const auto host = exit_info >> 32;
    if (host == kInvalidLength) return no_report("the host's certificates need too much room");
    if (host != kBusy && error != EAGAIN && error != EINTR) return no_report(why);
    std::this_thread::sleep_for(kPause);
  }
  return no_report(why);
}

}  // namespace cpods::node
