// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Requantiser of one output channel per cycle:
///   out = clamp( (acc * G + B + half) >>> SH, lo, hi ),   half = 2^(SH-1), 0 when SH = 0.
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
  /// Derived parameter, do not overwrite: bits of acc * G + B + half, signed.
  localparam int SumW = epim_pkg::max2(AccBits + ScaleBits, BiasBits) + 2
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
  /// SH, 0..63; at most `SumW`-1 is meaningful.
  input  logic [5:0]           cfg_shift_i,
  /// Clamp limits, signed.
  input  logic [OutBits:0]     cfg_lo_i,
  input  logic [OutBits:0]     cfg_hi_i,
  /// Output channel: the low bits of the clamped value.
  output logic [OutBits-1:0]   out_o
);

  logic signed [SumW-1:0] prod_q, sum, half, shifted, lo, hi;
  logic [BiasBits-1:0]    bias_q;
  logic [OutBits-1:0]     out_q;

  assign half    = (cfg_shift_i == '0) ? '0 : (SumW'(1) <<< (cfg_shift_i - 6'd1));
  assign sum     = prod_q + SumW'($signed(bias_q)) + half;
  assign shifted = sum >>> cfg_shift_i;
  assign lo      = SumW'($signed(cfg_lo_i));
  assign hi      = SumW'($signed(cfg_hi_i));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      prod_q <= SumW'($signed(acc_i)) * SumW'($signed(scale_i));
      bias_q <= bias_i;
      out_q  <= (shifted < lo) ? lo[OutBits-1:0] : ((shifted > hi) ? hi[OutBits-1:0] : shifted[OutBits-1:0]);
    end
  end
  assign out_o = out_q;

endmodule
