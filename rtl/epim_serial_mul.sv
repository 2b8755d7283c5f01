// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Serial multiplier and adder: result = a * b + c by one conditional addition per cycle over the bits of b.
///
/// The partial sum P and the bits of b share a register pair that shifts right: after step i, {P, low} holds
///   a * (b mod 2^(i+1)) + c   times 2^(BWidth-i-1), its low bits in the places of the bits of b used up.
/// A signed b has its last bit at weight -2^(BWidth-1): a is inverted one step ahead and the last carry is set, so
/// that no step has more than one adder.
/// Latency: operands taken with `load_i` in cycle l, steps in l+1 .. l+BWidth, `last_o` in the last of them, `result_o`
/// from l+BWidth+1 until the next load. Everything holds while `en_i` is low.
module epim_serial_mul #(
  /// Bits of a, signed.
  parameter int AWidth = 32,
  /// Bits of b, >= 1; >= 2 where it is signed.
  parameter int BWidth = 16,
  /// b is two's complement.
  parameter bit BSigned = 1'b0,
  /// Bits of c, signed.
  parameter int CWidth = 32,
  /// Derived parameter, do not overwrite: bits of the partial sum.
  localparam int PWidth = epim_pkg::max2(AWidth, CWidth) + 1,
  /// Derived parameter, do not overwrite.
  localparam int CountW = epim_pkg::num_width(BWidth)
) (
  /// Clock.
  input  logic                     clk_i,
  /// Reset, active low.
  input  logic                     rst_ni,
  /// Forget a running multiplication.
  input  logic                     clear_i,
  /// Advance.
  input  logic                     en_i,
  /// Take the operands.
  input  logic                     load_i,
  input  logic [AWidth-1:0]        a_i,
  input  logic [BWidth-1:0]        b_i,
  input  logic [CWidth-1:0]        c_i,
  /// The last step is done in this cycle.
  output logic                     last_o,
  /// a * b + c, signed.
  output logic [PWidth+BWidth-1:0] result_o
);

  generate
    if (BWidth < (BSigned ? 2 : 1)) begin : gen_rule1 epim_rule_serial_factor_at_least_1_bit_signed_2 u_rule (); end
  endgenerate

  logic [CountW-1:0] count_q;  // steps left
  logic [AWidth-1:0] a_q;
  logic [PWidth-1:0] p_q, sum;
  logic [BWidth-1:0] low_q;
  logic              running, last, invert;

  assign running = count_q != '0;
  assign last    = count_q == CountW'(1);
  assign invert  = BSigned && (count_q == CountW'(2));
  assign last_o  = last;

  logic [PWidth-1:0] a_wide;
  assign a_wide = PWidth'($signed(a_q));
  assign sum    = low_q[0] ? p_q + a_wide + PWidth'(BSigned && last) : p_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_q <= '0;
    else if (clear_i) count_q <= '0;
    else if (en_i) begin
      if (load_i) count_q <= CountW'(BWidth);
      else if (running) count_q <= count_q - CountW'(1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i && (load_i || invert)) a_q <= load_i ? a_i : ~a_q;
    if (en_i && (load_i || running)) begin
      p_q   <= load_i ? PWidth'($signed(c_i)) : {sum[PWidth-1], sum[PWidth-1:1]};
      low_q <= load_i ? b_i : BWidth'({sum[0], low_q} >> 1);
    end
  end

  assign result_o = {p_q, low_q};

endmodule
