// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_stream_add: the clamped sum of both operands, and both taken in the same cycle or none.
module proof #(
  parameter int Lanes = 2,
  parameter int Bits = 4,
  parameter bit ASigned = 1'b1,
  parameter bit BSigned = 1'b0,
  parameter bit Relu = 1'b0,
  parameter bit Half = 1'b0
) (
  input logic                  clk_i,
  input logic                  a_valid, b_valid, m_ready, a_last, b_last,
  input logic [Lanes*Bits-1:0] a_data, b_data
);
  logic a_ready, b_ready, m_valid, m_last, err;
  logic [Lanes*Bits-1:0] m_data;
  epim_stream_add #(.Lanes(Lanes), .Bits(Bits), .ASigned(ASigned), .BSigned(BSigned), .Relu(Relu), .Half(Half)) dut (
    .a_valid_i(a_valid), .a_ready_o(a_ready), .a_data_i(a_data), .a_last_i(a_last), .b_valid_i(b_valid),
    .b_ready_o(b_ready), .b_data_i(b_data), .b_last_i(b_last), .m_valid_o(m_valid), .m_ready_i(m_ready),
    .m_data_o(m_data), .m_last_o(m_last), .err_length_o(err)
  );
  // Operand values moved up by 2^Bits, so that everything below is unsigned.
  localparam int Off = 1 << Bits;
  logic [Lanes-1:0] same, clipped_low, clipped_high;
  generate
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      logic [Bits-1:0]  a, b;
      logic [Bits+2:0]  av, bv, sum, lo, hi, want;
      assign a    = a_data[l*Bits +: Bits];
      assign b    = b_data[l*Bits +: Bits];
      assign av   = (ASigned && a[Bits-1]) ? (Bits + 3)'(a) : (Bits + 3)'(a) + (Bits + 3)'(Off);
      assign bv   = (BSigned && b[Bits-1]) ? (Bits + 3)'(b) : (Bits + 3)'(b) + (Bits + 3)'(Off);
      assign sum  = av + bv;
      assign lo   = (Bits + 3)'(Relu ? 2 * Off : 2 * Off - Off / 2);
      assign hi   = (Bits + 3)'(Relu && !Half ? 3 * Off - 1 : 2 * Off + Off / 2 - 1);
      assign want = (sum < lo) ? lo : ((sum > hi) ? hi : sum);
      assign same[l] = m_data[l*Bits +: Bits] == want[Bits-1:0];
      assign clipped_low[l]  = sum < lo;
      assign clipped_high[l] = sum > hi;
    end
  endgenerate
  logic beat;
  assign beat = m_valid && m_ready;
  always_ff @(posedge clk_i) begin
    assert (&same);
    assert (beat == (a_valid && a_ready) && beat == (b_valid && b_ready));
    assert (m_valid == (a_valid && b_valid));
    assert (m_last == a_last);
    assert (err == (beat && a_last != b_last));
    cover (beat && clipped_low[0] && clipped_high[1]);
  end
endmodule
