// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Requantiser of one output channel per cycle:
///   v = acc * G + B;   out = clamp( ((v < 0 ? (v * A) >>> F : v) + half) >>> SH, lo, hi ),
///   half = 2^(SH-1), 0 when SH = 0;   F = SlopeBits - 4; without slopes (SlopeBits = 0) A = 2^F.
/// Since floor((v + 2^(SH-1)) / 2^SH) = (v >>> SH) + bit SH-1 of v, rounding needs no wide adder, and every SH is right.
/// Latency: `acc_i`, `scale_i`, `bias_i`, `slope_i` in cycle r+1 to `out_o` in r+3, with slopes in r+4: v * A is a stage of
/// its own. All stages hold while `en_i` is low.
module epim_requant #(
  /// Bits of an accumulator, signed.
  parameter int AccBits = 32,
  /// Bits of G, signed.
  parameter int ScaleBits = 16,
  /// Bits of B, signed.
  parameter int BiasBits = 32,
  /// Bits of A, signed, >= 5; 0: no slopes.
  parameter int SlopeBits = 0,
  /// Bits of an output channel.
  parameter int OutBits = 8,
  /// Derived parameter, do not overwrite: bits of acc * G + B, signed.
  localparam int SumW = epim_pkg::max2(AccBits + ScaleBits, BiasBits) + 1,
  /// Derived parameter, do not overwrite.
  localparam int SlopeW = epim_pkg::max2(SlopeBits, 1)
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
  /// A of the channel.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [SlopeW-1:0]    slope_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// SH, 0..63.
  input  logic [5:0]           cfg_shift_i,
  /// Clamp limits, signed.
  input  logic [OutBits:0]     cfg_lo_i,
  input  logic [OutBits:0]     cfg_hi_i,
  /// Output channel: the low bits of the clamped value.
  output logic [OutBits-1:0]   out_o
);

  generate
    if (SlopeBits != 0 && SlopeBits < 5) begin : gen_rule1 epim_rule_slope_bits_0_or_at_least_5 u_rule (); end
  endgenerate

  // One bit below the value keeps the rounding bit. The value fits if every bit above OutBits+1 is its sign.
  localparam int ValueW = OutBits + 2;
  localparam int SlopedW = (SlopeBits == 0) ? SumW : SumW + 4;  // |A / 2^F| <= 8
  localparam int WideW  = epim_pkg::max2(SlopedW + 1, ValueW + 1);
  logic signed [SlopedW-1:0] sloped;
  logic signed [WideW-1:0]  wide, shifted;
  logic signed [ValueW-1:0] rounded, lo, hi;
  logic [OutBits-1:0]       out_q;
  logic                     fits;

  generate
    if (SlopeBits == 0) begin : gen_no_slope
      logic signed [SumW-1:0] prod_q;
      logic [BiasBits-1:0]    bias_q;
      always_ff @(posedge clk_i) begin
        if (en_i) begin
          prod_q <= SumW'($signed(acc_i)) * SumW'($signed(scale_i));
          bias_q <= bias_i;
        end
      end
      assign sloped = prod_q + SumW'($signed(bias_q));
    end else begin : gen_slope
      // One multiplication for both signs: a value that is not negative takes A = 2^F.
      localparam int F = SlopeBits - 4;
      localparam int ProdW = SumW + SlopeBits;
      logic signed [SumW-1:0]      sum_q;
      logic signed [SlopeBits-1:0] slope_q, factor;
      /* verilator lint_off UNUSEDSIGNAL */
      logic signed [ProdW-1:0]     product;  // its fraction is dropped: rounded down
      /* verilator lint_on UNUSEDSIGNAL */
      logic signed [SlopedW-1:0]   sloped_q;
      assign factor  = sum_q[SumW-1] ? slope_q : $signed(SlopeBits'(1) << F);
      assign product = ProdW'(sum_q) * ProdW'(factor);
      always_ff @(posedge clk_i) begin
        if (en_i) begin
          sum_q    <= SumW'($signed(acc_i)) * SumW'($signed(scale_i)) + SumW'($signed(bias_i));
          slope_q  <= $signed(slope_i);
          sloped_q <= product[ProdW-1:F];
        end
      end
      assign sloped = sloped_q;
    end
  endgenerate
  assign wide    = WideW'($signed({sloped, 1'b0}));
  assign shifted = wide >>> cfg_shift_i;
  assign fits    = (&shifted[WideW-1:ValueW-1]) || !(|shifted[WideW-1:ValueW-1]);
  assign rounded = $signed(shifted[ValueW:1]) + $signed(ValueW'(shifted[0]));
  assign lo      = ValueW'($signed(cfg_lo_i));
  assign hi      = ValueW'($signed(cfg_hi_i));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      if (fits) out_q <= (rounded < lo) ? lo[OutBits-1:0] : ((rounded > hi) ? hi[OutBits-1:0] : rounded[OutBits-1:0]);
      else      out_q <= shifted[WideW-1] ? lo[OutBits-1:0] : hi[OutBits-1:0];
    end
  end
  assign out_o = out_q;

endmodule
