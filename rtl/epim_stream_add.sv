// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Sum of two streams, lane by lane: clamp(a + b) to 0 .. 2^Bits-1 with `Relu`, else to -2^(Bits-1) .. 2^(Bits-1)-1; with
/// `Relu` and `Half` to 0 .. 2^(Bits-1)-1, which signed activations hold.
///
/// No register: a beat is offered while both operands are, and both are taken with it. Put it between FIFOs.
module epim_stream_add #(
  /// Channels per word.
  parameter int Lanes = 8,
  /// Bits of a channel, operands and sum.
  parameter int Bits = 8,
  /// Operands are two's complement.
  parameter bit ASigned = 1'b0,
  parameter bit BSigned = 1'b0,
  /// The sum is clamped to unsigned, to half of it.
  parameter bit Relu = 1'b0,
  parameter bit Half = 1'b0
) (
  /// Operand a.
  input  logic                  a_valid_i,
  output logic                  a_ready_o,
  input  logic [Lanes*Bits-1:0] a_data_i,
  input  logic                  a_last_i,
  /// Operand b.
  input  logic                  b_valid_i,
  output logic                  b_ready_o,
  input  logic [Lanes*Bits-1:0] b_data_i,
  input  logic                  b_last_i,
  /// Sum; `tlast` is a's.
  output logic                  m_valid_o,
  input  logic                  m_ready_i,
  output logic [Lanes*Bits-1:0] m_data_o,
  output logic                  m_last_o,
  /// The operands' `tlast` differ (in the cycle of the beat).
  output logic                  err_length_o
);

  localparam int SumW = Bits + 2;
  localparam logic signed [SumW-1:0] Lo = Relu ? '0 : -(SumW'(1) << (Bits - 1));
  localparam logic signed [SumW-1:0] Hi = (SumW'(1) << (Relu && !Half ? Bits : Bits - 1)) - SumW'(1);

  assign m_valid_o    = a_valid_i && b_valid_i;
  assign a_ready_o    = b_valid_i && m_ready_i;
  assign b_ready_o    = a_valid_i && m_ready_i;
  assign m_last_o     = a_last_i;
  assign err_length_o = m_valid_o && m_ready_i && (a_last_i != b_last_i);

  generate
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      logic                   a_sign, b_sign;
      logic signed [SumW-1:0] sum;
      assign a_sign = ASigned && a_data_i[l*Bits+Bits-1];
      assign b_sign = BSigned && b_data_i[l*Bits+Bits-1];
      assign sum    = $signed({{2{a_sign}}, a_data_i[l*Bits +: Bits]}) + $signed({{2{b_sign}}, b_data_i[l*Bits +: Bits]});
      assign m_data_o[l*Bits +: Bits] = (sum < Lo) ? Lo[Bits-1:0] : ((sum > Hi) ? Hi[Bits-1:0] : sum[Bits-1:0]);
    end
  endgenerate

endmodule
