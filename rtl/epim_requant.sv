// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Requantiser of one output channel per cycle:
///   out = clamp( (acc * G + B + half) >>> SH, lo, hi ),   half = 2^(SH-1), 0 when SH = 0.
/// Since floor((v + 2^(SH-1)) / 2^SH) = (v >>> SH) + bit SH-1 of v, rounding needs no wide adder, and every SH is right.
/// Latency: `acc_i`, `scale_i`, `bias_i` in cycle r+1 to `out_o` in r+3; both stages hold while `en_i` is low.
module epim_requant #(
  /// Bits of an accumulator, signed.
  parameter int AccBits = 32,
  /// Bits of G, signed.
  parameter int ScaleBits = 16,
  /// Bits of B, signed.
  parameter int BiasBits = 32,
  /// Bits of an output channel.
  parameter int OutBits = 8,
  /// Derived parameter, do not overwrite: bits of acc * G + B, signed.
  localparam int SumW = epim_pkg::max2(AccBits + ScaleBits, BiasBits) + 1
) (
  /// Clock.
  input  logic                 clk_i,
  /// Advance.
  input  logic                 en_i,
  /// Accumulator.
  input  logic [AccBits-1:0]   acc_i,
  /// G and B of the channel.
  input  logic [ScaleBits-1:0] scale_i,
  input  logic [BiasBits-1:0]  bias_i,
  /// SH, 0..63.
  input  logic [5:0]           cfg_shift_i,
  /// Clamp limits, signed.
  input  logic [OutBits:0]     cfg_lo_i,
  input  logic [OutBits:0]     cfg_hi_i,
  /// Output channel: the low bits of the clamped value.
  output logic [OutBits-1:0]   out_o
);

  // One bit below the value keeps the rounding bit. The value fits if every bit above OutBits+1 is its sign.
  localparam int ValueW = OutBits + 2;
  localparam int WideW  = epim_pkg::max2(SumW + 1, ValueW + 1);
  logic signed [SumW-1:0]   prod_q, sum;
  logic signed [WideW-1:0]  wide, shifted;
  logic signed [ValueW-1:0] rounded, lo, hi;
  logic [BiasBits-1:0]      bias_q;
  logic [OutBits-1:0]       out_q;
  logic                     fits;

  assign sum     = prod_q + SumW'($signed(bias_q));
  assign wide    = WideW'($signed({sum, 1'b0}));
  assign shifted = wide >>> cfg_shift_i;
  assign fits    = (&shifted[WideW-1:ValueW-1]) || !(|shifted[WideW-1:ValueW-1]);
  assign rounded = $signed(shifted[ValueW:1]) + $signed(ValueW'(shifted[0]));
  assign lo      = ValueW'($signed(cfg_lo_i));
  assign hi      = ValueW'($signed(cfg_hi_i));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      prod_q <= SumW'($signed(acc_i)) * SumW'($signed(scale_i));
      bias_q <= bias_i;
      if (fits) out_q <= (rounded < lo) ? lo[OutBits-1:0] : ((rounded > hi) ? hi[OutBits-1:0] : rounded[OutBits-1:0]);
      else      out_q <= shifted[WideW-1] ? lo[OutBits-1:0] : hi[OutBits-1:0];
    end
  end
  assign out_o = out_q;

endmodule
