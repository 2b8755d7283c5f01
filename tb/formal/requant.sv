// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_requant against its equation in plain wide arithmetic.
///   out = clamp( floor( (acc*G + B + half) / 2^SH ), lo, hi ),   half = 2^(SH-1), 0 when SH = 0
/// Every operand, shift and limit is free in every cycle.
module proof #(
  parameter int AccBits = 4,
  parameter int ScaleBits = 3,
  parameter int BiasBits = 4,
  parameter int OutBits = 3,
  localparam int SumW = epim_pkg::max2(AccBits + ScaleBits, BiasBits) + 1
) (
  input logic                 clk_i,
  input logic                 en,
  input logic [AccBits-1:0]   acc,
  input logic [ScaleBits-1:0] scale,
  input logic [BiasBits-1:0]  bias,
  input logic [5:0]           shift,
  input logic [OutBits:0]     lo, hi
);
  logic [OutBits-1:0] out;
  epim_requant #(.AccBits(AccBits), .ScaleBits(ScaleBits), .BiasBits(BiasBits), .OutBits(OutBits)) dut (
    .clk_i, .en_i(en), .acc_i(acc), .scale_i(scale), .bias_i(bias), .slope_i(1'b0), .cfg_shift_i(shift), .cfg_lo_i(lo),
    .cfg_hi_i(hi), .out_o(out)
  );

  // Same two stages, signed numbers of 32 bits, 64 where half is added. The product and B are kept with what was loaded last.
  logic signed [31:0] acc_v, scale_v, bias_v, lo_v, hi_v, prod_q, bias_q, want_q;
  logic signed [63:0] prod_v, half, value;
  assign acc_v   = {{(32-AccBits){acc[AccBits-1]}}, acc};
  assign scale_v = {{(32-ScaleBits){scale[ScaleBits-1]}}, scale};
  assign bias_v  = {{(32-BiasBits){bias[BiasBits-1]}}, bias};
  assign lo_v    = {{(31-OutBits){lo[OutBits]}}, lo};
  assign hi_v    = {{(31-OutBits){hi[OutBits]}}, hi};
  assign half    = (shift == 6'd0) ? 64'sd0 : 64'sd1 <<< (shift - 6'd1);
  assign prod_v  = prod_q + bias_q;
  assign value   = (prod_v + half) >>> shift;
  logic [1:0] loaded = 2'b00;
  always_ff @(posedge clk_i) begin
    if (en) begin
      loaded <= {loaded[0], 1'b1};
      prod_q <= acc_v * scale_v;
      bias_q <= bias_v;
      want_q <= (value < 64'(lo_v)) ? lo_v : ((value > 64'(hi_v)) ? hi_v : 32'(value));
    end
  end

  // The block's own registers: with them, what the two stages hold is an invariant by itself (k-induction).
  (* hierconn, keep *) logic signed [SumW-1:0]  \dut.gen_no_slope.prod_q ;
  (* hierconn, keep *) logic [BiasBits-1:0]     \dut.gen_no_slope.bias_q ;

  logic               was_loaded = 1'b0, held;
  logic [OutBits-1:0] old_out;
  always_ff @(posedge clk_i) begin
    was_loaded <= loaded[1];
    held       <= loaded[1] && !en;
    old_out    <= out;
    if (loaded[0]) assert ($signed(32'($signed(\dut.gen_no_slope.prod_q ))) == prod_q && $signed(32'($signed(\dut.gen_no_slope.bias_q ))) == bias_q);
    if (loaded[0]) assert (prod_q >= -(32'sd1 <<< (AccBits + ScaleBits - 2)) && prod_q <= (32'sd1 <<< (AccBits + ScaleBits - 2)));
    assert (loaded != 2'b10 && (!was_loaded || loaded[1]));
    if (loaded[1]) begin
      assert (out == want_q[OutBits-1:0]);
      if (was_loaded && held) assert (out == old_out);
      cover (held && want_q == -32'sd2);
      cover (want_q == 32'sd3 && lo_v < 32'sd3 && hi_v > 32'sd3 && shift == 6'd2);
    end
  end
endmodule
