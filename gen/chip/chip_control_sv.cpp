// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/chip/chip_control_sv.hpp"

#include <fmt/format.h>

#include "gen/base/hash.hpp"

namespace epim {
namespace {

std::string range(int bits) { return fmt::format("[{}:0]", bits - 1); }

/// The same of a slave behind the router: what its pin is called there, and whether each slave has its own.
/// X
std::string behind(const SlavePin& pin, int window) {
  std::string name = std::string(pin.name).substr(7);
  name = name.substr(0, name.size() - 2);
  if (!pin.output && pin.bits > 0) return "to_" + name;
  return pin.bits > 0 ? fmt::format("to_{}[{}:{}]", name, pin.bits * (window + 1) - 1, pin.bits * window) : fmt::format("to_{}[{}]", name, window);
}

}  // namespace

std::vector<SlavePin> axil_pins(int address_bits) {
  return {{"s_axil_awvalid_i", false, 0},  {"s_axil_awready_o", true, 0},  {"s_axil_awaddr_i", false, address_bits},
          {"s_axil_wvalid_i", false, 0},   {"s_axil_wready_o", true, 0},   {"s_axil_wdata_i", false, 32},
          {"s_axil_wstrb_i", false, 4},    {"s_axil_bvalid_o", true, 0},   {"s_axil_bready_i", false, 0},
          {"s_axil_bresp_o", true, 2},     {"s_axil_arvalid_i", false, 0}, {"s_axil_arready_o", true, 0},
          {"s_axil_araddr_i", false, address_bits}, {"s_axil_rvalid_o", true, 0}, {"s_axil_rready_i", false, 0},
          {"s_axil_rdata_o", true, 32},    {"s_axil_rresp_o", true, 2}};
}

std::string chip_control_text(const ChipDesign& chip, const std::string& pixels) {
  std::string s;
  const int cores = static_cast<int>(chip.cores.size()), windows = cores + 1;
  s += fmt::format("  // Who runs, and who may pass: control of the chip, window 0 of the bus; core k has window k + 1.\n"
                    "  logic halt, flow_rst_n, length, pixel_valid, map_valid, map_ready, map_last;\n  logic {0} core_ready, core_error;\n"
                    "  logic {1} to_awvalid, to_awready, to_wvalid, to_wready, to_bvalid, to_bready, to_arvalid, to_arready, to_rvalid, to_rready;\n"
                    "  logic [11:0] to_awaddr, to_araddr;\n  logic [31:0] to_wdata;\n  logic [3:0] to_wstrb;\n  logic {2} to_bresp, to_rresp;\n"
                    "  logic {3} to_rdata;\n  logic {1} load_valid, load_ready;  // into core k; the last ones: behind the last core\n",
                    range(cores), range(windows), range(2 * windows), range(32 * windows));
  for (int k = 0; k < windows; ++k) s += fmt::format("  logic [63:0] load{0}_data;\n  logic load{0}_last;\n", k);
  s += fmt::format("  epim_axil_router #(.Targets({})) u_router (\n    .clk_i, .rst_ni(rst_n),\n    ", windows);
  int n = 0;
  for (const SlavePin& pin : axil_pins(0)) {
    const std::string name = std::string(pin.name).substr(7);
    s += fmt::format(".s_{}({}),{}", name, pin.name, ++n % 3 == 0 ? "\n    " : " ");
  }
  n = 0;
  for (const SlavePin& pin : axil_pins(0)) {
    const std::string name = std::string(pin.name).substr(7), base = name.substr(0, name.size() - 2);
    s += fmt::format("{}.m_{}{}(to_{})", n == 0 ? "" : n % 4 == 0 ? ",\n    " : ", ", base, pin.output ? "_i" : "_o", base);
    ++n;
  }
  s += fmt::format("\n  );\n  epim_chip_control #(.Cores({}), .Hash(64'h{})) u_control (\n    .clk_i, .rst_ni(rst_n),\n    ", cores, hash_text(hardware_hash(chip.common)));
  n = 0;
  for (const SlavePin& pin : axil_pins(12)) s += fmt::format(".s_{}({}),{}", std::string(pin.name).substr(7), behind(pin, 0), ++n % 3 == 0 ? "\n    " : " ");
  s += fmt::format("\n    .load_valid_i(s_load_tvalid_i), .load_ready_o(s_load_tready_o), .chain_valid_o(load_valid[0]), .chain_ready_i(load_ready[0]),\n"
                    "    .in_valid_i(s_axis_tvalid_i), .in_ready_o(s_axis_tready_o), .in_last_i(s_axis_tlast_i), .pixel_valid_o(pixel_valid), .pixel_ready_i({0}_ready),\n"
                    "    .map_valid_i(map_valid), .map_ready_o(map_ready), .map_last_i(map_last), .out_valid_o(m_axis_tvalid_o), .out_ready_i(m_axis_tready_i),\n"
                    "    .ready_i(core_ready), .error_i(core_error), .length_i(length), .halt_o(halt), .flow_rst_no(flow_rst_n), .error_o, .irq_o\n  );\n"
                    "  assign load0_data = s_load_tdata_i;\n  assign load0_last = s_load_tlast_i;\n"
                    "  // The last core hands nothing on.\n  assign load_ready[{1}] = 1'b1;\n"
                    "  /* verilator lint_off UNUSEDSIGNAL */\n  logic unused_chain;\n  /* verilator lint_on UNUSEDSIGNAL */\n"
                    "  assign unused_chain = load_valid[{1}] ^ load{1}_last ^ (^load{1}_data);\n\n",
                    pixels, cores);
  return s;
}

std::string loaded_core_pins(int number) {
  int n = 0;
  std::string s = "    ";
  for (const SlavePin& pin : axil_pins(12)) s += fmt::format(".{}({}),{}", pin.name, behind(pin, number + 1), ++n % 3 == 0 ? "\n    " : " ");
  s += fmt::format("\n    .s_load_tvalid_i(load_valid[{0}]), .s_load_tready_o(load_ready[{0}]), .s_load_tdata_i(load{0}_data), .s_load_tlast_i(load{0}_last),\n"
                    "    .m_load_tvalid_o(load_valid[{1}]), .m_load_tready_i(load_ready[{1}]), .m_load_tdata_o(load{1}_data), .m_load_tlast_o(load{1}_last),\n"
                    "    .load_core_i(16'd{0}),\n",
                    number, number + 1);
  return s;
}

}  // namespace epim
