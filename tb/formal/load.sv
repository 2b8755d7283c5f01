// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_load whatever the words on its stream are: no store outside of a memory or while locked, none beside
/// the register port's; no program is committed while an error is
/// shown; an error stays until the host clears it, and keeps the program open; the stream to the next core breaks no rule.
module proof #(
  parameter bit ChainEnd = 1'b1,
  parameter int FrameBits = 2
) (
  input logic        clk_i,
  input logic        s_valid, s_last, m_ready, hold, want_lock, clear, clear_error,
  input logic [63:0] s_data
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  // Kinds 0 and 5 have 3 and 5 entries; two PEs.
  localparam int GeometryWords = 5, FramesWord = 3;
  localparam logic [32*epim_pkg::ProgKinds-1:0] Sizes = {32'd0, 32'd0, 32'd0, 32'd5, 32'd0, 32'd0, 32'd0, 32'd0, 32'd3};

  logic         s_ready, m_valid, m_last, open, touch, commit, failed, we, geometry_we, locked_q;
  logic [63:0]  m_data, data;
  logic [7:0]   kind;
  logic [15:0]  pe;
  logic [31:0]  addr;
  logic [159:0] state;
  epim_load #(.ChainEnd(ChainEnd), .FrameBits(FrameBits), .ProgSizes(Sizes), .Pes(2), .GeometryWords(GeometryWords),
              .FramesWord(FramesWord)) dut (
    .clk_i, .rst_ni(rst_n), .core_i(16'd1), .s_load_valid_i(s_valid), .s_load_ready_o(s_ready), .s_load_data_i(s_data),
    .s_load_last_i(s_last), .m_load_valid_o(m_valid), .m_load_ready_i(m_ready), .m_load_data_o(m_data),
    .m_load_last_o(m_last), .hold_i(hold), .locked_i(want_lock), .clear_i(clear), .clear_error_i(clear_error),
    .open_o(open), .touch_o(touch), .commit_o(commit), .error_o(failed), .prog_we_o(we), .geometry_we_o(geometry_we),
    .prog_kind_o(kind), .prog_pe_o(pe), .prog_addr_o(addr), .prog_data_o(data), .state_o(state)
  );

  logic [2:0] broken;
  epim_axis_check #(.Width(65)) u_check (
    .clk_i, .rst_ni(rst_n), .valid_i(m_valid), .ready_i(m_ready), .payload_i({m_last, m_data}), .broken_o(broken)
  );

  // Since when the memories may be written: a store comes with the word of a cycle in which they might, or waits from there on.
  logic free_q, old_failed, old_clear;
  always_ff @(posedge clk_i) begin
    free_q     <= !want_lock || (free_q && hold);
    old_failed <= rst_n && failed;
    old_clear  <= clear || clear_error || !rst_n;
  end

  always_ff @(posedge clk_i) begin
    assert (broken == '0);
    if (rst_n) begin
      if (we) begin
        assert ((kind == 8'd0 && addr < 32'd3) || (kind == 8'd5 && addr < 32'd5 && pe < 16'd2));
        assert (free_q && !hold && !geometry_we);
      end
      if (geometry_we) begin
        assert (addr < 32'(GeometryWords) && free_q && !hold);
        if (addr == 32'(FramesWord)) assert (data[31:0] != 32'd0 && data[31:0] < 32'd4);
      end
      // A program with an error, or with no end, is open; it is never committed while one is shown.
      assert (open == (state[0] || state[1]));
      if (state[1]) assert (!commit);
      if (old_failed && !old_clear) assert (open);
      if (ChainEnd) assert (!m_valid);
      cover (we && kind == 8'd5 && addr == 32'd4);
      cover (geometry_we);
      cover (failed && state[1]);
      cover (ChainEnd ? (commit && !failed) : (m_valid && m_last));
    end
  end
endmodule
