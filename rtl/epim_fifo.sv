// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// FIFO between two streams; every handshake output is a function of registers alone.
///
/// `s_ready_o` = fewer than `Depth` words are held; a pop in the same cycle does not make room. A word pushed in
/// cycle t is offered from t+1. The memory is read without a register, the form of distributed RAM.
module epim_fifo #(
  /// Words, >= 1.
  parameter int Depth = 2,
  /// Bits of a word, >= 1.
  parameter int Width = 8,
  /// Derived parameter, do not overwrite: bits of a word count 0..Depth.
  localparam int CountW = epim_pkg::num_width(Depth)
) (
  /// Clock.
  input  logic              clk_i,
  /// Reset, active low.
  input  logic              rst_ni,
  /// Input stream.
  input  logic              s_valid_i,
  output logic              s_ready_o,
  input  logic [Width-1:0]  s_data_i,
  /// Output stream.
  output logic              m_valid_o,
  input  logic              m_ready_i,
  output logic [Width-1:0]  m_data_o,
  /// Words held.
  output logic [CountW-1:0] count_o
);

  generate
    if (Depth < 1) begin : gen_rule1 epim_rule_fifo_depth_at_least_1 u_rule (); end
    if (Width < 1) begin : gen_rule2 epim_rule_fifo_width_at_least_1 u_rule (); end
  endgenerate

  localparam int AddrW = epim_pkg::idx_width(Depth);

  logic [Width-1:0]  mem_q [0:Depth-1];
  logic [AddrW-1:0]  wptr_q, rptr_q;
  logic [CountW-1:0] count_q;

  logic push, pop;
  assign s_ready_o = count_q < CountW'(Depth);
  assign m_valid_o = count_q != '0;
  assign push      = s_valid_i && s_ready_o;
  assign pop       = m_valid_o && m_ready_i;
  assign m_data_o  = mem_q[rptr_q];
  assign count_o   = count_q;

  always_ff @(posedge clk_i) begin
    if (push) mem_q[wptr_q] <= s_data_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wptr_q  <= '0;
      rptr_q  <= '0;
      count_q <= '0;
    end else begin
      if (push) wptr_q <= (wptr_q == AddrW'(Depth - 1)) ? '0 : wptr_q + AddrW'(1);
      if (pop) rptr_q <= (rptr_q == AddrW'(Depth - 1)) ? '0 : rptr_q + AddrW'(1);
      if (push && !pop) count_q <= count_q + CountW'(1);
      else if (pop && !push) count_q <= count_q - CountW'(1);
    end
  end

endmodule
