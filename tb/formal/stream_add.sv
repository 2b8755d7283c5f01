// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_stream_add with two operands: every pair of words gives one word, in order, once; its value is the
/// equation of the module; operands are taken together or not at all; a waiting word does not change.
///
/// One pair of words, any one (`mark`), is watched on its way; while it is inside, `ahead` counts the words before it.
module proof #(
  parameter int InBits = 3,
  parameter int OutBits = 3,
  parameter int ASigned = 1,
  parameter int BSigned = 0,
  parameter int MulA = 1,
  parameter int MulB = 1,
  parameter int ZeroA = 0,
  parameter int ZeroB = 0,
  parameter int Shift = 0,
  parameter int ZeroOut = 0,
  parameter int Lo = 0,
  parameter int Hi = 7
) (
  input logic              clk_i,
  input logic              a_valid, b_valid, m_ready, a_last, b_last, mark,
  input logic [InBits-1:0] a_data, b_data
);
  localparam bit Stages = (Shift != 0) || (MulA != 1) || (MulB != 1);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic a_ready, b_ready, m_valid, m_last, err;
  logic [OutBits-1:0] m_data;
  epim_stream_add #(
    .Lanes(1), .InBits(InBits), .OutBits(OutBits), .Operands(2), .Signed({1'(BSigned), 1'(ASigned)}), .MulBits(4), .Mul({4'(MulB), 4'(MulA)}),
    .ZeroBits(4), .Zero({4'(ZeroB), 4'(ZeroA)}), .Shift(Shift), .ZeroOut(ZeroOut), .Lo(Lo), .Hi(Hi)
  ) dut (
    .clk_i, .rst_ni(rst_n), .s_valid_i({b_valid, a_valid}), .s_ready_o({b_ready, a_ready}), .s_data_i({b_data, a_data}),
    .s_last_i({b_last, a_last}), .m_valid_o(m_valid), .m_ready_i(m_ready), .m_data_o(m_data), .m_last_o(m_last), .err_length_o(err)
  );

  // The equation, in numbers moved up so that nothing is negative: 2^14 * 2^Shift more before the shift, 2^14 after it.
  localparam int W = 24;
  localparam logic [W-1:0] Up = W'(1) << 14;
  // Names of their own: Yosys 0.23 does not cut Up + W'(Lo) to W bits inside a comparison.
  localparam logic [W-1:0] Least = Up + W'(Lo);
  localparam logic [W-1:0] Most  = Up + W'(Hi);
  logic [W-1:0] av, bv, sum, code, want;
  assign av   = (ASigned != 0 && a_data[InBits-1]) ? W'(a_data) + Up - (W'(1) << InBits) : W'(a_data) + Up;
  assign bv   = (BSigned != 0 && b_data[InBits-1]) ? W'(b_data) + Up - (W'(1) << InBits) : W'(b_data) + Up;
  assign sum  = (av - W'(ZeroA) - Up) * W'(MulA) + (bv - W'(ZeroB) - Up) * W'(MulB) + (Up << Shift) + ((Shift == 0) ? '0 : (W'(1) << Shift) >> 1);
  assign code = (sum >> Shift) + W'(ZeroOut);
  assign want = (code < Least) ? Least : ((code > Most) ? Most : code);

  logic take, beat;
  assign take = a_valid && b_valid && a_ready;
  assign beat = m_valid && m_ready;

  logic [1:0]         held_q, ahead_q;  // words inside; those before the marked one
  logic               watched_q, done_q;
  logic [OutBits-1:0] want_q, data_q;
  logic               last_q, waits_q, last_was_q;
  always_ff @(posedge clk_i or negedge rst_n) begin
    if (!rst_n) begin
      held_q    <= '0;
      ahead_q   <= '0;
      watched_q <= 1'b0;
      done_q    <= 1'b0;
      waits_q   <= 1'b0;
    end else begin
      held_q  <= held_q + 2'(take) - 2'(beat);
      waits_q <= m_valid && !m_ready;
      if (take && mark && !watched_q && !done_q && Stages) begin
        watched_q <= 1'b1;
        ahead_q   <= held_q - 2'(beat);
      end else if (watched_q && beat) begin
        ahead_q <= ahead_q - 2'd1;
        if (ahead_q == '0) begin
          watched_q <= 1'b0;
          done_q    <= 1'b1;
        end
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (take && mark && !watched_q && !done_q) begin
      want_q <= want[OutBits-1:0];
      last_q <= a_last;
    end
    data_q     <= m_data;
    last_was_q <= m_last;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      assert (take == (b_valid && a_valid && b_ready));
      assert (err == (take && a_last != b_last));
      if (Stages) begin
        assert (held_q <= 2'd2);
        if (m_valid) assert (held_q != '0);
        if (held_q == 2'd2) assert (m_valid);
        if (watched_q && beat && ahead_q == '0) assert (m_data == want_q && m_last == last_q);
        if (waits_q) assert (m_valid && m_data == data_q && m_last == last_was_q);
        cover (watched_q && waits_q && ahead_q == 2'd1);
      end else begin
        assert (m_valid == (a_valid && b_valid) && take == beat);
        if (m_valid) assert (m_data == want[OutBits-1:0] && m_last == a_last);
        cover (beat && code > Most);
      end
      cover (beat && code < Least);
    end
  end
endmodule
