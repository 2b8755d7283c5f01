// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Misuse checks of table entries: places that the core does not have, wrong bits.
#include "sim/misuse_tables.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "sim/misuse_bench.hpp"

namespace epim::misuse {

void table_places(Bench& b) {
  const CoreParameters& p = b.core().parameters;
  const LayerTables& t = b.program().tables;
  // The bit is set, the run ends, and with the tables repaired the same core works again without a reset.
  const auto run = [&b](ProgramKind kind, const Entries& entries, std::uint32_t bit, const char* what) {
    b.fresh();
    b.patch(kind, entries);
    b.driver().write(reg::control, start);
    try {
      b.stream(b.words());
    } catch (const CheckFailed& e) {
      throw CheckFailed(e.stage(), std::string(what) + ": " + e.what());
    }
    b.expect_error(bit, what);
    b.driver().write(reg::control, abort_run);
    b.expect_error(0, "after abort");
    b.driver().load(b.program());
    b.clean_run();
  };
  // The PE column is the highest field of a place, the last column the highest place of an entry.
  const int columns = p.column_width(), channels = p.channel_width();
  const std::uint64_t second_pe_column = std::uint64_t{1} << (columns - 1);
  const std::uint64_t ofat = pack(p, t.ofat.at(4));
  run(ProgramKind::ofat, {{4, ofat | second_pe_column << (2 * channels + columns)}}, ofat_error, "OFAT last column beyond the array");
  run(ProgramKind::ofat, {{4, ofat | second_pe_column << (2 * channels) | second_pe_column << (2 * channels + columns)}},
      ofat_error, "OFAT columns beyond the array");
  // Four columns for five channels, read two at a time: the count of channels passes the end of the range.
  Entries narrow;
  for (std::uint32_t at = 6; at <= 8; ++at) {
    OfatEntry e = t.ofat.at(at);
    --e.last;
    narrow.emplace_back(at, pack(p, e));
  }
  run(ProgramKind::ofat, narrow, 0, "OFAT columns that do not divide the channels");
  IfrtEntry line = t.ifrt.at(0).at(0);
  line.pe_row = 1;
  run(ProgramKind::ifrt, {{0, pack(p, line)}}, ifrt_error, "IFRT PE row beyond the array");
  IfatEntry words = t.ifat.at(4);
  words.block = 3;  // of three
  run(ProgramKind::ifat, {{4, pack(p, words)}}, ifat_error, "IFAT block that is not stored");
  const int base_at = 2 * p.window_width() + p.block_width();
  const std::uint64_t last_base = ((std::uint64_t{1} << p.ifrt_addr_width()) - 1) << base_at;
  run(ProgramKind::ifat, {{4, pack(p, t.ifat.at(4)) | last_base}}, ifrt_error, "IFRT sequence beyond the table");
}

namespace {

constexpr std::uint32_t armed = 1u << 31;

void inject(Bench& b, ProgramKind kind, std::uint32_t n) { b.driver().write(reg::inject, armed | n << 8 | static_cast<std::uint32_t>(kind)); }
void injected(Bench& b, std::uint32_t want, const char* what) {
  const std::uint32_t got = b.driver().read(reg::inject);
  require(got == want, "parity", fmt::format("{}: inject 0x{:08X}, expected 0x{:08X}", what, got, want));
}
/// The run ends, the bit and the interrupt are set, and with the program stored again the core works without a reset.
void run_wrong(Bench& b, const std::string& what) {
  b.driver().write(reg::irq_enable, 2);
  b.driver().write(reg::control, start);
  try {
    b.stream(b.words());
  } catch (const CheckFailed& e) {
    throw CheckFailed(e.stage(), what + ": " + e.what());
  }
  require(b.status() & parity_error, "parity", what + ": not noticed");
  require(b.port("error_o").high() && b.port("irq_o").high(), "parity", what + ": error_o or irq_o is low");
  require(b.driver().read(reg::irq_pending) & 2, "parity", what + ": nothing in irq_pending");
  b.driver().write(reg::control, abort_run);
  b.expect_error(0, "after abort");
  b.driver().load(b.program());
  try {
    b.clean_run();
  } catch (const CheckFailed& e) {
    throw CheckFailed(e.stage(), what + ", stored again: " + e.what());
  }
}
/// Entry `n` of a kind.
void entry_wrong(Bench& b, ProgramKind kind, std::uint32_t n) {
  b.driver().reset();
  inject(b, kind, n);
  b.driver().load(b.program());
  injected(b, static_cast<std::uint32_t>(kind), "after its entry");
  run_wrong(b, fmt::format("entry {} of kind {}", n, static_cast<int>(kind)));
}

}  // namespace

void parity_of_memories(Bench& b) {
  std::map<ProgramKind, std::uint32_t> entries;
  for (const ProgramBlock& block : b.program().blocks) entries[block.kind] += static_cast<std::uint32_t>(block.entries.size());
  for (const auto& [kind, count] : entries)
    if (kind != ProgramKind::scale && kind != ProgramKind::trims)
      for (const std::uint32_t n : {0u, std::min(5u, count - 1)}) entry_wrong(b, kind, n);
  require(entries.count(b.made().core.hw.pool ? ProgramKind::opt : ProgramKind::slopes), "parity", "a memory that this check is for is not there");
}

void parity_of_entries(Bench& b) {
  const ProgramKind kinds[] = {ProgramKind::ifat, ProgramKind::ifrt, ProgramKind::ofat, ProgramKind::channel, ProgramKind::cells};
  for (const ProgramKind kind : kinds)
    for (const std::uint32_t n : {0u, 5u}) entry_wrong(b, kind, n);
  // Of nine entries the last, and one too many: the program is right, and what comes next is not.
  b.driver().reset();
  inject(b, ProgramKind::ofat, 8);
  b.driver().load(b.program());
  injected(b, 2, "the last entry");
  run_wrong(b, "last OFAT entry");
  b.driver().reset();
  inject(b, ProgramKind::ofat, 9);
  b.driver().load(b.program());
  injected(b, armed | 2, "before its entry");
  b.clean_run();
  const CoreParameters& p = b.core().parameters;
  const LayerTables& t = b.program().tables;
  b.patch(ProgramKind::ifat, {{4, pack(p, t.ifat.at(4))}});
  injected(b, armed | 2, "after an entry of another kind");
  b.clean_run();
  b.patch(ProgramKind::ofat, {{4, pack(p, t.ofat.at(4))}});  // by the register port
  injected(b, 2, "after the register port's entry");
  run_wrong(b, "OFAT entry of the register port");
}

}  // namespace epim::misuse
