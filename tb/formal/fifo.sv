// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_fifo against a shift register of words: the head is always at index 0.
module proof #(
  parameter int Depth = 3,
  parameter int Width = 2,
  localparam int CountW = epim_pkg::num_width(Depth)
) (
  input logic             clk_i,
  input logic             s_valid, m_ready,
  input logic [Width-1:0] s_data
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic              s_ready, m_valid;
  logic [Width-1:0]  m_data;
  logic [CountW-1:0] count;
  epim_fifo #(.Depth(Depth), .Width(Width)) dut (
    .clk_i, .rst_ni(rst_n), .s_valid_i(s_valid), .s_ready_o(s_ready), .s_data_i(s_data),
    .m_valid_o(m_valid), .m_ready_i(m_ready), .m_data_o(m_data), .count_o(count)
  );

  // What was pushed and not yet popped, oldest word in the low bits.
  logic [Depth*Width-1:0] held, kept;
  logic [CountW-1:0]      n, n_kept;
  logic                   push, pop;
  assign push   = s_valid && s_ready;
  assign pop    = m_valid && m_ready;
  assign kept   = pop ? held >> Width : held;
  assign n_kept = pop ? n - CountW'(1) : n;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      n <= '0;
      held <= '0;
    end else begin
      n <= n_kept + CountW'(push);
      held <= kept;
      if (push) held[32'(n_kept)*Width +: Width] <= s_data;
    end
  end

  logic             stalled, been_full;
  logic [Width-1:0] old_data;
  always_ff @(posedge clk_i) begin
    stalled   <= rst_n && m_valid && !m_ready;
    old_data  <= m_data;
    been_full <= rst_n && (been_full || n == CountW'(Depth));
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      // No loss, no duplication, no reordering.
      assert (count == n);
      assert (m_valid == (n != '0));
      assert (s_ready == (n != CountW'(Depth)));
      if (m_valid) assert (m_data == held[Width-1:0]);
      // Stable while stalled.
      if (stalled) assert (m_valid && m_data == old_data);
      if (Depth > 1) cover (push && pop);
      else cover (stalled && pop);
      cover (been_full && n == '0);
    end
  end
endmodule
