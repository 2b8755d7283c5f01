// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Input register: double-buffered bit planes of the word lines of one PE array, with word-line masking.
///
/// A written word of `LANES` activations lands on the word lines that IFRT names (`pe_row`, `group`). The first word
/// of a patch clears the bank's mask, so every word line that the patch does not name is driven with zero, whatever
/// the register held. For input step b of the bank that fires, `wl_o` digit d of row r is activation bit
/// first_bit(b)+d, zero where the mask is clear. With `ZeroPoint` the sum of the activations per PE row is kept too.
/// With `Pool` a word also lands on the pool's lines in PE row 0, and on those that IFRT names where the entry is used.
/// `Shift` builds each word line's activations as shift registers that turn by one bit per firing and are back in place
/// after the last input step: no plane is selected, which is smaller, but every firing toggles them.
/// Latency: a word written in cycle t is on `wl_o` from t+1; `wl_o` is combinational in `bank_i`, `step_i`.
module epim_input_reg #(
  /// Word lines of a crossbar, multiple of `Lanes`.
  parameter int XbRows = 64,
  /// PE rows.
  parameter int PeRows = 1,
  /// Activations per word.
  parameter int Lanes = 8,
  /// Bits of the widest activation: 1..9 (signed 2..9).
  parameter int ActBits = 8,
  /// Activations can be two's complement, sign-extended to `ActBits`.
  parameter bit ActSigned = 1'b0,
  /// Activation bits per input step, 1 or 2.
  parameter int DacBits = 1,
  /// Keep the row sums.
  parameter bit ZeroPoint = 1'b0,
  /// Shift registers instead of selected bit planes; needs `DacBits` = 1, and every layer has `ActBits`.
  parameter bit Shift = 1'b0,
  /// Word lines of a row group, a divisor of `XbRows`.
  parameter int RowsPerRead = XbRows,
  /// The first PE row is a weight pool: every word also lands on its group `pool_group_i`.
  parameter bit Pool = 1'b0,
  /// Derived parameter, do not overwrite: input steps of an activation.
  localparam int Steps = epim_pkg::ceil_div(ActSigned ? ActBits - 1 : ActBits, DacBits) + (ActSigned ? 1 : 0),
  /// Derived parameter, do not overwrite.
  localparam int StepW = epim_pkg::idx_width(Steps),
  /// Derived parameter, do not overwrite: word-line groups of a PE row.
  localparam int Groups = XbRows / Lanes,
  /// Derived parameter, do not overwrite.
  localparam int RowGroups = XbRows / epim_pkg::max2(RowsPerRead, 1),
  /// Derived parameter, do not overwrite.
  localparam int GroupW = epim_pkg::idx_width(Groups),
  /// Derived parameter, do not overwrite.
  localparam int PeRowW = epim_pkg::idx_width(PeRows),
  /// Derived parameter, do not overwrite: bits of a signed sum of one PE row's activations.
  localparam int SumW = ActBits + 1 + epim_pkg::num_width(XbRows)
) (
  /// Clock.
  input  logic                      clk_i,
  /// Reset, active low.
  input  logic                      rst_ni,
  /// Write a word.
  input  logic                      we_i,
  /// It is the first word of a patch.
  input  logic                      first_i,
  /// Bank to write.
  input  logic                      wbank_i,
  /// PE row and word-line group to write.
  input  logic [PeRowW-1:0]         pe_row_i,
  input  logic [GroupW-1:0]         group_i,
  /// Read with `Pool` only: the word lands on `pe_row_i`, `group_i`; its group in the first PE row.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                      used_i,
  input  logic [GroupW-1:0]         pool_group_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Activations, lane l at [l*ActBits +: ActBits].
  input  logic [Lanes*ActBits-1:0]  data_i,
  /// Format of the layer's activations: bits, two's complement.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [3:0]                cfg_bits_i,
  input  logic                      cfg_signed_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Bank that fires.
  input  logic                      bank_i,
  /// Input step, 0 = least significant; the sign step.
  input  logic [StepW-1:0]          step_i,
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                      sign_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Last cycle of an input step of the bank (read with `Shift` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                      fire_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Word lines: digit d of row r at [d*PeRows*XbRows + r].
  output logic [DacBits*PeRows*XbRows-1:0] wl_o,
  /// Sum of the firing bank's activations per PE row, PE row t at [t*SumW +: SumW].
  output logic [PeRows*SumW-1:0]    sum_o,
  /// PE rows in which the firing bank's patch has a word line; without `Pool` all.
  output logic [PeRows-1:0]         rows_o,
  /// Row groups in which the patch of bank b has a word line in any PE row, at [b*RowGroups +: RowGroups].
  output logic [2*RowGroups-1:0]    row_groups_o
);

  generate
    if (XbRows % Lanes != 0)                          begin : gen_rule1 epim_rule_xb_rows_multiple_of_lanes u_rule (); end
    if (ActBits < (ActSigned ? 2 : 1) || ActBits > 9) begin : gen_rule2 epim_rule_act_bits_1_to_9_signed_2_to_9 u_rule (); end
    if (DacBits != 1 && DacBits != 2)                 begin : gen_rule3 epim_rule_dac_bits_1_or_2 u_rule (); end
    if (Shift && DacBits != 1)                        begin : gen_rule4 epim_rule_input_shift_needs_one_dac_bit u_rule (); end
    if (RowsPerRead < 1 || XbRows % epim_pkg::max2(RowsPerRead, 1) != 0) begin : gen_rule5 epim_rule_rows_per_read_divides_xb_rows u_rule (); end
  endgenerate

  localparam int Rows  = PeRows * XbRows;
  localparam int RowW  = epim_pkg::idx_width(Rows);

  logic [RowW-1:0] row;
  assign row = RowW'(pe_row_i) * RowW'(XbRows) + RowW'(group_i) * RowW'(Lanes);

  logic [RowW-1:0] pool_row;
  assign pool_row = Pool ? RowW'(pool_group_i) * RowW'(Lanes) : '0;

  // Mask: which groups of word lines the bank's patch names; the lines of a group are always equal.
  localparam int Lines = Rows / Lanes;
  localparam int LineW = epim_pkg::idx_width(Lines);
  logic [Lines-1:0] mask0_q, mask1_q, mask_now, named;
  logic [LineW-1:0] line;
  assign line = LineW'(pe_row_i) * LineW'(Groups) + LineW'(group_i);
  always_comb begin
    named = '0;
    named[line] = !Pool || used_i;
    if (Pool) named[LineW'(pool_group_i)] = 1'b1;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mask0_q <= '0;
      mask1_q <= '0;
    end else if (we_i) begin
      if (wbank_i) mask1_q <= (first_i ? '0 : mask1_q) | named;
      else         mask0_q <= (first_i ? '0 : mask0_q) | named;
    end
  end
  assign mask_now = bank_i ? mask1_q : mask0_q;
  logic [Rows-1:0] mask;
  generate
    for (genvar g = 0; g < Lines; g++) begin : gen_mask
      assign mask[g*Lanes +: Lanes] = {Lanes{mask_now[g]}};
    end
  endgenerate

  generate
    for (genvar t = 0; t < PeRows; t++) begin : gen_named_row
      assign rows_o[t] = !Pool || |mask_now[t*Groups +: Groups];
    end
  endgenerate

  // A group is read where any of its lines is named, in any PE row.
  generate
    for (genvar g = 0; g < RowGroups; g++) begin : gen_row_group
      localparam int First = g * RowsPerRead / Lanes;
      localparam int Count = ((g + 1) * RowsPerRead - 1) / Lanes - First + 1;
      logic [PeRows-1:0] named0, named1;
      for (genvar t = 0; t < PeRows; t++) begin : gen_pe_row
        assign named0[t] = |mask0_q[t*Groups+First +: Count];
        assign named1[t] = |mask1_q[t*Groups+First +: Count];
      end
      assign row_groups_o[g]           = RowGroups == 1 || |named0;
      assign row_groups_o[RowGroups+g] = RowGroups == 1 || |named1;
    end
  endgenerate

  // Bit planes.
  logic [ActBits*Rows-1:0] planes0, planes1;
  generate
    for (genvar b = 0; b < ActBits; b++) begin : gen_plane
      logic [Lanes-1:0] bits;
      logic [Rows-1:0]  plane0_q, plane1_q;
      for (genvar l = 0; l < Lanes; l++) begin : gen_bit
        assign bits[l] = data_i[l*ActBits+b];
      end
      always_ff @(posedge clk_i) begin
        if (we_i && !wbank_i && (!Pool || used_i)) plane0_q[row +: Lanes] <= bits;
        if (we_i &&  wbank_i && (!Pool || used_i)) plane1_q[row +: Lanes] <= bits;
        if (Pool && we_i && !wbank_i) plane0_q[pool_row +: Lanes] <= bits;
        if (Pool && we_i &&  wbank_i) plane1_q[pool_row +: Lanes] <= bits;
      end
      assign planes0[b*Rows +: Rows] = plane0_q;
      assign planes1[b*Rows +: Rows] = plane1_q;
    end
  endgenerate

  // Plane of digit d in step b; plane 0 where there is none, so that no selection leaves the range.
  function automatic int plane_of(input int b, input int d);
    plane_of = (b * DacBits + d < ActBits) ? b * DacBits + d : 0;
  endfunction

  // Shift registers: the most significant bit fires. The first word of a patch clears the lines that it does not name.
  logic [Rows-1:0] shifted;
  generate
    if (Shift) begin : gen_shift
      for (genvar g = 0; g < Rows / Lanes; g++) begin : gen_group
        // Lines that the patch names take their activations, the others are cleared by its first word.
        logic hit, take0, take1, clear0, clear1;
        assign hit    = (row == RowW'(g * Lanes) && (!Pool || used_i)) || (Pool && pool_row == RowW'(g * Lanes));
        assign take0  = we_i && !wbank_i && hit;
        assign take1  = we_i && wbank_i && hit;
        assign clear0 = we_i && !wbank_i && !hit && first_i;
        assign clear1 = we_i && wbank_i && !hit && first_i;
        for (genvar l = 0; l < Lanes; l++) begin : gen_line
          logic [ActBits-1:0] line0_q, line1_q, lane;
          assign lane = data_i[l*ActBits +: ActBits];
          always_ff @(posedge clk_i) begin
            if (take0 || clear0 || (fire_i && !bank_i)) begin
              if (clear0) line0_q <= '0;
              else line0_q <= take0 ? lane : (line0_q << 1) | ActBits'(line0_q[ActBits-1]);
            end
            if (take1 || clear1 || (fire_i && bank_i)) begin
              if (clear1) line1_q <= '0;
              else line1_q <= take1 ? lane : (line1_q << 1) | ActBits'(line1_q[ActBits-1]);
            end
          end
          assign shifted[g*Lanes+l] = bank_i ? line1_q[ActBits-1] : line0_q[ActBits-1];
        end
      end
    end else begin : gen_no_shift
      assign shifted = '0;
    end
  endgenerate

  generate
    for (genvar d = 0; d < DacBits; d++) begin : gen_digit
      logic [Rows-1:0] level;
      if (DacBits == 1) begin : gen_bit
        // The sign bit is the plane of its step.
        always_comb begin
          level = '0;
          for (int b = 0; b < Steps; b++) begin
            if (step_i == StepW'(b)) level = bank_i ? planes1[plane_of(b, 0)*Rows +: Rows] : planes0[plane_of(b, 0)*Rows +: Rows];
          end
        end
      end else begin : gen_two_bits
        // The sign bit is driven in the sign step, as digit 0, and in no other.
        always_comb begin
          level = '0;
          for (int b = 0; b < Steps; b++) begin
            if (!sign_i && step_i == StepW'(b) && b * DacBits + d < ActBits
                && !(cfg_signed_i && 4'(b * DacBits + d + 1) == cfg_bits_i)) begin
              level = bank_i ? planes1[plane_of(b, d)*Rows +: Rows] : planes0[plane_of(b, d)*Rows +: Rows];
            end
          end
          for (int b = 1; b < ActBits; b++) begin
            if (ActSigned && d == 0 && sign_i && cfg_bits_i == 4'(b + 1)) begin
              level = bank_i ? planes1[b*Rows +: Rows] : planes0[b*Rows +: Rows];
            end
          end
        end
      end
      assign wl_o[d*Rows +: Rows] = Shift ? shifted : level & mask;
    end
  endgenerate

  generate
    if (ZeroPoint) begin : gen_sum
      logic signed [SumW-1:0] word_sum;
      always_comb begin
        word_sum = '0;
        for (int l = 0; l < Lanes; l++) begin
          word_sum = word_sum + ((ActSigned && cfg_signed_i) ? SumW'($signed(data_i[l*ActBits +: ActBits]))
                                                             : $signed(SumW'(data_i[l*ActBits +: ActBits])));
        end
      end
      for (genvar t = 0; t < PeRows; t++) begin : gen_row
        logic signed [SumW-1:0] sum0_q, sum1_q, add;
        assign add = ((pe_row_i == PeRowW'(t) && (!Pool || used_i)) || (Pool && t == 0)) ? word_sum : '0;
        always_ff @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) begin
            sum0_q <= '0;
            sum1_q <= '0;
          end else if (we_i) begin
            if (wbank_i) sum1_q <= (first_i ? '0 : sum1_q) + add;
            else         sum0_q <= (first_i ? '0 : sum0_q) + add;
          end
        end
        assign sum_o[t*SumW +: SumW] = bank_i ? sum1_q : sum0_q;
      end
    end else begin : gen_no_sum
      assign sum_o = '0;
    end
  endgenerate

endmodule
