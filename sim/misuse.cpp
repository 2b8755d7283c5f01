// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/misuse.hpp"

#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "sim/misuse_bench.hpp"
#include "sim/misuse_load.hpp"
#include "sim/misuse_banks.hpp"
#include "sim/misuse_tables.hpp"

namespace epim {
namespace {

using namespace misuse;

void unmapped(Bench& b) {
  b.fresh();
  for (const std::uint32_t a : {0x024u, 0x03Cu, 0x0A0u, 0x0BCu, 0x0D8u, 0x198u, 0x400u, 0x800u, 0xFFCu}) {
    require(!b.try_read(a), "control bus", fmt::format("read of unmapped 0x{:03X} answered OKAY", a));
    require(!b.driver().try_write(a, 1), "control bus", fmt::format("write of unmapped 0x{:03X} answered OKAY", a));
  }
  for (const std::uint32_t a : {0x001u, 0x042u, 0x0C1u, 0x103u})
    require(!b.try_read(a) && !b.driver().try_write(a, 1), "control bus",
            fmt::format("unaligned 0x{:03X} answered OKAY", a));
  for (const std::uint32_t a : {reg::id, reg::version, reg::hash_lo, reg::status, reg::cycles, reg::events})
    require(!b.driver().try_write(a, 0), "control bus", fmt::format("write of read-only 0x{:03X} answered OKAY", a));
  b.clean_run();
}

void partial_strobes(Bench& b) {
  b.fresh();
  for (unsigned strobe = 0; strobe < 15; ++strobe) {
    require(!b.write_strobed(reg::shift, 0x3F3F3F3F, strobe), "control bus",
            fmt::format("strobe 0x{:X} answered OKAY", strobe));
    require(!b.write_strobed(reg::prog_data, 0x3F3F3F3F, strobe), "control bus",
            fmt::format("strobe 0x{:X} answered OKAY", strobe));
    require(!b.write_strobed(reg::control, start, strobe), "control bus",
            fmt::format("strobe 0x{:X} answered OKAY", strobe));
    require(!(b.status() & busy_bit), "control bus", fmt::format("start with strobe 0x{:X} took effect", strobe));
  }
  require(b.driver().read(reg::shift) == b.program().geometry[(reg::shift - reg::last_patch) / 4], "control bus",
          "a write with partial strobes changed the register");
  b.clean_run();
}

void handshakes(Bench& b) {
  b.fresh();
  Signal awvalid = b.port("s_axil_awvalid_i"), wvalid = b.port("s_axil_wvalid_i"), bready = b.port("s_axil_bready_i"),
         bvalid = b.port("s_axil_bvalid_o"), bresp = b.port("s_axil_bresp_o"), arvalid = b.port("s_axil_arvalid_i"),
         rready = b.port("s_axil_rready_i"), rvalid = b.port("s_axil_rvalid_o"), rdata = b.port("s_axil_rdata_o");
  CoreDriver& d = b.driver();
  // Address and data in different cycles: the first is taken and waits, nothing happens before the second.
  for (const bool address_first : {true, false}) {
    Signal first = address_first ? awvalid : wvalid, second = address_first ? wvalid : awvalid;
    b.port("s_axil_awaddr_i").set(reg::prog_addr);
    b.port("s_axil_wdata_i").set(address_first ? 5 : 6);
    d.tick();
    first.set(1);
    d.tick();
    first.set(0);
    for (int i = 0; i < 3; ++i) d.tick();
    require(!bvalid.high(), "control bus", "a write response before address and data");
    require(b.driver().read(reg::prog_addr) != (address_first ? 5u : 6u), "control bus", "half a write took effect");
    second.set(1);
    bready.set(0);
    d.model().eval();
    d.tick();
    first.set(0);
    second.set(0);
    for (int i = 0; i < 4; ++i) {
      require(bvalid.high() && bresp.get() == 0, "control bus", "a write response does not wait for bready");
      d.tick();
    }
    bready.set(1);
    d.tick();
    require(!bvalid.high(), "control bus", "a write response stays after bready");
    require(d.read(reg::prog_addr) == (address_first ? 5u : 6u), "control bus", "a write was lost");
  }
  // Read data waits for rready, and a second read waits for the first.
  d.tick();
  rready.set(0);
  arvalid.set(1);
  b.port("s_axil_araddr_i").set(reg::id);
  d.model().eval();
  d.tick();
  b.port("s_axil_araddr_i").set(reg::version);
  for (int i = 0; i < 4; ++i) {
    require(rvalid.high() && rdata.get() == 0x4550494D, "control bus", "read data does not wait for rready");
    d.tick();
  }
  rready.set(1);
  d.model().eval();
  d.tick();
  arvalid.set(0);
  require(rvalid.high() && rdata.get() == 0x00010000, "control bus", "the second of two reads is lost");
  d.tick();
  b.clean_run();
}

void start_before_commit(Bench& b) {
  b.driver().reset();
  require(!b.driver().try_write(reg::control, start), "control bus", "start before commit answered OKAY");
  b.expect_error(start_refused, "start before commit");
  for (int i = 0; i < 3; ++i) b.driver().tick();
  require(!b.port("busy_o").high() && !(b.status() & busy_bit), "start", "start before commit took effect");
  b.driver().load(b.program());
  require((b.status() & committed_bit) != 0, "status", "not committed after commit");
  b.driver().write(reg::control, abort_run);
  b.expect_error(0, "after abort");
  b.clean_run();
}

void commit_is_undone(Bench& b) {
  b.fresh();
  b.driver().write(reg::pad_value, b.program().geometry.back());
  require(!(b.status() & committed_bit), "status", "a geometry write left the core committed");
  require(!b.driver().try_write(reg::control, start), "control bus",
          "start after an uncommitted geometry write answered OKAY");
  b.fresh();
  const ProgramBlock& block = b.program().blocks.at(0);
  b.driver().write(reg::prog_select,
                   static_cast<std::uint32_t>(block.kind) | static_cast<std::uint32_t>(block.pe) << 8);
  b.driver().write(reg::prog_addr, block.address);
  b.driver().write(reg::prog_data, static_cast<std::uint32_t>(block.entries.at(0)));
  b.driver().write(reg::prog_data, static_cast<std::uint32_t>(block.entries.at(0) >> 32));
  require(!b.driver().try_write(reg::control, start), "control bus",
          "start after an uncommitted table write answered OKAY");
  // Commit and start in one write.
  b.driver().write(reg::control, abort_run);
  b.driver().write(reg::control, commit | start);
  b.expect(b.stream(b.words()), {b.golden_output(0)});
}

void writes_while_busy(Bench& b) {
  b.fresh();
  b.driver().write(reg::control, start);
  const Streamed got = b.stream(b.words(), 1, [&b] {
    require(!b.driver().try_write(reg::shift, 0), "control bus", "geometry write while busy answered OKAY");
    b.expect_error(write_refused, "geometry write while busy");
    require(!b.driver().try_write(reg::frames, 2), "control bus", "frames write while busy answered OKAY");
    b.driver().write(reg::prog_select, static_cast<std::uint32_t>(ProgramKind::scale));
    b.driver().write(reg::prog_addr, 0);
    for (int i = 0; i < 4; ++i)
      require(!b.driver().try_write(reg::prog_data, 0), "control bus", "table write while busy answered OKAY");
    require(!b.driver().try_write(reg::control, start), "control bus", "start while busy answered OKAY");
    b.expect_error(write_refused | start_refused, "start while busy");
  });
  b.expect(got, {b.golden_output(0)});
  b.expect_error(write_refused | start_refused, "after the run");
  require((b.status() & committed_bit) != 0, "status", "a refused write undid the commit");
  b.driver().write(reg::control, abort_run);
  b.clean_run();
}

void half_entries(Bench& b) {
  b.driver().reset();
  LayerProgram program = b.program();
  // A stray low word before the second of select and address: that one must forget it.
  for (std::size_t i = 0; i < program.blocks.size(); ++i) {
    const ProgramBlock& block = program.blocks[i];
    const std::uint32_t select = static_cast<std::uint32_t>(block.kind) | static_cast<std::uint32_t>(block.pe) << 8;
    if (i % 2) b.driver().write(reg::prog_addr, block.address);
    else b.driver().write(reg::prog_select, select);
    b.driver().write(reg::prog_data, 0xDEADBEEF);
    if (i % 2) b.driver().write(reg::prog_select, select);
    else b.driver().write(reg::prog_addr, block.address);
    require(b.driver().read(reg::prog_select) == select && b.driver().read(reg::prog_addr) == block.address,
            "control bus",
            "prog_select or prog_addr does not read back");
    for (const std::uint64_t entry : block.entries) {
      b.driver().write(reg::prog_data, static_cast<std::uint32_t>(entry));
      b.driver().write(reg::prog_data, static_cast<std::uint32_t>(entry >> 32));
    }
  }
  program.blocks.clear();
  b.driver().load(program);
  b.clean_run();
}

void early_tlast(Bench& b) {
  for (const int n : {1, 17, 45, b.frame_words() - 1}) {
    b.fresh();
    std::vector<Word> list = b.words();
    list.resize(static_cast<std::size_t>(n));
    list.back().last = true;
    b.driver().write(reg::control, start);
    const Streamed got = b.stream(list);
    b.expect_error(frame_length, "early tlast");
    b.expect(got, {b.golden_cut(n)});
  }
  // The next frame starts where it should.
  b.fresh();
  b.set_frames(2);
  std::vector<Word> list = b.words();
  list.resize(50);
  list.back().last = true;
  for (const Word& w : b.words(2))
    if (w.frame == 1) list.push_back(w);
  b.driver().write(reg::control, start);
  b.expect(b.stream(list), {b.golden_cut(50), b.golden_output(1)});
  b.expect_error(frame_length, "early tlast in the first of two frames");
}

void late_tlast(Bench& b) {
  b.fresh();
  b.set_frames(2);
  std::vector<Word> list = b.words();
  list.back().last = false;
  for (int i = 0; i < 7; ++i) list.push_back({0, b.frame_words() + i, i == 6});
  for (const Word& w : b.words(2))
    if (w.frame == 1) list.push_back(w);
  b.driver().write(reg::control, start);
  b.expect(b.stream(list), {b.golden_output(0), b.golden_output(1)});
  b.expect_error(frame_length, "late tlast");
  // No tlast at all: the run ends by count.
  b.fresh();
  list = b.words();
  list.back().last = false;
  b.driver().write(reg::control, start);
  b.expect(b.stream(list), {b.golden_output(0)});
  b.expect_error(frame_length, "missing tlast");
  b.driver().write(reg::control, abort_run);
  b.clean_run();
}

void table_errors(Bench& b) {
  const CoreParameters& p = b.core().parameters;
  const LayerTables& t = b.program().tables;
  // The bit is set, the run ends, and with the tables repaired the same core works again without a reset.
  const auto broken = [&b](ProgramKind kind, const Entries& entries, std::uint32_t bit, const char* what,
                           bool ends = true) {
    b.fresh();
    b.patch(kind, entries);
    b.driver().write(reg::control, start);
    try {
      b.stream(b.words());
    } catch (const CheckFailed& e) {
      if (ends) throw CheckFailed(e.stage(), std::string(what) + ": " + e.what());
    }
    b.expect_error(bit, what);
    b.driver().write(reg::control, abort_run);
    b.expect_error(0, "after abort");
    b.driver().load(b.program());
    b.clean_run();
  };
  const auto ifat = [&](std::uint32_t at, int first, int stop) {
    IfatEntry e = t.ifat.at(at);
    e.start = first;
    e.stop = stop;
    return Entries{{at, pack(p, e)}};
  };
  broken(ProgramKind::ifat, ifat(4, t.ifat.at(4).start, t.ifat.at(4).start), ifat_error, "IFAT stop = start");
  broken(ProgramKind::ifat, ifat(3, t.ifat.at(3).stop, t.ifat.at(3).start), ifat_error, "IFAT stop < start");
  IfrtEntry ifrt = t.ifrt.at(0).at(0);
  ifrt.used = false;
  broken(ProgramKind::ifrt, {{0, pack(p, ifrt)}}, ifrt_error, "IFRT entry names no word lines");
  // Patches 3, 4 and 5 make the second of three output ranges.
  const auto ofat = [&](std::uint32_t first, std::uint32_t last, int shift_start, int shift_stop) {
    Entries entries;
    for (std::uint32_t at = first; at <= last; ++at) {
      OfatEntry e = t.ofat.at(at);
      e.start += shift_start;
      e.stop += shift_stop;
      entries.emplace_back(at, pack(p, e));
    }
    return entries;
  };
  broken(ProgramKind::ofat, ofat(3, 5, 1, 0), ofat_error, "OFAT range leaves a gap");
  broken(ProgramKind::ofat, ofat(3, 5, -1, 0), ofat_error, "OFAT range overlaps the one before");
  broken(ProgramKind::ofat, ofat(4, 4, 1, 0), ofat_error, "OFAT range lies inside the open one");
  broken(ProgramKind::ofat, ofat(4, 4, 0, -5), ofat_error, "OFAT stop = start");
  broken(ProgramKind::ofat, ofat(6, 8, 0, -6), ofat_error, "OFAT stop < start");
  // Without a column there is nothing to drain: such a run may need the abort.
  OfatEntry swapped = t.ofat.at(2);
  std::swap(swapped.first, swapped.last);
  broken(ProgramKind::ofat, {{2, pack(p, swapped)}}, ofat_error, "OFAT last column before the first");
}

void wrong_hash(Bench& b) {
  for (const int bit : {0, 31, 32, 63}) {
    Core other = b.core();
    other.hash ^= std::uint64_t{1} << bit;
    CoreDriver driver(other);
    bool refused = false;
    try {
      driver.reset();
    } catch (const InputError& e) {
      refused = e.rule() == "wrong-register-image";
    }
    require(refused, "hash", fmt::format("a core whose hash differs in bit {} is accepted", bit));
  }
}

void runs_without_reset(Bench& b) {
  b.fresh();
  std::vector<std::uint64_t> first;
  for (int run = 0; run < 3; ++run) {
    b.clean_run();
    std::vector<std::uint64_t> counts = {b.driver().read64(reg::cycles), b.driver().read64(reg::first_fire),
                                         b.driver().read64(reg::last_fire)};
    for (std::uint32_t i = 0; i < event_count; ++i) counts.push_back(b.driver().read64(reg::events + 8 * i));
    if (run == 0) first = counts;
    require(counts == first, "events", fmt::format("run {} of the same layer without a reset counts differently", run));
  }
}

void abort_anywhere(Bench& b) {
  b.fresh();
  for (const int after : {0, 1, 2, 7, 23, 60, 61, 62, 63, 140, 333}) {
    b.driver().write(reg::control, start);
    Signal valid = b.port("s_axis_tvalid_i");
    b.port("m_axis_tready_i").set(after % 2);
    valid.set(1);
    b.port("s_axis_tlast_i").set(0);
    Signal ready = b.port("s_axis_tready_o"), out_valid = b.port("m_axis_tvalid_o"), last = b.port("s_axis_tlast_i");
    int taken = 0;
    for (int i = 0; i < after; ++i) {
      taken += ready.high();
      b.driver().tick();
    }
    taken += ready.high();  // with the abort
    const bool waits = out_valid.high() && after % 2 == 0;
    b.driver().write(reg::control, abort_run);
    valid.set(0);
    require(!b.port("busy_o").high(), "abort", fmt::format("busy after an abort in cycle {}", after));
    // A beat that was offered stays until it is taken; no other comes.
    for (int i = 0; i < 3; ++i) {
      require(out_valid.high() == waits, "abort",
              fmt::format("{} output beat after an abort in cycle {}", waits ? "a withdrawn" : "an", after));
      b.driver().tick();
    }
    b.port("m_axis_tready_i").set(1);
    b.driver().tick();
    require(!out_valid.high(), "abort", fmt::format("an output beat after an abort in cycle {}", after));
    // The rest of a frame that has begun is dropped up to its tlast; or a second abort, without a run, ends that.
    require(ready.high() == (taken > 0), "abort",
            fmt::format("s_axis_tready {} after an abort in cycle {}, {} words taken", ready.high(), after, taken));
    if (after % 3 == 0) {
      b.driver().write(reg::control, abort_run);
    } else if (taken > 0) {
      valid.set(1);
      for (int i = 0; i < 5; ++i) {
        last.set(i == 4);
        require(ready.high(), "abort", "the input stops before the tlast of an aborted frame");
        b.driver().tick();
      }
      valid.set(0);
    }
    require(!ready.high(), "abort", fmt::format("the input is ready between frames after an abort in cycle {}", after));
    require((b.status() & (busy_bit | done_bit | error_bits)) == 0, "status",
            fmt::format("0x{:04X} after an abort in cycle {}", b.status(), after));
    b.clean_run();
  }
}

void stalled_output(Bench& b) {
  for (const int period : {2, 3, 17, 64}) {
    b.fresh();
    b.clean_run(period);
  }
}

void rom_tables(Bench& b) {
  b.driver().reset();
  require((b.status() & committed_bit) != 0, "status", "a core with ROM tables is not committed after reset");
  require(!b.driver().try_write(reg::shift, 0), "control bus", "geometry write of a ROM core answered OKAY");
  b.expect_error(write_refused, "geometry write of a ROM core");
  b.driver().write(reg::control, abort_run);
  require(!b.driver().try_write(reg::prog_data, 0), "control bus", "table write of a ROM core answered OKAY");
  b.expect_error(write_refused, "table write of a ROM core");
  b.driver().write(reg::control, abort_run);
  b.driver().write(reg::frames, 2);
  b.driver().write(reg::control, start);
  b.expect(b.stream(b.words(2)), {b.golden_output(0), b.golden_output(1)});
  b.driver().write(reg::frames, 1);
  b.clean_run();
}

struct Check {
  const char* name;
  int core;  ///< of `cores`
  void (*run)(Bench&);
};
constexpr const char* cores[] = {"tables = \"writable\"", "tables = \"rom\"", "load_stream = true\nparity = true",
                                 "load_stream = true\nparity = true\nprogram_banks = 2\nstorage = \"ram\"\nslope_bits = 16", "parity = true"};
constexpr int writable = 0, rom = 1, load_port = 2, two_banks = 3, pool_core = 4;
constexpr Check checks[] = {
    {"parity", load_port, parity_of_entries},
    {"unmapped", writable, unmapped},
    {"partial-strobes", writable, partial_strobes},
    {"handshakes", writable, handshakes},
    {"start-before-commit", writable, start_before_commit},
    {"commit-is-undone", writable, commit_is_undone},
    {"writes-while-busy", writable, writes_while_busy},
    {"half-entries", writable, half_entries},
    {"early-tlast", writable, early_tlast},
    {"late-tlast", writable, late_tlast},
    {"table-errors", writable, table_errors},
    {"table-places", writable, table_places},
    {"wrong-hash", writable, wrong_hash},
    {"runs-without-reset", writable, runs_without_reset},
    {"abort-anywhere", writable, abort_anywhere},
    {"stalled-output", writable, stalled_output},
    {"paths-through", writable, paths_through},
    {"start-and-abort", writable, start_and_abort},
    {"frames", writable, frames_of_a_run},
    {"program-outside", writable, program_outside},
    {"half-entry-dropped", writable, half_entry_dropped},
    {"interrupt", writable, interrupt},
    {"reset-release", writable, reset_release},
    {"rom-tables", rom, rom_tables},
    {"load-damaged", load_port, load_damaged},
    {"load-lost", load_port, load_lost},
    {"load-places", load_port, load_places},
    {"load-while-busy", load_port, load_while_busy},
    {"load-beside-registers", load_port, load_beside_registers},
    {"parity-slopes-ram", two_banks, parity_of_memories},
    {"parity-pool", pool_core, parity_of_memories},
    {"banks-beside-runs", two_banks, banks_beside_runs},
    {"banks-half-programs", two_banks, banks_half_programs},
    {"banks-registers", two_banks, banks_registers},
    {"banks-parity", two_banks, banks_parity},
};
std::string name_of(const Check& check) { return std::string("misuse-") + check.name; }

}  // namespace

std::vector<std::string> misuse_names() {
  std::vector<std::string> names;
  for (const Check& check : checks) names.push_back(name_of(check));
  return names;
}

std::vector<CaseResult> run_misuse(const BuildOptions& build, const Sources* rtl, bool stop_at_first, const std::string& only) {
  std::vector<CaseResult> results;
  std::unique_ptr<Bench> benches[std::size(cores)];
  for (const Check& check : checks) {
    if (!only.empty() && only != name_of(check)) continue;
    CaseResult result;
    result.name = name_of(check);
    result.configurations = 1;
    const auto begin = std::chrono::steady_clock::now();
    const auto since = [&begin] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    record(result, [&] {
      try {
        std::unique_ptr<Bench>& bench = benches[check.core];
        if (!bench) bench = std::make_unique<Bench>(cores[check.core], check.core == pool_core, build, rtl);
        result.build_seconds = since();
        check.run(*bench);
      } catch (const InputError& e) {
        throw CheckFailed(e.rule(), e.what());  // the rule says more than "input"
      }
    });
    result.seconds = since();
    results.push_back(result);
    if (!results.back().passed && stop_at_first) break;
  }
  return results;
}

}  // namespace epim
