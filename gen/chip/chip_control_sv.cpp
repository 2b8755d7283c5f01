// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/chip/chip_control_sv.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/base/hash.hpp"

namespace epim {
namespace {

std::string range(int bits) { return fmt::format("[{}:0]", bits - 1); }

/// The net of a pin of the slave behind the router that has this window.
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

std::vector<CorePin> loaded_core_pins(int number) {
  std::vector<CorePin> pins;
  for (const SlavePin& pin : axil_pins(12)) pins.push_back({pin.name, pin.output, std::max(pin.bits, 1), behind(pin, number + 1)});
  const auto chain = [&](const char* side, bool in, int k) {
    pins.push_back({fmt::format("{}_load_tvalid_{}", side, in ? "i" : "o"), !in, 1, fmt::format("load_valid[{}]", k)});
    pins.push_back({fmt::format("{}_load_tready_{}", side, in ? "o" : "i"), in, 1, fmt::format("load_ready[{}]", k)});
    pins.push_back({fmt::format("{}_load_tdata_{}", side, in ? "i" : "o"), !in, 64, fmt::format("load{}_data", k)});
    pins.push_back({fmt::format("{}_load_tlast_{}", side, in ? "i" : "o"), !in, 1, fmt::format("load{}_last", k)});
  };
  chain("s", true, number);
  chain("m", false, number + 1);
  pins.push_back({"load_core_i", false, 16, fmt::format("16'd{}", number)});
  pins.push_back({"error_o", true, 1, fmt::format("core_error[{}]", number)});
  pins.push_back({"ready_o", true, 1, fmt::format("core_ready[{}]", number)});
  pins.push_back({"halt_i", false, 1, "halt"});
  return pins;
}

std::string loaded_core_text(int number) {
  const std::vector<CorePin> pins = loaded_core_pins(number);
  constexpr std::size_t bus = 17, words = 4, all = bus + 2 * words + 1;
  std::string s = "    ";
  for (std::size_t n = 0; n < all; ++n) {
    if (n >= bus && (n - bus) % words == 0) s += "\n    ";
    s += fmt::format(".{}({}),", pins[n].pin, pins[n].net);
    if (n < bus) s += (n + 1) % 3 == 0 ? "\n    " : " ";
    else if ((n - bus) % words != words - 1 && n + 1 < all) s += " ";
  }
  return s + "\n";
}

int outside_bits(bool to_core) {
  int bits = to_core ? 1 : 0;
  for (const CorePin& pin : loaded_core_pins(0)) bits += pin.output != to_core ? pin.bits : 0;
  return bits;
}

std::string outside_nets(int number, bool to_core) {
  std::string s = to_core ? "rst_n" : "";
  for (const CorePin& pin : loaded_core_pins(number))
    if (pin.output != to_core) s = s.empty() ? pin.net : pin.net + ", " + s;
  return "{" + s + "}";
}

std::string outside_pins() {
  int in = 1, out = 0;
  std::string s;
  for (const CorePin& pin : loaded_core_pins(0)) {
    int& at = pin.output ? out : in;
    s += fmt::format("    .{}(bus_{}[{} +: {}]),\n", pin.pin, pin.output ? "o" : "i", at, pin.bits);
    at += pin.bits;
  }
  return s;
}

}  // namespace epim
