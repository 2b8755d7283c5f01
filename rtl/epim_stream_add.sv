// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Sum of one or more streams, requantised, lane by lane:
///   y = clamp(((sum over k of (x_k - Zero[k]) * Mul[k]) + half) >>> Shift) + ZeroOut, Lo, Hi), half = 2^(Shift-1), 0 when
///   Shift = 0
/// With one operand it is a requantiser: ReLU, clip, change of format.
///
/// Latency: where every Mul is 1 and Shift is 0 there is no register: a beat is offered while all operands are, and they are
/// taken with it. Else two cycles: operands taken in t, products in t+1, the word is offered in t+2; both stages stand while
/// an offered word waits. Put it between FIFOs.
module epim_stream_add #(
  /// Channels per word.
  parameter int Lanes = 8,
  /// Bits of a channel: operands, sum (two's complement where Lo < 0).
  parameter int InBits = 8,
  parameter int OutBits = 8,
  /// Operands; one: a requantiser.
  parameter int Operands = 2,
  /// Operand k is two's complement.
  parameter logic [Operands-1:0] Signed = '0,
  /// Multipliers: operand k at [k*MulBits +: MulBits].
  parameter int MulBits = 1,
  parameter logic [Operands*MulBits-1:0] Mul = {Operands{MulBits'(1)}},
  /// Zero points of the operands, signed: k at [k*ZeroBits +: ZeroBits].
  parameter int ZeroBits = 1,
  parameter logic [Operands*ZeroBits-1:0] Zero = '0,
  /// Dropped bits.
  parameter int Shift = 0,
  /// Zero point and codes of the sum.
  parameter int ZeroOut = 0,
  parameter int Lo = 0,
  parameter int Hi = 255
) (
  /// Clock; unused without registers.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                             clk_i,
  /// Reset, active low.
  input  logic                             rst_ni,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Operands: k at [k*Lanes*InBits +: Lanes*InBits].
  input  logic [Operands-1:0]              s_valid_i,
  output logic [Operands-1:0]              s_ready_o,
  input  logic [Operands*Lanes*InBits-1:0] s_data_i,
  input  logic [Operands-1:0]              s_last_i,
  /// Sum; `tlast` is operand 0's.
  output logic                             m_valid_o,
  input  logic                             m_ready_i,
  output logic [Lanes*OutBits-1:0]         m_data_o,
  output logic                             m_last_o,
  /// The operands' `tlast` differ (in the cycle in which they are taken).
  output logic                             err_length_o
);

  localparam bit Multiplies = (Shift != 0) || (Mul != {Operands{MulBits'(1)}});
  localparam int DiffW = epim_pkg::max2(InBits, ZeroBits) + 2;
  localparam int ProdW = DiffW + (Multiplies ? MulBits : 0);
  localparam int SumW  = ProdW + epim_pkg::num_width(Operands);

  logic go, take;
  assign take         = go && (&s_valid_i);
  assign err_length_o = take && ((|s_last_i) != (&s_last_i));

  generate
    for (genvar k = 0; k < Operands; k++) begin : gen_ready
      // The others are there. (A name for its own bit: Yosys 0.23 takes the reduction over 32 bits without it.)
      localparam logic [Operands-1:0] Own = Operands'(1) << k;
      assign s_ready_o[k] = go && (&(s_valid_i | Own));
    end

    if (Multiplies) begin : gen_stages
      logic v1_q, last1_q, valid_q, last_q;
      assign go = !valid_q || m_ready_i;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          v1_q    <= 1'b0;
          last1_q <= 1'b0;
          valid_q <= 1'b0;
          last_q  <= 1'b0;
        end else if (go) begin
          v1_q    <= take;
          last1_q <= s_last_i[0];
          valid_q <= v1_q;
          last_q  <= last1_q;
        end
      end
      assign m_valid_o = valid_q;
      assign m_last_o  = last_q;
    end else begin : gen_wires
      assign go        = m_ready_i;
      assign m_valid_o = &s_valid_i;
      assign m_last_o  = s_last_i[0];
    end

    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      for (genvar k = 0; k < Operands; k++) begin : gen_operand
        localparam logic signed [DiffW-1:0] ZeroIn = {{(DiffW-ZeroBits){Zero[k*ZeroBits+ZeroBits-1]}}, Zero[k*ZeroBits +: ZeroBits]};
        logic [InBits-1:0]       x;
        logic signed [DiffW-1:0] diff;
        logic signed [ProdW-1:0] product;
        logic signed [SumW-1:0]  sum;  // of the operands up to this one
        assign x    = s_data_i[(k*Lanes+l)*InBits +: InBits];
        assign diff = $signed({{(DiffW-InBits){Signed[k] && x[InBits-1]}}, x}) - ZeroIn;
        if (Multiplies) begin : gen_product
          localparam logic signed [ProdW-1:0] Factor = ProdW'(Mul[k*MulBits +: MulBits]);
          logic signed [ProdW-1:0] product_q;
          always_ff @(posedge clk_i) begin
            if (take) product_q <= $signed({{(ProdW-DiffW){diff[DiffW-1]}}, diff}) * Factor;
          end
          assign product = product_q;
        end else begin : gen_difference
          assign product = diff;
        end
        if (k == 0) begin : gen_first
          assign sum = {{(SumW-ProdW){product[ProdW-1]}}, product};
        end else begin : gen_next
          assign sum = gen_lane[l].gen_operand[k-1].sum + $signed({{(SumW-ProdW){product[ProdW-1]}}, product});
        end
      end

      logic [OutBits-1:0] code;
      epim_round_clamp #(.SumW(SumW), .OutBits(OutBits), .Shift(Shift), .Zero(ZeroOut), .Lo(Lo), .Hi(Hi)) u_round (
        .sum_i(gen_operand[Operands-1].sum), .out_o(code)
      );
      if (Multiplies) begin : gen_register
        logic [OutBits-1:0] data_q;
        always_ff @(posedge clk_i) begin
          if (go) data_q <= code;
        end
        assign m_data_o[l*OutBits +: OutBits] = data_q;
      end else begin : gen_wire
        assign m_data_o[l*OutBits +: OutBits] = code;
      end
    end
  endgenerate

endmodule
