// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/fpga/board.hpp"

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"

namespace epim {

int in_bytes(const Hardware& hw) { return (hw.lanes * hw.act_bits + 7) / 8; }
int out_bytes(const Hardware& hw) { return (hw.lanes * hw.out_bits + 7) / 8; }

std::uint16_t board_tag(const CoreParameters& p) {
  return static_cast<std::uint16_t>(fnv1a(fmt::format("{} {} {} {} {} {}", p.max_patches, p.ifrt_depth, p.param_depth, p.max_window,
                                                      p.max_blocks, p.max_channels)));
}

std::vector<std::pair<std::string, int>> board_ports(const BoardTop& top) {
  std::vector<std::pair<std::string, int>> ports = {{"clk_i", 1}, {"uart_rx_i", 1}, {"uart_tx_o", 1}, {"led_o", 5}};
  if (top.reset == ResetPin::active_low) ports.emplace_back("rst_ni", 1);
  if (top.reset == ResetPin::active_high) ports.emplace_back("rst_i", 1);
  return ports;
}

std::vector<std::string> board_blocks(const BoardTop& top) {
  std::vector<std::string> blocks = {"epim_core", "epim_reset_sync", "epim_uart_bridge"};
  if (top.self_test.on) blocks.push_back("epim_bist");
  return blocks;
}

std::string board_sv(const CoreParameters& p, const CoreSpec& core, const BoardTop& top) {
  const int in = in_bytes(p.hw), out = out_bytes(p.hw);
  const bool bist = top.self_test.on;
  std::string s = fmt::format(
      "// SPDX-FileCopyrightText: 2026 The epim authors\n// SPDX-License-Identifier: Apache-2.0\n\n"
      "/// Board top of configuration {}: the core behind a serial line. Generated; protocol in docs/fpga.md.\n"
      "module epim_board #(\n  /// Clocks of one bit of the serial line.\n  parameter int ClocksPerBit = {},\n"
      "  /// A command whose next byte does not come for 2^TimeoutBits clocks is dropped.\n"
      "  parameter int TimeoutBits = {}\n) (\n  /// Clock.\n  input  logic       clk_i,\n",
      core.name, top.clocks_per_bit, top.timeout_bits);
  if (top.reset != ResetPin::none)
    s += fmt::format("  /// Reset button, active {}.\n  input  logic       {},\n", top.reset == ResetPin::active_low ? "low" : "high",
                     top.reset == ResetPin::active_low ? "rst_ni" : "rst_i");
  s += "  /// Serial line.\n  input  logic       uart_rx_i,\n  output logic       uart_tx_o,\n"
       "  /// LEDs: busy, link error, self-test passed, self-test failed, alive.\n  output logic [4:0] led_o\n);\n\n";
  const char* button = top.reset == ResetPin::none ? "1'b1" : top.reset == ResetPin::active_low ? "rst_ni" : "!rst_i";
  s += fmt::format(
      "  // Reset for 15 clocks after configuration, and while the button is pressed; from a register, since a decoded count\n"
      "  // may glitch.\n"
      "  logic [3:0] por_q = 4'd0;\n  logic       por_n_q = 1'b0;\n  logic       button_n, rst_n;\n"
      "  epim_reset_sync u_button (.clk_i, .rst_ni({}), .rst_no(button_n));\n"
      "  always_ff @(posedge clk_i or negedge button_n) begin\n"
      "    if (!button_n) begin\n      por_q   <= 4'd0;\n      por_n_q <= 1'b0;\n    end else begin\n"
      "      if (por_q != 4'd15) por_q <= por_q + 4'd1;\n      por_n_q <= por_q == 4'd15;\n    end\n  end\n"
      "  assign rst_n = por_n_q;\n\n"
      "  // About one blink per second.\n  logic [TimeoutBits+1:0] alive_q;\n"
      "  always_ff @(posedge clk_i or negedge rst_n) begin\n    if (!rst_n) alive_q <= '0;\n    else alive_q <= alive_q + (TimeoutBits + 2)'(1);\n  end\n\n",
      button);
  s += fmt::format(
      "  logic        awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;\n"
      "  logic [11:0] awaddr, araddr;\n  logic [31:0] wdata, rdata;\n  logic [3:0]  wstrb;\n  logic [1:0]  bresp, rresp;\n"
      "  logic        in_valid, in_ready, in_last, out_valid, out_ready, out_last, busy, link_error;\n"
      "  logic [{}:0] in_data;\n  logic [{}:0] out_data;\n\n", 8 * in - 1, 8 * out - 1);
  const char* link = bist ? "link_" : "";
  if (bist)
    s += fmt::format(
        "  // The self-test has the core for itself until it ends.\n"
        "  logic        testing, passed, failed;\n"
        "  logic        link_awvalid, link_wvalid, link_bready, link_arvalid, link_in_valid, link_in_last, link_out_ready;\n"
        "  logic [11:0] link_awaddr;\n  logic [31:0] link_wdata;\n  logic [3:0]  link_wstrb;\n  logic [{0}:0] link_in_data;\n"
        "  logic        bist_awvalid, bist_wvalid, bist_bready, bist_in_valid, bist_in_last, bist_out_ready;\n"
        "  logic [11:0] bist_awaddr;\n  logic [31:0] bist_wdata;\n  logic [{0}:0] bist_in_data;\n"
        "  // What the self-test still offers when it ends stays until it is taken.\n"
        "  logic        test_bus, test_in;\n"
        "  assign test_bus  = testing || bist_awvalid || bist_wvalid;\n"
        "  assign test_in   = testing || bist_in_valid;\n"
        "  assign awvalid   = test_bus ? bist_awvalid : link_awvalid;\n"
        "  assign awaddr    = test_bus ? bist_awaddr : link_awaddr;\n"
        "  assign wvalid    = test_bus ? bist_wvalid : link_wvalid;\n"
        "  assign wdata     = test_bus ? bist_wdata : link_wdata;\n"
        "  assign wstrb     = test_bus ? 4'hF : link_wstrb;\n"
        "  assign bready    = testing ? bist_bready : link_bready;\n"
        "  assign arvalid   = !testing && link_arvalid;\n"
        "  assign in_valid  = test_in ? bist_in_valid : link_in_valid;\n"
        "  assign in_data   = test_in ? bist_in_data : link_in_data;\n"
        "  assign in_last   = test_in ? bist_in_last : link_in_last;\n"
        "  assign out_ready = testing ? bist_out_ready : link_out_ready;\n"
        "  assign led_o     = {{alive_q[TimeoutBits+1], failed, passed, link_error, busy}};\n\n"
        "  epim_bist #(\n    .InW({1}),\n    .OutW({2}),\n    .Words({3}),\n    .Expected(32'h{4:08X})\n  ) u_bist (\n"
        "    .clk_i,\n    .rst_ni(rst_n),\n    .m_axil_awvalid_o(bist_awvalid),\n    .m_axil_awready_i(awready && test_bus),\n"
        "    .m_axil_awaddr_o(bist_awaddr),\n    .m_axil_wvalid_o(bist_wvalid),\n    .m_axil_wready_i(wready && test_bus),\n"
        "    .m_axil_wdata_o(bist_wdata),\n    .m_axil_bvalid_i(bvalid),\n    .m_axil_bready_o(bist_bready),\n"
        "    .m_axis_tvalid_o(bist_in_valid),\n    .m_axis_tready_i(in_ready && test_in),\n    .m_axis_tdata_o(bist_in_data),\n"
        "    .m_axis_tlast_o(bist_in_last),\n    .s_axis_tvalid_i(out_valid),\n    .s_axis_tready_o(bist_out_ready),\n"
        "    .s_axis_tdata_i(out_data),\n    .s_axis_tlast_i(out_last),\n    .active_o(testing),\n    .pass_o(passed),\n"
        "    .fail_o(failed)\n  );\n\n",
        8 * in - 1, 8 * in, 8 * out, top.self_test.words, top.self_test.signature);
  else
    s += "  assign led_o = {alive_q[TimeoutBits+1], 2'b00, link_error, busy};\n\n";
  const char* to_link = bist ? " && !testing" : "";
  const char *bus_to_link = bist ? " && !test_bus" : "", *in_to_link = bist ? " && !test_in" : "";
  s += fmt::format(
      "  epim_uart_bridge #(\n    .ClocksPerBit(ClocksPerBit),\n    .InBytes({0}),\n    .OutBytes({1}),\n    .FifoDepth({2}),\n"
      "    .TimeoutBits(TimeoutBits),\n    .Tag(16'h{5:04X})\n  ) u_bridge (\n    .clk_i,\n    .rst_ni(rst_n),\n    .rx_i(uart_rx_i),\n    .tx_o(uart_tx_o),\n"
      "    .m_axil_awvalid_o({3}awvalid),\n    .m_axil_awready_i(awready{6}),\n    .m_axil_awaddr_o({3}awaddr),\n"
      "    .m_axil_wvalid_o({3}wvalid),\n    .m_axil_wready_i(wready{6}),\n    .m_axil_wdata_o({3}wdata),\n"
      "    .m_axil_wstrb_o({3}wstrb),\n    .m_axil_bvalid_i(bvalid{4}),\n    .m_axil_bready_o({3}bready),\n    .m_axil_bresp_i(bresp),\n"
      "    .m_axil_arvalid_o({3}arvalid),\n    .m_axil_arready_i(arready{4}),\n    .m_axil_araddr_o(araddr),\n"
      "    .m_axil_rvalid_i(rvalid),\n    .m_axil_rready_o(rready),\n    .m_axil_rdata_i(rdata),\n    .m_axil_rresp_i(rresp),\n"
      "    .m_axis_tvalid_o({3}in_valid),\n    .m_axis_tready_i(in_ready{7}),\n    .m_axis_tdata_o({3}in_data),\n"
      "    .m_axis_tlast_o({3}in_last),\n    .s_axis_tvalid_i(out_valid{4}),\n    .s_axis_tready_o({3}out_ready),\n"
      "    .s_axis_tdata_i(out_data),\n    .s_axis_tlast_i(out_last),\n    .error_o(link_error)\n  );\n\n",
      in, out, top.fifo, link, to_link, board_tag(p), bus_to_link, in_to_link);
  s += "  epim_top u_top (\n    .clk_i,\n    .rst_ni(rst_n),\n    .s_axil_awvalid_i(awvalid),\n    .s_axil_awready_o(awready),\n"
       "    .s_axil_awaddr_i(awaddr),\n    .s_axil_wvalid_i(wvalid),\n    .s_axil_wready_o(wready),\n    .s_axil_wdata_i(wdata),\n"
       "    .s_axil_wstrb_i(wstrb),\n    .s_axil_bvalid_o(bvalid),\n    .s_axil_bready_i(bready),\n    .s_axil_bresp_o(bresp),\n"
       "    .s_axil_arvalid_i(arvalid),\n    .s_axil_arready_o(arready),\n    .s_axil_araddr_i(araddr),\n    .s_axil_rvalid_o(rvalid),\n"
       "    .s_axil_rready_i(rready),\n    .s_axil_rdata_o(rdata),\n    .s_axil_rresp_o(rresp),\n    .s_axis_tvalid_i(in_valid),\n"
       "    .s_axis_tready_o(in_ready),\n    .s_axis_tdata_i(in_data),\n    .s_axis_tlast_i(in_last),\n    .m_axis_tvalid_o(out_valid),\n"
       "    .m_axis_tready_i(out_ready),\n    .m_axis_tdata_o(out_data),\n    .m_axis_tlast_o(out_last),\n    .busy_o(busy),\n";
  // Programs come over the serial line.
  if (p.hw.load_stream)
    s += "    .s_load_tvalid_i(1'b0),\n    .s_load_tdata_i(64'd0),\n    .s_load_tlast_i(1'b0),\n"
         "    /* verilator lint_off PINCONNECTEMPTY */\n    .s_load_tready_o(),\n    /* verilator lint_on PINCONNECTEMPTY */\n";
  s += "    /* verilator lint_off PINCONNECTEMPTY */\n    .error_o(),\n    .irq_o()\n    /* verilator lint_on PINCONNECTEMPTY */\n  );\n\nendmodule\n";
  return s;
}

SelfTest self_test(const CoreSpec& core, const EmitLayer& l, const Position& where) {
  if (core.tables != Tables::rom)
    throw InputError(where, "self-test-needs-rom",
                     "the self-test runs the layer of the ROM images; legal with it: hardware.tables = \"rom\"");
  const Hardware& hw = core.hw;
  const Layer& layer = l.layer;
  const int blocks = (layer.stored_cin() + hw.lanes - 1) / hw.lanes;
  SelfTest t;
  t.on = true;
  t.words = blocks * layer.h * layer.w;

  IntTensor x({layer.stored_cin(), layer.h, layer.w});
  std::uint32_t state = 1;
  for (int n = 0; n < t.words; ++n) {
    for (int lane = 0; lane < hw.lanes; ++lane) {
      std::int64_t v = 0;
      for (int i = 0; i < hw.act_bits; ++i) {
        const int b = lane * hw.act_bits + i;
        v |= static_cast<std::int64_t>(state >> ((b + 13 * (b / 32)) % 32) & 1) << i;
      }
      if (hw.act_signed && v >> (hw.act_bits - 1)) v -= std::int64_t{1} << hw.act_bits;
      const int c = n % blocks * hw.lanes + lane;
      if (c < layer.stored_cin()) x(c, n / blocks / layer.w, n / blocks % layer.w) = v;
    }
    state = (state >> 1) ^ (state & 1 ? 0x80200003u : 0u);
  }
  EventCounts events;
  const GoldenLayer golden(hw, layer, l.data);
  const IntTensor y = golden.run(x, events, 1);
  const int channels = y.shape[0], out_blocks = (channels + hw.lanes - 1) / hw.lanes;
  t.signature = ~0u;
  for (int oy = 0; oy < y.shape[1]; ++oy)
    for (int ox = 0; ox < y.shape[2]; ++ox)
      for (int k = 0; k < out_blocks; ++k) {
        std::uint32_t folded = 0;
        for (int lane = 0; lane < hw.lanes && k * hw.lanes + lane < channels; ++lane)
          for (int i = 0; i < hw.out_bits; ++i)
            folded ^= static_cast<std::uint32_t>(y(k * hw.lanes + lane, oy, ox) >> i & 1) << ((lane * hw.out_bits + i) % 32);
        const bool last = oy + 1 == y.shape[1] && ox + 1 == y.shape[2] && k + 1 == out_blocks;
        t.signature = (t.signature >> 1) ^ (t.signature & 1 ? 0xEDB88320u : 0u) ^ folded ^ (last ? 0x80000000u : 0u);
      }
  return t;
}

}  // namespace epim
