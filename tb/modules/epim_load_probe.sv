// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Two load ports in a chain: core 3, and behind it core 9, the last. Index 0 and 1 of every port below.
module epim_load_probe #(
  parameter int FrameBits = 16,
  parameter logic [287:0] ProgSizes = '1,
  parameter int Pes = 3
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         s_load_valid_i,
  output logic         s_load_ready_o,
  input  logic [63:0]  s_load_data_i,
  input  logic         s_load_last_i,
  /// Holds back what goes from the first to the second.
  input  logic         link_i,
  output logic         link_valid_o,
  input  logic [1:0]   hold_i,
  input  logic [1:0]   locked_i,
  input  logic [1:0]   clear_i,
  input  logic [1:0]   clear_error_i,
  output logic [1:0]   open_o,
  output logic [1:0]   touch_o,
  output logic [1:0]   commit_o,
  output logic [1:0]   error_o,
  output logic [1:0]   prog_we_o,
  output logic [1:0]   geometry_we_o,
  output logic [15:0]  prog_kind_o,
  output logic [31:0]  prog_pe_o,
  output logic [63:0]  prog_addr_o,
  output logic [127:0] prog_data_o,
  output logic [319:0] state_o,
  /// What the last core hands on: nothing, ever.
  output logic         m_load_valid_o
);

  logic        valid, ready, last, end_last;
  logic [63:0] data, end_data;

  epim_load #(.ChainEnd(1'b0), .FrameBits(FrameBits), .ProgSizes(ProgSizes), .Pes(Pes),
              .GeometryWords(epim_regs_pkg::GeometryBits / 32),
              .FramesWord((epim_regs_pkg::Frames - epim_regs_pkg::LastPatch) / 4)) u_first (
    .clk_i, .rst_ni, .core_i(16'd3), .s_load_valid_i, .s_load_ready_o, .s_load_data_i, .s_load_last_i,
    .m_load_valid_o(valid), .m_load_ready_i(ready && link_i), .m_load_data_o(data), .m_load_last_o(last),
    .hold_i(hold_i[0]), .locked_i(locked_i[0]), .clear_i(clear_i[0]), .clear_error_i(clear_error_i[0]), .open_o(open_o[0]),
    .touch_o(touch_o[0]), .commit_o(commit_o[0]), .error_o(error_o[0]), .prog_we_o(prog_we_o[0]),
    .geometry_we_o(geometry_we_o[0]), .prog_kind_o(prog_kind_o[7:0]), .prog_pe_o(prog_pe_o[15:0]),
    .prog_addr_o(prog_addr_o[31:0]), .prog_data_o(prog_data_o[63:0]), .state_o(state_o[159:0])
  );
  epim_load #(.ChainEnd(1'b1), .FrameBits(FrameBits), .ProgSizes(ProgSizes), .Pes(Pes),
              .GeometryWords(epim_regs_pkg::GeometryBits / 32),
              .FramesWord((epim_regs_pkg::Frames - epim_regs_pkg::LastPatch) / 4)) u_second (
    .clk_i, .rst_ni, .core_i(16'd9), .s_load_valid_i(valid && link_i), .s_load_ready_o(ready), .s_load_data_i(data),
    .s_load_last_i(last), .m_load_valid_o(m_load_valid_o), .m_load_ready_i(1'b1), .m_load_data_o(end_data), .m_load_last_o(end_last),
    .hold_i(hold_i[1]), .locked_i(locked_i[1]), .clear_i(clear_i[1]), .clear_error_i(clear_error_i[1]), .open_o(open_o[1]),
    .touch_o(touch_o[1]), .commit_o(commit_o[1]), .error_o(error_o[1]), .prog_we_o(prog_we_o[1]),
    .geometry_we_o(geometry_we_o[1]), .prog_kind_o(prog_kind_o[15:8]), .prog_pe_o(prog_pe_o[31:16]),
    .prog_addr_o(prog_addr_o[63:32]), .prog_data_o(prog_data_o[127:64]), .state_o(state_o[319:160])
  );
  assign link_valid_o = valid;

endmodule
