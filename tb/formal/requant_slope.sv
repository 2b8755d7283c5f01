// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_requant with slopes against its equation in plain wide arithmetic.
///   v = acc*G + B,   out = clamp( floor( ((v < 0 ? floor(v*A / 2^F) : v) + half) / 2^SH ), lo, hi ),   F = SlopeBits - 4
/// Every operand, shift and limit is free in every cycle.
module proof #(
  parameter int AccBits = 3,
  parameter int ScaleBits = 2,
  parameter int BiasBits = 3,
  parameter int SlopeBits = 5,
  parameter int OutBits = 3
) (
  input logic                 clk_i,
  input logic                 en,
  input logic [AccBits-1:0]   acc,
  input logic [ScaleBits-1:0] scale,
  input logic [BiasBits-1:0]  bias,
  input logic [SlopeBits-1:0] slope,
  input logic [5:0]           shift,
  input logic [OutBits:0]     lo, hi
);
  localparam int F = SlopeBits - 4;
  localparam logic signed [15:0] Unit = 16'sd1 <<< F;
  logic [OutBits-1:0] out;
  epim_requant #(.AccBits(AccBits), .ScaleBits(ScaleBits), .BiasBits(BiasBits), .SlopeBits(SlopeBits), .OutBits(OutBits)) dut (
    .clk_i, .en_i(en), .acc_i(acc), .scale_i(scale), .bias_i(bias), .slope_i(slope), .cfg_shift_i(shift),
    .cfg_lo_i(lo), .cfg_hi_i(hi), .out_o(out)
  );

  // The same three stages, signed numbers of 16 bits, 64 where half is added. Only negative values are multiplied; rounding
  // down is a division of magnitudes.
  logic signed [15:0] acc_v, scale_v, bias_v, slope_v, lo_v, hi_v, sum_q, slope_q, sloped, sloped_q, want_q, product, up;
  logic signed [63:0] half, value;
  assign acc_v   = {{(16-AccBits){acc[AccBits-1]}}, acc};
  assign scale_v = {{(16-ScaleBits){scale[ScaleBits-1]}}, scale};
  assign bias_v  = {{(16-BiasBits){bias[BiasBits-1]}}, bias};
  assign slope_v = {{(16-SlopeBits){slope[SlopeBits-1]}}, slope};
  assign lo_v    = {{(15-OutBits){lo[OutBits]}}, lo};
  assign hi_v    = {{(15-OutBits){hi[OutBits]}}, hi};
  assign product = sum_q * slope_q;
  assign up      = Unit - 16'sd1 - product;
  assign sloped  = (sum_q >= 16'sd0) ? sum_q : ((product >= 16'sd0) ? product / Unit : -(up / Unit));
  assign half    = (shift == 6'd0) ? 64'sd0 : 64'sd1 <<< (shift - 6'd1);
  assign value   = (64'(sloped_q) + half) >>> shift;
  logic [2:0] loaded = 3'b000;
  always_ff @(posedge clk_i) begin
    if (en) begin
      loaded   <= {loaded[1:0], 1'b1};
      sum_q    <= acc_v * scale_v + bias_v;
      slope_q  <= slope_v;
      sloped_q <= sloped;
      want_q   <= (value < 64'(lo_v)) ? lo_v : ((value > 64'(hi_v)) ? hi_v : 16'(value));
    end
  end

  logic               was_loaded = 1'b0, held;
  logic [OutBits-1:0] old_out;
  always_ff @(posedge clk_i) begin
    was_loaded <= loaded[2];
    held       <= loaded[2] && !en;
    old_out    <= out;
    if (loaded[2]) begin
      assert (out == want_q[OutBits-1:0]);
      if (was_loaded && held) assert (out == old_out);
      cover (held && want_q == -16'sd2);
      cover (want_q == 16'sd3 && lo_v < 16'sd3 && hi_v > 16'sd3 && shift == 6'd2);
      cover (want_q == 16'sd2 && lo_v < 16'sd2 && hi_v > 16'sd2 && shift == 6'd0 && en);
    end
  end
endmodule
