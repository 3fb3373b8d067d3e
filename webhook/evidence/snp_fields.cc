#include "evidence/snp_fields.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "evidence/place.h"
#include "evidence/snp_report.h"

namespace cpods::evidence {
namespace {

// Writes fields of an object to their places, little-endian.
class Assembly {
 public:
  explicit Assembly(json::Node fields) : fields_(fields), bytes_(kSnpReportBytes) {}

  void number(std::string_view name, std::size_t offset, std::size_t size) {
    put(fields_[name], offset, size);
  }
  void list(std::string_view name, std::size_t offset, std::size_t size) {
    put_list(required(fields_, name), offset, size);
  }
  // TCB_VERSION has its bytes elsewhere where there is an fmc (Turin).
  void tcb(std::string_view name, std::size_t offset) {
    const auto value = fields_[name];
    const bool has_fmc = value["fmc"].present();
    if (has_fmc) put(value["fmc"], offset, 1);
    put(value["bootloader"], offset + (has_fmc ? 1 : 0), 1);
    put(value["tee"], offset + (has_fmc ? 2 : 1), 1);
    put(value["snp"], offset + (has_fmc ? 3 : 6), 1);
    put(value["microcode"], offset + 7, 1);
  }
  void version(std::string_view name, std::size_t offset) {
    put(fields_[name]["build"], offset, 1);
    put(fields_[name]["minor"], offset + 1, 1);
    put(fields_[name]["major"], offset + 2, 1);
  }
  void signature() {
    const auto signature = required(fields_, "signature");
    put_list(required(signature, "r"), 0x2A0, 72);
    put_list(required(signature, "s"), 0x2E8, 72);
  }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  void put(json::Node value, std::size_t offset, std::size_t size) {
    const auto number = value.integer().value_or(0);
    if (number < 0 || (size < 8 && number >> (8 * size) != 0)) {
      throw json::Malformed(value.pointer(), "does not fit its field");
    }
    for (std::size_t i = 0; i < size; ++i) {
      bytes_[offset + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i));
    }
  }
  void put_list(json::Node value, std::size_t offset, std::size_t size) {
    if (value.size() != size) {
      throw json::Malformed(value.pointer(), "must have " + std::to_string(size) + " bytes");
    }
    for (std::size_t i = 0; i < size; ++i) put(value.at(i), offset + i, 1);
  }

  json::Node fields_;
  Bytes bytes_;
};

}  // namespace

Bytes assembled_report(json::Node fields) {
  Assembly report(fields);
  report.number("version", 0x000, 4);
  report.number("guest_svn", 0x004, 4);
  report.number("policy", 0x008, 8);
  report.list("family_id", 0x010, 16);
  report.list("image_id", 0x020, 16);
  report.number("vmpl", 0x030, 4);
  report.number("sig_algo", 0x034, 4);
  report.tcb("current_tcb", 0x038);
  report.number("plat_info", 0x040, 8);
  report.number("key_info", 0x048, 4);
  report.list("report_data", 0x050, 64);
  report.list("measurement", 0x090, 48);
  report.list("host_data", 0x0C0, 32);
  report.list("id_key_digest", 0x0E0, 48);
  report.list("author_key_digest", 0x110, 48);
  report.list("report_id", 0x140, 32);
  report.list("report_id_ma", 0x160, 32);
  report.tcb("reported_tcb", 0x180);
  report.number("cpuid_fam_id", 0x188, 1);
  report.number("cpuid_mod_id", 0x189, 1);
  report.number("cpuid_step", 0x18A, 1);
  report.list("chip_id", 0x1A0, 64);
  report.tcb("committed_tcb", 0x1E0);
  report.version("current", 0x1E8);
  report.version("committed", 0x1EC);
  report.tcb("launch_tcb", 0x1F0);
  report.number("launch_mit_vector", 0x1F8, 8);
  report.number("current_mit_vector", 0x200, 8);
  report.signature();
  return report.take();
}

}  // namespace cpods::evidence
