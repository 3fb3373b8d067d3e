#include "node/sev_guest.h"

#include <doctest/doctest.h>
#include <linux/sev-guest.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace cpods::node {
namespace {

using evidence::Doubt;

const Bytes kNonce(32, 0x5A);

// What a driver does at each call, in order; the last is repeated.
struct Turn {
  int error = 0;
  std::uint64_t exit_info = 0;
  std::uint32_t status = 0;
  std::uint32_t size = 1184;
};

class Firmware {
 public:
  explicit Firmware(std::vector<Turn> turns) : turns_(std::move(turns)) {}

  Ioctl call() {
    return [this](int, unsigned long request, void* argument) {
      constexpr unsigned long kExtended = SNP_GET_EXT_REPORT;
      CHECK(request == kExtended);
      const auto turn = turns_.at(std::min(asked, turns_.size() - 1));
      ++asked;
      auto& given = *static_cast<snp_guest_request_ioctl*>(argument);
      CHECK(given.msg_version == 1);
      const auto& wanted = *reinterpret_cast<const snp_ext_report_req*>(given.req_data);
      report_data.assign(std::begin(wanted.data.user_data), std::end(wanted.data.user_data));
      CHECK(wanted.certs_address % 4096 == 0);
      CHECK(wanted.certs_len == 16384);
      given.exitinfo2 = turn.exit_info;
      auto* response = reinterpret_cast<std::uint8_t*>(given.resp_data);
      std::memcpy(response, &turn.status, 4);
      std::memcpy(response + 4, &turn.size, 4);
      response[0x20] = 3;
      errno = turn.error;
      return turn.error == 0 ? 0 : -1;
    };
  }

  std::size_t asked = 0;
  Bytes report_data;

 private:
  std::vector<Turn> turns_;
};

TEST_CASE("sev_guest: asks for the nonce, and takes the report and the host's certificates") {
  Firmware firmware({Turn{}});
  const auto gathered = collect_snp("/dev/null", kNonce, firmware.call());
  REQUIRE(gathered);
  CHECK(gathered->report.size() == 1184);
  CHECK(gathered->report.front() == 3);
  CHECK(gathered->chain.leaf.empty());
  auto padded = kNonce;
  padded.resize(64);
  CHECK(firmware.report_data == padded);
}

TEST_CASE("sev_guest: a busy host is asked again") {
  Firmware firmware(
      {{.error = EIO, .exit_info = std::uint64_t{2} << 32}, {.error = EINTR}, Turn{}});
  CHECK(collect_snp("/dev/null", kNonce, firmware.call()));
  CHECK(firmware.asked == 3);
}

TEST_CASE("sev_guest: what the firmware refuses is told with its numbers") {
  struct Row {
    Turn turn;
    Doubt doubt;
    std::string words;
  };
  const Row rows[] = {
      {{.error = EIO, .exit_info = 22},
       Doubt::Transport,
       "Input/output error, firmware error 22, host error 0"},
      {{.error = EIO, .exit_info = std::uint64_t{1} << 32},
       Doubt::Transport,
       "the host's certificates need too much room"},
      {{.error = ENOTTY}, Doubt::NotATee, "/dev/null is no device of the sev-guest driver"},
      {{.status = 0x16}, Doubt::Transport, "its status is 22"},
      {{.size = 1000}, Doubt::Transport, "it answers 1000 bytes instead of 1184"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words);
    Firmware firmware({row.turn});
    const auto gathered = collect_snp("/dev/null", kNonce, firmware.call());
    REQUIRE_FALSE(gathered);
    CHECK(gathered.error().doubt == row.doubt);
    CHECK(gathered.error().sentence.contains(row.words));
    CHECK(firmware.asked == 1);
  }
}

TEST_CASE("sev_guest: what is no such device answers nothing") {
  const auto absent = collect_snp("/dev/absent", kNonce);
  REQUIRE_FALSE(absent);
  CHECK(absent.error().doubt == Doubt::NotATee);
  const auto other = collect_snp("/dev/null", kNonce);
  REQUIRE_FALSE(other);
  CHECK(other.error().doubt == Doubt::NotATee);
}

}  // namespace
}  // namespace cpods::node
