// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Serial requantiser, the same equation as `epim_requant` without a multiplier:
///   v = acc * G + B;   out = clamp( ((v < 0 ? (v * A) >>> F : v) + half) >>> SH, lo, hi ),
///   half = 2^(SH-1), 0 when SH = 0;   F = SlopeBits - 4; without slopes (SlopeBits = 0) A = 2^F.
/// Since floor((v + 2^(SH-1)) / 2^SH) = (v >>> SH) + bit SH-1 of v, rounding needs no wide adder.
/// Latency: `acc_i`, `scale_i`, `bias_i`, `slope_i` with `load_i` in cycle l; `scaled_o` in l+ScaleBits, which is `last_o`
/// without slopes; with them a second multiplier takes v one cycle later, `last_o` in l+ScaleBits+1+SlopeBits. Shifted
/// right by multiples of eight, by less than eight, and clamped in the three cycles after that: `out_o` four cycles after
/// `last_o`. A new load is legal from l+max(ScaleBits, SlopeBits)+1 on: both multipliers work side by side. Everything
/// holds while `en_i` is low.
module epim_serial_requant #(
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
  localparam int SumW = epim_pkg::max2(AccBits, BiasBits) + 1 + ScaleBits,
  /// Derived parameter, do not overwrite.
  localparam int SlopeW = epim_pkg::max2(SlopeBits, 1)
) (
  /// Clock.
  input  logic                 clk_i,
  /// Reset, active low.
  input  logic                 rst_ni,
  /// Forget a running multiplication.
  input  logic                 clear_i,
  /// Advance.
  input  logic                 en_i,
  /// Take accumulator, G, B and A.
  input  logic                 load_i,
  input  logic [AccBits-1:0]   acc_i,
  input  logic [ScaleBits-1:0] scale_i,
  input  logic [BiasBits-1:0]  bias_i,
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [SlopeW-1:0]    slope_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// The multiplication by G ends in this cycle; the last multiplication does.
  output logic                 scaled_o,
  output logic                 last_o,
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

  logic [SumW-1:0] product;
  logic            scaled;
  epim_serial_mul #(.AWidth(AccBits), .BWidth(ScaleBits), .BSigned(1'b1), .CWidth(BiasBits)) u_mul (
    .clk_i, .rst_ni, .clear_i, .en_i, .load_i, .a_i(acc_i), .b_i(scale_i), .c_i(bias_i), .last_o(scaled), .result_o(product)
  );
  assign scaled_o = scaled;

  localparam int SlopedW = (SlopeBits == 0) ? SumW : SumW + 5;
  logic signed [SlopedW-1:0] sloped;
  generate
    if (SlopeBits == 0) begin : gen_no_slope
      assign sloped = $signed(product);
      assign last_o = scaled;
    end else begin : gen_slope
      // One multiplication for both signs: a value that is not negative takes A = 2^F. A waits for v, while the next
      // operands may come.
      localparam int F = SlopeBits - 4;
      logic                      load_q;
      logic [SlopeBits-1:0]      slope_q, factor;
      /* verilator lint_off UNUSEDSIGNAL */
      logic [SumW+SlopeBits:0]   result;  // its fraction is dropped: rounded down
      /* verilator lint_on UNUSEDSIGNAL */
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) load_q <= 1'b0;
        else if (clear_i) load_q <= 1'b0;
        else if (en_i) load_q <= scaled;
      end
      always_ff @(posedge clk_i) begin
        if (en_i && load_i) slope_q <= slope_i;
      end
      assign factor = product[SumW-1] ? slope_q : SlopeBits'(1) << F;
      epim_serial_mul #(.AWidth(SumW), .BWidth(SlopeBits), .BSigned(1'b1), .CWidth(1)) u_slope (
        .clk_i, .rst_ni, .clear_i, .en_i, .load_i(load_q), .a_i(product), .b_i(factor), .c_i(1'b0), .last_o, .result_o(result)
      );
      assign sloped = $signed(result[SumW+SlopeBits:F]);
    end
  endgenerate

  // One bit below the value keeps the rounding bit. The value fits if every bit above OutBits+1 is its sign.
  localparam int ShiftW = SlopedW + 1;
  localparam int ValueW = OutBits + 2;
  localparam int WideW  = epim_pkg::max2(ShiftW, ValueW + 1);
  logic signed [ShiftW-1:0] coarse_q, fine;
  logic signed [WideW-1:0]  wide;
  assign fine = coarse_q >>> cfg_shift_i[2:0];
  assign wide = WideW'(fine);

  logic              fits_q, negative_q;
  logic [ValueW:0]   value_q;
  logic signed [ValueW-1:0] rounded, lo, hi;
  logic [OutBits-1:0] out_q;
  assign rounded = $signed(value_q[ValueW:1]) + $signed(ValueW'(value_q[0]));
  assign lo      = ValueW'($signed(cfg_lo_i));
  assign hi      = ValueW'($signed(cfg_hi_i));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      coarse_q   <= $signed({sloped, 1'b0}) >>> {cfg_shift_i[5:3], 3'd0};
      value_q    <= wide[ValueW:0];
      fits_q     <= (&wide[WideW-1:ValueW-1]) || !(|wide[WideW-1:ValueW-1]);
      negative_q <= wide[WideW-1];
      if (fits_q) out_q <= (rounded < lo) ? lo[OutBits-1:0] : ((rounded > hi) ? hi[OutBits-1:0] : rounded[OutBits-1:0]);
      else        out_q <= negative_q ? lo[OutBits-1:0] : hi[OutBits-1:0];
    end
  end
  assign out_o = out_q;

endmodule
