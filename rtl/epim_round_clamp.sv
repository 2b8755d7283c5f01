// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// A sum as a code: clamp(((sum + half) >>> Shift) + Zero, Lo, Hi), half = 2^(Shift-1), 0 when Shift = 0.
/// Combinational.
module epim_round_clamp #(
  /// Bits of the sum, signed.
  parameter int SumW = 16,
  /// Bits of the code: two's complement where Lo < 0.
  parameter int OutBits = 8,
  /// Dropped bits, 0..63.
  parameter int Shift = 0,
  /// Code of 0.
  parameter int Zero = 0,
  /// Codes that may come out.
  parameter int Lo = 0,
  parameter int Hi = 255
) (
  /// Sum.
  input  logic signed [SumW-1:0] sum_i,
  /// Code.
  output logic [OutBits-1:0]     out_o
);

  generate
    if (Shift < 0 || Shift > 63) begin : gen_rule1 epim_rule_round_clamp_shift_0_to_63 u_rule (); end
  endgenerate

  // One bit for half, one for the zero point; all constants have fewer than 30 bits.
  localparam int WideW = epim_pkg::max2(epim_pkg::max2(SumW, Shift), 30) + 2;
  localparam logic signed [WideW-1:0] Half   = (Shift == 0) ? '0 : WideW'(1) << epim_pkg::max2(Shift - 1, 0);
  localparam logic signed [WideW-1:0] Move   = WideW'(Zero);
  localparam logic signed [WideW-1:0] Least  = WideW'(Lo);
  localparam logic signed [WideW-1:0] Most   = WideW'(Hi);

  /* verilator lint_off UNUSEDSIGNAL */
  logic signed [WideW-1:0] wide, code, kept;  // the clamped code has few bits
  /* verilator lint_on UNUSEDSIGNAL */
  assign wide = {{(WideW-SumW){sum_i[SumW-1]}}, sum_i} + Half;
  assign code = (wide >>> Shift) + Move;
  assign kept = (code < Least) ? Least : ((code > Most) ? Most : code);
  assign out_o = kept[OutBits-1:0];

endmodule
