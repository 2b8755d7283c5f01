// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Channels of several maps in order: of every place Words[0] words of operand 0, then Words[1] of operand 1, and so on, each
/// requantised by what its operand asks for:
///   y = clamp((((x - Zero[k]) * Mul[k] + half) >>> Shift[k]) + ZeroOut, Lo, Hi), half = 2^(Shift[k]-1), 0 when Shift[k] = 0
///
/// Latency: where every Mul is 1 and every Shift 0 a word passes in the cycle in which it is taken. Else two cycles: taken in
/// t, product in t+1, offered in t+2; both stages stand while an offered word waits. One multiplier per lane serves all
/// operands. Words of an operand whose turn it is not wait.
module epim_stream_concat #(
  /// Channels per word.
  parameter int Lanes = 8,
  /// Bits of a channel: operands, result (two's complement where Lo < 0).
  parameter int InBits = 8,
  parameter int OutBits = 8,
  /// Operands.
  parameter int Operands = 2,
  /// Operand k is two's complement.
  parameter logic [Operands-1:0] Signed = '0,
  /// Bits of a count of words.
  parameter int CountBits = 1,
  /// Words of a place, at least 1: operand k at [k*CountBits +: CountBits].
  parameter logic [Operands*CountBits-1:0] Words = {Operands{CountBits'(1)}},
  /// Multipliers: operand k at [k*MulBits +: MulBits].
  parameter int MulBits = 1,
  parameter logic [Operands*MulBits-1:0] Mul = {Operands{MulBits'(1)}},
  /// Zero points of the operands, signed: k at [k*ZeroBits +: ZeroBits].
  parameter int ZeroBits = 1,
  parameter logic [Operands*ZeroBits-1:0] Zero = '0,
  /// Dropped bits: operand k at [k*6 +: 6].
  parameter logic [Operands*6-1:0] Shift = '0,
  /// Zero point and codes of the result.
  parameter int ZeroOut = 0,
  parameter int Lo = 0,
  parameter int Hi = 255
) (
  /// Clock.
  input  logic                             clk_i,
  /// Reset, active low.
  input  logic                             rst_ni,
  /// Operands: k at [k*Lanes*InBits +: Lanes*InBits].
  input  logic [Operands-1:0]              s_valid_i,
  output logic [Operands-1:0]              s_ready_o,
  input  logic [Operands*Lanes*InBits-1:0] s_data_i,
  input  logic [Operands-1:0]              s_last_i,
  /// Result; `tlast` with the last operand's.
  output logic                             m_valid_o,
  input  logic                             m_ready_i,
  output logic [Lanes*OutBits-1:0]         m_data_o,
  output logic                             m_last_o,
  /// `tlast` of the operands at different places (in the cycle of the word that shows it).
  output logic                             err_length_o
);

  generate
    for (genvar k = 0; k < Operands; k++) begin : gen_rules
      if (Words[k*CountBits +: CountBits] == '0) begin : gen_rule1 epim_rule_concat_words_at_least_1 u_rule (); end
    end
  endgenerate

  localparam bit Multiplies = (Shift != '0) || (Mul != {Operands{MulBits'(1)}});
  localparam int OpW   = epim_pkg::idx_width(Operands);
  localparam int Width = Lanes * InBits;
  localparam int DiffW = epim_pkg::max2(InBits, ZeroBits) + 2;
  localparam int ProdW = DiffW + (Multiplies ? MulBits : 0);

  // ---------------------------------------------------------------- whose turn it is
  logic [OpW-1:0]       op_q;
  logic [CountBits-1:0] word_q;
  logic                 end_q;  // operand 0 ended its map at this place
  logic                 go, take, valid, last, word_end, op_last;
  logic [Width-1:0]     data;

  assign valid    = s_valid_i[op_q];
  assign last     = s_last_i[op_q];
  assign data     = s_data_i[op_q*Width +: Width];
  assign take     = go && valid;
  assign word_end = word_q == Words[op_q*CountBits +: CountBits] - CountBits'(1);
  assign op_last  = op_q == OpW'(Operands - 1);
  // An operand ends with the last word of a place, and where operand 0 did.
  assign err_length_o = take && (word_end ? (op_q != '0) && (last != end_q) : last);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      op_q   <= '0;
      word_q <= '0;
      end_q  <= 1'b0;
    end else if (take) begin
      word_q <= word_end ? '0 : word_q + CountBits'(1);
      if (word_end) op_q <= op_last ? '0 : op_q + OpW'(1);
      if (word_end && op_q == '0) end_q <= last;
    end
  end

  generate
    for (genvar k = 0; k < Operands; k++) begin : gen_ready
      assign s_ready_o[k] = go && (op_q == OpW'(k));
    end
  endgenerate

  // ---------------------------------------------------------------- requantise
  logic [OpW-1:0] result_op;  // operand of the word that is rounded
  generate
    if (Multiplies) begin : gen_stages
      logic           v1_q, last1_q, valid_q, last_q;
      logic [OpW-1:0] op1_q;
      assign go = !valid_q || m_ready_i;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          v1_q    <= 1'b0;
          last1_q <= 1'b0;
          op1_q   <= '0;
          valid_q <= 1'b0;
          last_q  <= 1'b0;
        end else if (go) begin
          v1_q    <= take;
          last1_q <= last && word_end && op_last;
          op1_q   <= op_q;
          valid_q <= v1_q;
          last_q  <= last1_q;
        end
      end
      assign m_valid_o = valid_q;
      assign m_last_o  = last_q;
      assign result_op = op1_q;
    end else begin : gen_wires
      assign go        = m_ready_i;
      assign m_valid_o = valid;
      assign m_last_o  = last && word_end && op_last;
      assign result_op = op_q;
    end

    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      logic [InBits-1:0]       x;
      logic [ZeroBits-1:0]     zero;
      logic signed [DiffW-1:0] diff;
      logic signed [ProdW-1:0] product;
      assign x    = data[l*InBits +: InBits];
      assign zero = Zero[op_q*ZeroBits +: ZeroBits];
      assign diff = $signed({{(DiffW-InBits){Signed[op_q] && x[InBits-1]}}, x})
                    - $signed({{(DiffW-ZeroBits){zero[ZeroBits-1]}}, zero});
      if (Multiplies) begin : gen_product
        logic signed [ProdW-1:0] factor, product_q;
        assign factor = ProdW'(Mul[op_q*MulBits +: MulBits]);
        always_ff @(posedge clk_i) begin
          if (take) product_q <= $signed({{(ProdW-DiffW){diff[DiffW-1]}}, diff}) * factor;
        end
        assign product = product_q;
      end else begin : gen_difference
        assign product = diff;
      end

      logic [Operands*OutBits-1:0] codes;
      logic [OutBits-1:0]          code;
      for (genvar k = 0; k < Operands; k++) begin : gen_round
        epim_round_clamp #(.SumW(ProdW), .OutBits(OutBits), .Shift(32'(Shift[k*6 +: 6])), .Zero(ZeroOut), .Lo(Lo), .Hi(Hi)) u_round (
          .sum_i(product), .out_o(codes[k*OutBits +: OutBits])
        );
      end
      assign code = codes[result_op*OutBits +: OutBits];
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
