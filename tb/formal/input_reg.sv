// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_input_reg for one word line, chosen freely: the line carries the bits of the last word that
/// named it since the patch's first word, and zero if none did, whatever the register held before.
/// Writes, firing bank and step are free in every cycle.
module proof #(
  parameter int XbRows = 4,
  parameter int PeRows = 2,
  parameter int Lanes = 2,
  parameter int ActBits = 3,
  parameter bit ActSigned = 1'b0,
  parameter int DacBits = 1,
  parameter bit ZeroPoint = 1'b1,
  localparam int Steps = epim_pkg::ceil_div(ActSigned ? ActBits - 1 : ActBits, DacBits) + (ActSigned ? 1 : 0),
  localparam int StepW = epim_pkg::idx_width(Steps),
  localparam int GroupW = epim_pkg::idx_width(XbRows / Lanes),
  localparam int PeRowW = epim_pkg::idx_width(PeRows),
  localparam int SumW = ActBits + 1 + epim_pkg::num_width(XbRows),
  localparam int Rows = PeRows * XbRows
) (
  input logic                      clk_i,
  input logic                      we, first, wbank, bank,
  input logic [PeRowW-1:0]         pe_row,
  input logic [GroupW-1:0]         group,
  input logic [Lanes*ActBits-1:0]  data,
  input logic [StepW-1:0]          step,
  input logic                      want_sign
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  // Format of the layer; the sign step is told apart, with one bit per step it is that of the top bit.
  (* anyconst *) logic [3:0] bits;
  (* anyconst *) logic       is_signed;
  logic sign;
  assign sign = is_signed && ((DacBits == 1) ? 4'(step) + 4'd1 == bits : want_sign);

  logic [DacBits*Rows-1:0] wl;
  logic [PeRows*SumW-1:0]  sum;
  epim_input_reg #(.XbRows(XbRows), .PeRows(PeRows), .Lanes(Lanes), .ActBits(ActBits), .ActSigned(ActSigned),
                   .DacBits(DacBits), .ZeroPoint(ZeroPoint)) dut (
    .clk_i, .rst_ni(rst_n), .we_i(we), .first_i(first), .wbank_i(wbank), .pe_row_i(pe_row), .group_i(group),
    .data_i(data), .cfg_bits_i(bits), .cfg_signed_i(is_signed), .bank_i(bank), .step_i(step), .sign_i(sign), .fire_i(1'b0), .wl_o(wl), .sum_o(sum)
  );

  // The line and what it should hold in each bank; the sum of one PE row.
  (* anyconst *) logic [7:0] line;
  (* anyconst *) logic [PeRowW-1:0] sum_row;
  logic               named0, named1, hit;
  logic [ActBits-1:0] value0, value1, lane_value;
  assign hit = we && (32'(pe_row) * XbRows + 32'(group) * Lanes == (32'(line) / Lanes) * Lanes);
  assign lane_value = data[(32'(line) % Lanes)*ActBits +: ActBits];
  logic signed [SumW-1:0] word_sum, sum0, sum1;
  always_comb begin
    word_sum = '0;
    for (int l = 0; l < Lanes; l++) begin
      word_sum = word_sum + $signed({{(SumW-ActBits){is_signed && data[l*ActBits+ActBits-1]}}, data[l*ActBits +: ActBits]});
    end
    if (pe_row != sum_row) word_sum = '0;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      named0 <= 1'b0; named1 <= 1'b0; value0 <= '0; value1 <= '0; sum0 <= '0; sum1 <= '0;
    end else if (we) begin
      if (wbank) begin
        named1 <= hit || (named1 && !first);
        if (hit) value1 <= lane_value;
        sum1 <= first ? word_sum : sum1 + word_sum;
      end else begin
        named0 <= hit || (named0 && !first);
        if (hit) value0 <= lane_value;
        sum0 <= first ? word_sum : sum0 + word_sum;
      end
    end
  end

  // Bit of the activation that digit d carries in this step: the weight of the step is its place in the sum of
  // docs/arithmetic.md, the sign step apart; a bit beyond the activation is not driven.
  logic [DacBits-1:0] got, want;
  logic               named;
  logic [ActBits-1:0] value;
  assign named = bank ? named1 : named0;
  assign value = bank ? value1 : value0;
  generate
    for (genvar d = 0; d < DacBits; d++) begin : gen_digit
      logic [7:0] place;
      logic       driven;
      assign place  = sign ? 8'(bits) - 8'd1 : 8'(32'(step) * DacBits + d);
      assign driven = sign ? (d == 0) : (place < 8'(ActBits) && !(is_signed && DacBits > 1 && place + 8'd1 == 8'(bits)));
      assign want[d] = named && driven && |(value & (ActBits'(1) << place));
      assign got[d]  = |(wl[d*Rows +: Rows] & (Rows'(1) << line));
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    assume (32'(line) < Rows);
    assume (32'(sum_row) < PeRows);
    assume (32'(step) < Steps);
    assume (32'(bits) <= ActBits && bits >= (is_signed ? 4'd2 : 4'd1) && (ActSigned || !is_signed));
    assume (32'(pe_row) < PeRows);
    assume (32'(group) < XbRows / Lanes);
    if (rst_n) begin
      assert (got == want);
      if (!named) assert (got == '0);
      if (ZeroPoint) assert ($signed(sum[32'(sum_row)*SumW +: SumW]) == (bank ? sum1 : sum0));
      cover (!named && value == '1 && line == 8'd5 && bank);
      cover (named0 && named1 && value0 != value1 && got != '0);
    end
  end
endmodule
