#include "evidence/snp_fields.h"

#include <algorithm>
#include <string_view>

#include "evidence/layout.h"
#include "evidence/place.h"
#include "evidence/snp_report.h"
#include "evidence/tcb.h"
#include "json/document.h"
#include "json/writer.h"

namespace cpods::evidence {
namespace {

enum class Shape : std::uint8_t { Number, List, Tcb, Version };

// Of an ATTESTATION_REPORT, little-endian.
struct Field {
  std::string_view name;
  Shape shape;
  std::size_t offset;
  std::size_t size;         // bytes
  std::uint32_t since = 2;  // the report's version that has it first
};

constexpr Field kFields[] = {
    {"version", Shape::Number, 0x000, 4},
    {"guest_svn", Shape::Number, 0x004, 4},
    {"policy", Shape::Number, 0x008, 8},
    {"family_id", Shape::List, 0x010, 16},
    {"image_id", Shape::List, 0x020, 16},
    {"vmpl", Shape::Number, 0x030, 4},
    {"sig_algo", Shape::Number, 0x034, 4},
    {"current_tcb", Shape::Tcb, 0x038, 8},
    {"plat_info", Shape::Number, 0x040, 8},
    {"key_info", Shape::Number, 0x048, 4},
    {"report_data", Shape::List, 0x050, 64},
    {"measurement", Shape::List, 0x090, 48},
    {"host_data", Shape::List, 0x0C0, 32},
    {"id_key_digest", Shape::List, 0x0E0, 48},
    {"author_key_digest", Shape::List, 0x110, 48},
    {"report_id", Shape::List, 0x140, 32},
    {"report_id_ma", Shape::List, 0x160, 32},
    {"reported_tcb", Shape::Tcb, 0x180, 8},
    {"cpuid_fam_id", Shape::Number, 0x188, 1, 3},
    {"cpuid_mod_id", Shape::Number, 0x189, 1, 3},
    {"cpuid_step", Shape::Number, 0x18A, 1, 3},
    {"chip_id", Shape::List, 0x1A0, 64},
    {"committed_tcb", Shape::Tcb, 0x1E0, 8},
    {"current", Shape::Version, 0x1E8, 3},
    {"committed", Shape::Version, 0x1EC, 3},
    {"launch_tcb", Shape::Tcb, 0x1F0, 8},
    {"launch_mit_vector", Shape::Number, 0x1F8, 8, 5},
    {"current_mit_vector", Shape::Number, 0x200, 8, 5},
};

// Halves of the signature, in an object of their own.
constexpr Field kHalves[] = {{"r", Shape::List, 0x2A0, 72}, {"s", Shape::List, 0x2E8, 72}};

constexpr std::string_view kVersion[] = {"build", "minor", "major"};

// ---- Reading ----------------------------------------------------------------------------------

void put(json::Node value, Bytes& report, std::size_t offset, std::size_t size) {
  const auto number = value.integer().value_or(0);
  if (number < 0 || (size < 8 && number >> (8 * size) != 0)) {
    throw json::Malformed(value.pointer(), "does not fit its field");
  }
  for (std::size_t i = 0; i < size; ++i) {
    report[offset + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
}

void put_list(json::Node list, Bytes& report, std::size_t offset, std::size_t size) {
  if (list.size() != size) {
    throw json::Malformed(list.pointer(), "must have " + std::to_string(size) + " bytes");
  }
  for (std::size_t i = 0; i < size; ++i) put(list.at(i), report, offset + i, 1);
}

void put_tcb(json::Node tcb, Bytes& report, std::size_t offset) {
  const bool is_turin = tcb["fmc"].present();
  for (const auto& component : kTcb) {
    const auto place = component.place(is_turin);
    if (place) put(tcb[component.name], report, offset + *place, 1);
  }
}

void put_field(json::Node fields, const Field& field, Bytes& report) {
  switch (field.shape) {
    case Shape::Number:
      return put(fields[field.name], report, field.offset, field.size);
    case Shape::List:
      return put_list(required(fields, field.name), report, field.offset, field.size);
    case Shape::Tcb:
      return put_tcb(fields[field.name], report, field.offset);
    case Shape::Version:
      for (std::size_t i = 0; i < field.size; ++i) {
        put(fields[field.name][kVersion[i]], report, field.offset + i, 1);
      }
  }
}

// ---- Writing ----------------------------------------------------------------------------------

std::int64_t number_at(ByteView report, std::size_t offset, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8) | report[offset + i];
  return static_cast<std::int64_t>(value);
}

void write_tcb(json::Writer& out, ByteView tcb, bool is_turin) {
  out.object();
  for (const auto& component : kTcb) {
    const auto place = component.place(is_turin);
    out.key(component.name);
    if (place) {
      out.number(tcb[*place]);
    } else {
      out.null();
    }
  }
  out.end();
}

void write_field(json::Writer& out, ByteView report, const Field& field, bool is_turin) {
  const auto bytes = report.subspan(field.offset, field.size);
  out.key(field.name);
  switch (field.shape) {
    case Shape::Number:
      out.number(number_at(report, field.offset, field.size));
      return;
    case Shape::List:
      out.array();
      for (const auto byte : bytes) out.number(byte);
      out.end();
      return;
    case Shape::Tcb:
      return write_tcb(out, bytes, is_turin);
    case Shape::Version:
      out.object();
      for (std::size_t i = 0; i < field.size; ++i) out.key(kVersion[i]).number(bytes[i]);
      out.end();
  }
}

std::string written(ByteView report) {
  const auto read = read_snp_report(report);
  const bool is_turin = product_of(read) == "Turin";
  json::Writer out(16384);
  out.object();
  for (const auto& field : kFields) {
    if (read.version >= field.since) write_field(out, report, field, is_turin);
  }
  out.key("signature").object();
  for (const auto& half : kHalves) write_field(out, report, half, is_turin);
  return out.end().end().take();
}

}  // namespace

Bytes assembled_report(json::Node fields) {
  Bytes report(kSnpReportBytes);
  for (const auto& field : kFields) put_field(fields, field, report);
  const auto signature = required(fields, "signature");
  for (const auto& half : kHalves) put_field(signature, half, report);
  return report;
}

std::string fields_of_report(ByteView report) {
  auto text = written(report);
  const auto document = json::Document::parse(text);
  try {
    if (document && std::ranges::equal(assembled_report(document->root()), report)) return text;
  } catch (const json::Malformed&) {  // a number of 64 bits that JSON readers take for negative
  }
  return {};
}

}  // namespace cpods::evidence
