// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// What a stranger does at the edges of a core.
#include <string>
#include <vector>

#include "sim/misuse_bench.hpp"

namespace epim::misuse {

/// A random run in which, between two clock edges, every input of the buses changes and comes back: no output of a bus
/// may follow it within the cycle.
void paths_through(Bench& b) {
  b.fresh();
  const std::vector<std::string> in = {"s_axil_awvalid_i", "s_axil_awaddr_i", "s_axil_wvalid_i", "s_axil_wdata_i",
                                       "s_axil_wstrb_i", "s_axil_bready_i", "s_axil_arvalid_i", "s_axil_araddr_i",
                                       "s_axil_rready_i", "s_axis_tvalid_i", "s_axis_tdata_i", "s_axis_tlast_i",
                                       "m_axis_tready_i"},
                                 out = {"s_axil_awready_o", "s_axil_wready_o", "s_axil_bvalid_o", "s_axil_bresp_o",
                                        "s_axil_arready_o", "s_axil_rvalid_o", "s_axil_rdata_o", "s_axil_rresp_o",
                                        "s_axis_tready_o", "m_axis_tvalid_o", "m_axis_tdata_o", "m_axis_tlast_o"};
  const auto levels = [&] {
    std::string all;
    for (const std::string& name : out) {
      const Signal s = b.port(name.c_str());
      all.append(reinterpret_cast<const char*>(s.data()), static_cast<std::size_t>((s.bits() + 7) / 8));
    }
    return all;
  };
  b.driver().write(reg::control, start);
  std::uint32_t random = 1;
  for (int cycle = 0; cycle < 400; ++cycle) {
    random = random * 1664525u + 1013904223u;
    b.port("s_axis_tvalid_i").set(1);
    b.port("s_axis_tlast_i").set(0);
    b.port("m_axis_tready_i").set(random >> 20 & 1);
    b.port("s_axil_arvalid_i").set(1);
    b.port("s_axil_araddr_i").set(reg::status);
    b.port("s_axil_rready_i").set(random >> 21 & 1);
    b.driver().model().eval();
    const std::string before = levels();
    for (const std::string& name : in) {
      Signal s = b.port(name.c_str());
      const std::uint64_t old = s.get();
      s.set(old ^ 1);
      b.driver().model().eval();
      require(levels() == before, "protocol", fmt::format("an output of a bus follows {} within cycle {}", name, cycle));
      s.set(old);
    }
    b.driver().model().eval();
    b.driver().tick();
  }
  b.port("s_axil_arvalid_i").set(0);
  b.port("s_axil_rready_i").set(1);
  b.port("s_axis_tvalid_i").set(0);
  b.fresh();
  b.clean_run();
}

void start_and_abort(Bench& b) {
  b.fresh();
  require(!b.driver().try_write(reg::control, start | abort_run), "control bus", "start with abort answered OKAY");
  for (int i = 0; i < 3; ++i) b.driver().tick();
  require(!b.port("busy_o").high(), "start", "start with abort started a run");
  b.expect_error(start_refused, "start with abort");
  b.driver().write(reg::control, start);
  for (int i = 0; i < 9; ++i) b.driver().tick();
  require(!b.driver().try_write(reg::control, start | abort_run), "control bus", "start with abort answered OKAY");
  for (int i = 0; i < 3; ++i) b.driver().tick();
  require(!b.port("busy_o").high(), "abort", "a run goes on after start with abort");
  b.driver().write(reg::control, abort_run);
  b.clean_run();
}

void frames_of_a_run(Bench& b) {
  b.fresh();
  for (const std::uint32_t frames : {0u, 0x10000u, 0xFFFF0000u}) {
    require(!b.driver().try_write(reg::frames, frames), "control bus", fmt::format("0x{:X} frames answered OKAY", frames));
    b.expect_error(write_refused, "number of frames");
    b.driver().write(reg::control, abort_run);
  }
  require(b.driver().read(reg::frames) == 1, "control bus", "a refused number of frames is kept");
  b.clean_run();
}

void program_outside(Bench& b) {
  b.fresh();
  const CoreParameters& p = b.core().parameters;
  const auto refused = [&b](std::uint32_t select, std::uint32_t address) {
    b.driver().write(reg::prog_select, select);
    b.driver().write(reg::prog_addr, address);
    b.driver().write(reg::prog_data, 0xFFFFFFFF);
    require(!b.driver().try_write(reg::prog_data, 0xFFFFFFFF), "control bus",
            fmt::format("entry 0x{:X} of memory {} answered OKAY", address, select));
    b.expect_error(write_refused, "entry outside");
    b.driver().write(reg::control, abort_run);
  };
  refused(static_cast<std::uint32_t>(ProgramKind::ifat), static_cast<std::uint32_t>(p.max_patches));
  refused(static_cast<std::uint32_t>(ProgramKind::ifrt), static_cast<std::uint32_t>(p.ifrt_depth));
  refused(static_cast<std::uint32_t>(ProgramKind::ofat), static_cast<std::uint32_t>(p.max_patches));
  refused(static_cast<std::uint32_t>(ProgramKind::channel), 0x80000000u);
  refused(static_cast<std::uint32_t>(ProgramKind::scale), 1);
  refused(static_cast<std::uint32_t>(ProgramKind::cells), 0x80000000u);
  for (const std::uint32_t kind : {6u, 255u}) refused(kind, 0);
  for (const ProgramKind kind : {ProgramKind::scale, ProgramKind::cells})
    refused(static_cast<std::uint32_t>(kind) | static_cast<std::uint32_t>(p.hw.pe_rows * p.hw.pe_cols) << 8, 0);
  // Nothing of it was stored.
  b.driver().write(reg::control, commit);
  b.clean_run();
}

void half_entry_dropped(Bench& b) {
  // The low word of an entry, then what must forget it; the whole program goes in after it, without select and address.
  for (const std::uint32_t control : {abort_run, commit}) {
    b.fresh();
    const ProgramBlock& block = b.program().blocks.at(0);
    b.driver().write(reg::prog_select, static_cast<std::uint32_t>(block.kind) | static_cast<std::uint32_t>(block.pe) << 8);
    b.driver().write(reg::prog_addr, block.address);
    b.driver().write(reg::prog_data, 0xDEADBEEF);
    b.driver().write(reg::control, control);
    for (const std::uint64_t entry : block.entries) {
      b.driver().write(reg::prog_data, static_cast<std::uint32_t>(entry));
      b.driver().write(reg::prog_data, static_cast<std::uint32_t>(entry >> 32));
    }
    b.driver().write(reg::control, commit);
    b.clean_run();
  }
}

void interrupt(Bench& b) {
  b.fresh();
  const auto irq = [&b] {
    b.driver().tick();
    return b.port("irq_o").high();
  };
  b.clean_run();
  require(b.driver().read(reg::irq_pending) == 1, "interrupt", "a run has ended and done is not pending");
  require(!irq(), "interrupt", "irq_o is high and no interrupt is enabled");
  b.driver().write(reg::irq_enable, 1);
  require(irq(), "interrupt", "irq_o is low with done pending and enabled");
  b.driver().write(reg::irq_pending, 1);
  require(!irq() && b.driver().read(reg::irq_pending) == 0, "interrupt", "done stays pending after it was cleared");
  require(!b.driver().try_write(reg::pad_value + 4, 0), "control bus", "write of an unmapped register answered OKAY");
  require(!b.driver().try_write(reg::frames, 0), "control bus", "no frames answered OKAY");
  require(b.driver().read(reg::irq_pending) == 2 && !irq(), "interrupt", "an error is not pending, or passes its mask");
  b.driver().write(reg::irq_enable, 2);
  require(irq(), "interrupt", "irq_o is low with an error pending and enabled");
  b.driver().write(reg::control, abort_run);
  require(irq(), "interrupt", "an abort clears an interrupt");
  b.driver().write(reg::irq_pending, 2);
  require(!irq(), "interrupt", "an error stays pending after it was cleared");
  require(!b.port("error_o").high(), "status", "error_o is high without an error of a frame or a table");
  b.clean_run();
}

void reset_release(Bench& b) {
  // A master out of its reset at once: nobody is ready before the core's reset has ended, two clocks later.
  b.driver().reset();
  Signal reset = b.port("rst_ni"), arvalid = b.port("s_axil_arvalid_i"), arready = b.port("s_axil_arready_o"),
         awready = b.port("s_axil_awready_o");
  b.driver().write(reg::prog_addr, 77);
  reset.set(0);
  b.driver().model().eval();
  require(!arready.high() && !awready.high(), "reset", "ready during reset, which has fallen without a clock");
  b.driver().tick();
  reset.set(1);
  b.driver().model().eval();
  for (int i = 0; i < 3; ++i) {
    require(!arready.high(), "reset", fmt::format("ready {} clocks after the end of the reset pin", i));
    arvalid.set(1);
    b.port("s_axil_araddr_i").set(reg::prog_addr);
    b.driver().tick();
  }
  require(arready.high(), "reset", "not ready three clocks after the end of the reset pin");
  require(b.driver().read(reg::prog_addr) == 0, "reset", "prog_addr outlives a reset");
}

}  // namespace epim::misuse
