// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Fire controller: sequences one activation per loaded patch over column steps and input steps.
///
/// An activation takes, for every column step that holds a column of the patch in any PE column, `Period` cycles:
/// `Steps` firing cycles, most significant input step first, and idle ones where the joint path needs longer.
/// With row groups an input step is a read of each group that holds a word line of the patch (`row_groups_i`), lowest
/// first; a read takes `Interval` cycles, in which bank, step, row group and selection stay. The last read of a column
/// step then waits until the joint path has taken the column step before, instead of idle cycles at its end.
/// The next activation is dispatched in the last cycle of the running one, so a full input register bank costs no
/// bubble. The controller also times the pipeline behind the array:
///   f    word lines, column step and ADC selection (`read_o`)
///   f+1+AdcStages  ADC codes to shift-add (`acc_*`)
///   f+2+AdcStages  psums of a finished column step go group by group to scale and joint (`ser_*`), with the range they
///        belong to: `ser_opens_o` starts a range, `ser_closes_o` ends it. A group is taken with `ser_load_o`; serial
///        multipliers need `GroupCycles` cycles for one, and `ser_valid_o` comes two cycles before its product.
/// Everything holds while `en_i` is low; with `HoldFree` it need never be.
module epim_fire_ctrl #(
  /// Patches that fit.
  parameter int MaxPatches = 4,
  /// PE columns.
  parameter int PeCols = 1,
  /// Bit lines of a crossbar.
  parameter int XbCols = 64,
  /// ADC lanes per PE.
  parameter int Adcs = 8,
  /// Columns per cycle through scale and joint.
  parameter int JointLanes = 2,
  /// Input steps of the widest activation, >= 1.
  parameter int Steps = 8,
  /// The first input step can be a sign step.
  parameter bit ActSigned = 1'b0,
  /// Bits of an output channel number.
  parameter int ChannelW = 8,
  /// Cycles from a read to its codes, >= 1.
  parameter int AdcStages = 1,
  /// Groups of word lines that are read one after the other, >= 1.
  parameter int RowGroups = 1,
  /// Cycles from a read to the next one, >= 1.
  parameter int Interval = 1,
  /// An activation that opens a range is dispatched only when an accumulator bank is free for it: nothing behind the array
  /// ever has to stop it, and `en_i` may be constant.
  parameter bit HoldFree = 1'b0,
  /// Cycles of a group in the scale stage, >= 1: 1, or those of a serial multiplication.
  parameter int GroupCycles = 1,
  /// Derived parameter, do not overwrite.
  localparam int PatchW = epim_pkg::idx_width(MaxPatches),
  /// Derived parameter, do not overwrite: column steps.
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs),
  /// Derived parameter, do not overwrite.
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  /// Derived parameter, do not overwrite: groups of `JointLanes` ADC lanes.
  localparam int Groups = epim_pkg::ceil_div(Adcs, JointLanes),
  /// Derived parameter, do not overwrite.
  localparam int GroupW = epim_pkg::idx_width(Groups),
  /// Derived parameter, do not overwrite.
  localparam int LaneW = epim_pkg::idx_width(JointLanes),
  /// Derived parameter, do not overwrite.
  localparam int PeColW = epim_pkg::idx_width(PeCols),
  /// Derived parameter, do not overwrite: bits of a column position {PE column, step, group, lane}.
  localparam int ColumnW = PeColW + CStepW + GroupW + LaneW,
  /// Derived parameter, do not overwrite.
  localparam int StepW = epim_pkg::idx_width(Steps),
  /// Derived parameter, do not overwrite: cycles of the longest column step.
  localparam int Period = epim_pkg::max2(Steps, Groups * GroupCycles),
  /// Derived parameter, do not overwrite.
  localparam int PeriodW = epim_pkg::idx_width(Period)
) (
  /// Clock.
  input  logic                   clk_i,
  /// Reset, active low.
  input  logic                   rst_ni,
  /// Start over at patch 0.
  input  logic                   clear_i,
  /// Run.
  input  logic                   run_i,
  /// The array pipeline advances.
  input  logic                   en_i,
  /// Geometry: last patch index.
  input  logic [PatchW-1:0]      cfg_last_patch_i,
  /// Input steps of the layer's activations, less one; the first one is a sign step, the next one a single bit below it.
  input  logic [StepW-1:0]       cfg_last_step_i,
  input  logic                   cfg_signed_i,
  input  logic                   cfg_narrow_i,
  /// OFAT read port.
  output logic                   ofat_re_o,
  output logic [PatchW-1:0]      ofat_patch_o,
  input  logic [ChannelW-1:0]    ofat_start_i,
  input  logic [ChannelW-1:0]    ofat_stop_i,
  input  logic [ColumnW-1:0]     ofat_first_i,
  input  logic [ColumnW-1:0]     ofat_last_i,
  /// Input register banks that hold a whole patch.
  input  logic [1:0]             bank_full_i,
  /// A drained range gives its accumulator bank back (read with `HoldFree` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                   range_release_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Row groups in which a bank's patch has a word line: bank b at [b*RowGroups +: RowGroups].
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [2*RowGroups-1:0] row_groups_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// The firing bank is used for the last time in this cycle.
  output logic                   release_o,
  /// Bank that fires; input step, 0 = least significant; the sign step.
  output logic                   bank_o,
  output logic [StepW-1:0]       step_o,
  output logic                   sign_o,
  /// A read is on; it begins; `load_o` marks the first of a column step; last cycle of an input step.
  output logic                   fire_o,
  output logic                   read_o,
  output logic                   load_o,
  output logic                   step_end_o,
  /// The row group that is read, one-hot.
  output logic [RowGroups-1:0]   row_group_o,
  /// Column step.
  output logic [CStepW-1:0]      cstep_o,
  /// ADC lanes that convert: PE column u, lane l at [u*Adcs + l].
  output logic [PeCols*Adcs-1:0] sel_o,
  /// The firing activation opens an output range.
  output logic                   fire_opens_o,
  /// Codes are valid; first read of their column step, of their input step; sign step; the step after a sign step that is
  /// a single bit below it; last read of their column step.
  output logic                   acc_valid_o,
  output logic                   acc_first_o,
  output logic                   acc_step_o,
  output logic                   acc_sign_o,
  output logic                   acc_narrow_o,
  output logic                   acc_last_o,
  /// Group of finished psums: it is taken; it enters the joint module; its place.
  output logic                   ser_load_o,
  output logic                   ser_valid_o,
  output logic [GroupW-1:0]      ser_group_o,
  output logic [CStepW-1:0]      ser_cstep_o,
  /// The group is the first of an activation that opens a range; belongs to such an activation; closes the range.
  output logic                   ser_open_first_o,
  output logic                   ser_opens_o,
  output logic                   ser_closes_o,
  /// The range: end of the round, channels and columns (valid with `ser_closes_o`).
  output logic                   ser_end_round_o,
  output logic [ChannelW-1:0]    ser_start_o,
  output logic [ChannelW-1:0]    ser_stop_o,
  output logic [ColumnW-1:0]     ser_first_o,
  output logic [ColumnW-1:0]     ser_last_o,
  /// A column step begins in the next cycle: its patch and number.
  output logic                   scan_o,
  output logic [PatchW-1:0]      scan_patch_o,
  output logic [CStepW-1:0]      scan_cstep_o,
  /// An activation is dispatched in this cycle.
  output logic                   dispatch_o,
  /// OFAT range neither equal to the open one nor its continuation, or columns that the array does not have (one cycle).
  output logic                   err_ofat_o
);

  generate
    if (AdcStages < 1)   begin : gen_rule1 epim_rule_adc_stages_at_least_1 u_rule (); end
    if (Steps < 1)       begin : gen_rule2 epim_rule_steps_at_least_1 u_rule (); end
    if (GroupCycles < 1) begin : gen_rule3 epim_rule_group_cycles_at_least_1 u_rule (); end
    if (RowGroups < 1)   begin : gen_rule4 epim_rule_row_groups_at_least_1 u_rule (); end
    if (Interval < 1)    begin : gen_rule5 epim_rule_interval_at_least_1 u_rule (); end
  endgenerate

  localparam logic [CStepW-1:0]  LastCStep  = CStepW'(CSteps - 1);
  localparam logic [PeriodW-1:0] LastJoint  = PeriodW'(Groups * GroupCycles - 1);
  localparam logic [GroupW-1:0]  LastGroup  = GroupW'(Groups - 1);
  localparam bit Reads = RowGroups > 1 || Interval > 1;      // an input step is more than one cycle
  localparam int LastLanes = XbCols - (CSteps - 1) * Adcs;   // ADC lanes of the last column step

  logic                active_q, fetched_q, bank_q, opens_q, first_k_q;
  logic [PatchW-1:0]   patch_q, next_q;   // patch that fires, patch whose entry the table holds
  logic [PeriodW-1:0]  cycle_q;
  logic [StepW-1:0]    step_q;            // steps that follow in this column step
  logic [CStepW-1:0]   k_q;
  logic [ChannelW-1:0] start_q, stop_q;
  logic [ColumnW-1:0]  first_q, last_q;

  // Column step order: kf..kl in one PE column; 0..kl, kf..end when the range wraps into the next; else all.
  /* verilator lint_off UNUSEDSIGNAL */
  function automatic logic [1:0] scan_kind(input logic [ColumnW-1:0] a, input logic [ColumnW-1:0] b);
    logic [PeColW-1:0] uf, ul;
    logic [CStepW-1:0] cf, cl;
    uf = a[ColumnW-1 -: PeColW];
    ul = b[ColumnW-1 -: PeColW];
    cf = a[GroupW+LaneW +: CStepW];
    cl = b[GroupW+LaneW +: CStepW];
    if (uf == ul) scan_kind = 2'd0;
    else if (({1'b0, ul} == {1'b0, uf} + (PeColW + 1)'(1)) && (cl < cf)) scan_kind = 2'd1;
    else scan_kind = 2'd2;
  endfunction
  /* verilator lint_on UNUSEDSIGNAL */

  // The place is a column of the array.
  function automatic logic is_column(input logic [ColumnW-1:0] place);
    logic [PeColW-1:0] u;
    logic [CStepW-1:0] k;
    logic [GroupW-1:0] g;
    logic [LaneW-1:0]  l;
    {u, k, g, l} = place;
    is_column = (32'(u) < PeCols) && (32'(k) < CSteps) && (32'(l) < JointLanes)
             && (32'(g) * JointLanes + 32'(l) < ((k == LastCStep) ? LastLanes : Adcs));
  endfunction

  logic [CStepW-1:0] kf, kl;
  logic [1:0]        kind;
  logic              k_last, k_last_now, k_last_q;
  assign kf     = first_q[GroupW+LaneW +: CStepW];
  assign kl     = last_q[GroupW+LaneW +: CStepW];
  assign kind   = scan_kind(first_q, last_q);
  // Compared in the first cycle of a column step, read in a later one.
  assign k_last_now = (kind == 2'd0) ? (k_q == kl) : (k_q == LastCStep);
  assign k_last     = (!Reads && Steps > 1 && cfg_last_step_i != '0) ? k_last_q : k_last_now;
  always_ff @(posedge clk_i) k_last_q <= k_last_now;

  logic firing, cycle_end, act_end;
  logic [PeriodW-1:0] last_step, last_cycle;
  assign last_step  = PeriodW'(cfg_last_step_i);
  // Constant where the joint path is never the shorter one.
  /* verilator lint_off CMPCONST */
  assign last_cycle = (last_step > LastJoint) ? last_step : LastJoint;
  /* verilator lint_on CMPCONST */
  // Reads of an input step, where it has several cycles.
  logic r_read, r_firing, r_step_end, r_last, r_first_group, first_step, second_step;
  assign firing    = Reads ? r_firing : active_q && (cycle_q <= last_step);
  assign cycle_end = Reads ? r_step_end && (step_q == '0) : cycle_q == last_cycle;
  assign act_end   = active_q && cycle_end && k_last;
  assign first_step  = Reads ? step_q == cfg_last_step_i : cycle_q == '0;
  assign second_step = Reads ? step_q + StepW'(1) == cfg_last_step_i : cycle_q == PeriodW'(1);

  logic dispatch, bank_next;
  assign bank_next  = bank_q;   // toggles at dispatch: bank_q names the bank to be dispatched next
  logic credit;
  assign dispatch   = run_i && en_i && fetched_q && (!active_q || act_end) && bank_full_i[bank_next] && credit;
  assign dispatch_o = dispatch;

  generate
    if (Reads) begin : gen_reads
      localparam int JointCycles = Groups * GroupCycles;
      localparam int WaitW = epim_pkg::idx_width(JointCycles);
      localparam int CycleW = epim_pkg::idx_width(Interval);
      localparam logic [CycleW-1:0] LastCycle = CycleW'(Interval - 1);
      logic [RowGroups-1:0] all_q, left_q;  // row groups of the patch; of the input step, not yet read
      logic [CycleW-1:0]    sub_q;          // cycle of the read
      logic [WaitW-1:0]     wait_q;         // cycles until the joint path can take a column step
      logic                 last_group;
      assign last_group    = (left_q & (left_q - RowGroups'(1))) == '0;
      assign row_group_o   = left_q & (~left_q + RowGroups'(1));
      assign r_first_group = left_q == all_q;
      assign r_last        = last_group && (step_q == '0);
      assign r_read        = active_q && (sub_q == '0) && !(r_last && wait_q != '0);
      assign r_firing      = active_q && ((sub_q != '0) || r_read);
      assign r_step_end    = r_firing && (sub_q == LastCycle) && last_group;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          all_q  <= '0;
          left_q <= '0;
          sub_q  <= '0;
          wait_q <= '0;
        end else if (clear_i) begin
          sub_q  <= '0;
          wait_q <= '0;
        end else if (run_i && en_i) begin
          if (r_firing) sub_q <= (sub_q == LastCycle) ? '0 : sub_q + CycleW'(1);
          if (r_read && r_last) wait_q <= WaitW'(JointCycles - 1);
          else if (wait_q != '0) wait_q <= wait_q - WaitW'(1);
          if (dispatch) begin
            all_q  <= row_groups_i[32'(bank_next)*RowGroups +: RowGroups];
            left_q <= row_groups_i[32'(bank_next)*RowGroups +: RowGroups];
          end else if (r_firing && sub_q == LastCycle) begin
            left_q <= last_group ? all_q : left_q & (left_q - RowGroups'(1));
          end
        end
      end
    end else begin : gen_no_reads
      assign row_group_o   = '1;
      assign r_first_group = 1'b1;
      assign r_last        = 1'b0;
      assign r_read        = 1'b0;
      assign r_firing      = 1'b0;
      assign r_step_end    = 1'b0;
    end
  endgenerate

  logic [PatchW-1:0] next_next;
  assign next_next    = (next_q == cfg_last_patch_i) ? '0 : next_q + PatchW'(1);
  assign ofat_re_o    = (run_i && !fetched_q) || dispatch;
  assign ofat_patch_o = dispatch ? next_next : '0;

  // Columns that are not there are flagged, and column 0 takes their place, so that the run ends; a last column before
  // the first is flagged, and the range then ends in its first column.
  logic               no_columns;
  logic [ColumnW-1:0] first, last;
  assign no_columns = !is_column(ofat_first_i) || !is_column(ofat_last_i);
  assign first      = no_columns ? '0 : ofat_first_i;
  assign last       = no_columns ? '0 : ((ofat_last_i < ofat_first_i) ? ofat_first_i : ofat_last_i);

  logic same_range, new_round;
  assign new_round  = next_q == '0;
  assign same_range = (ofat_start_i == start_q) && (ofat_stop_i == stop_q);
  assign err_ofat_o = dispatch && ((!new_round && !same_range && (ofat_start_i != stop_q))
                                   || (ofat_stop_i <= ofat_start_i) || (ofat_last_i < ofat_first_i) || no_columns);

  // Accumulator banks that no range holds, from its dispatch on.
  generate
    if (HoldFree) begin : gen_credit
      logic [1:0] banks_q;
      logic       next_opens;
      assign next_opens = new_round || !same_range;
      assign credit     = !next_opens || (banks_q != 2'd0);
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) banks_q <= 2'd2;
        else if (clear_i) banks_q <= 2'd2;
        else banks_q <= banks_q + 2'(range_release_i) - 2'(dispatch && next_opens);
      end
    end else begin : gen_no_credit
      assign credit = 1'b1;
    end
  endgenerate

  // While patch_q fires the table holds the entry after it.
  logic end_round, closes;
  assign end_round = patch_q == cfg_last_patch_i;
  assign closes    = end_round || !same_range;

  logic [CStepW-1:0] k_first, k_next;
  assign k_first = (scan_kind(first, last) == 2'd0) ? first[GroupW+LaneW +: CStepW] : '0;
  assign k_next  = (kind == 2'd1 && k_q == kl) ? kf : k_q + CStepW'(1);
  assign scan_o       = dispatch || (run_i && en_i && active_q && cycle_end && !k_last);
  assign scan_patch_o = dispatch ? next_q : patch_q;
  assign scan_cstep_o = dispatch ? k_first : k_next;

  logic fire_bank_q;
  assign fire_o    = firing;
  assign fire_opens_o = opens_q;
  assign read_o    = Reads ? r_read : firing;
  assign load_o    = Reads ? r_read && first_step && r_first_group : firing && (cycle_q == '0);
  assign step_end_o = Reads ? r_step_end : firing;
  assign bank_o    = fire_bank_q;
  assign step_o    = step_q;
  assign sign_o    = ActSigned && cfg_signed_i && first_step;
  assign cstep_o   = k_q;
  // Seen one cycle ahead where the column step has more than one: buffer, tables and address controller wait for it.
  logic release_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) release_q <= 1'b0;
    else if (clear_i) release_q <= 1'b0;
    else if (run_i && en_i) release_q <= active_q && ((cycle_q + PeriodW'(1)) == last_step) && k_last_now;
  end
  assign release_o = en_i && (Reads ? act_end : (last_step == '0) ? (firing && (cycle_q == '0) && k_last) : release_q);

  always_comb begin
    for (int u = 0; u < PeCols; u++) begin
      for (int l = 0; l < Adcs; l++) begin
        sel_o[u*Adcs+l] = ({PeColW'(u), k_q, GroupW'(l / JointLanes), LaneW'(l % JointLanes)} >= first_q)
                       && ({PeColW'(u), k_q, GroupW'(l / JointLanes), LaneW'(l % JointLanes)} <= last_q)
                       && (l < LastLanes || k_q != LastCStep);
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q    <= 1'b0;
      fetched_q   <= 1'b0;
      bank_q      <= 1'b0;
      fire_bank_q <= 1'b0;
      opens_q     <= 1'b0;
      first_k_q   <= 1'b0;
      patch_q     <= '0;
      next_q      <= '0;
      cycle_q     <= '0;
      step_q      <= '0;
      k_q         <= '0;
      start_q     <= '0;
      stop_q      <= '0;
      first_q     <= '0;
      last_q      <= '0;
    end else if (clear_i) begin
      active_q    <= 1'b0;
      fetched_q   <= 1'b0;
      bank_q      <= 1'b0;
      fire_bank_q <= 1'b0;
      patch_q     <= '0;
      next_q      <= '0;
      cycle_q     <= '0;
    end else if (run_i && en_i) begin
      fetched_q <= 1'b1;
      if (dispatch) begin
        active_q    <= 1'b1;
        patch_q     <= next_q;
        next_q      <= next_next;
        fire_bank_q <= bank_q;
        bank_q      <= !bank_q;
        cycle_q     <= '0;
        step_q      <= cfg_last_step_i;
        first_k_q   <= 1'b1;
        opens_q     <= new_round || !same_range;
        start_q     <= ofat_start_i;
        stop_q      <= ofat_stop_i;
        first_q     <= first;
        last_q      <= last;
        k_q         <= k_first;
      end else if (active_q) begin
        cycle_q <= cycle_end ? '0 : cycle_q + PeriodW'(1);
        if (!Reads || r_step_end) step_q <= cycle_end ? cfg_last_step_i : step_q - StepW'(step_q != '0);
        if (cycle_end) begin
          first_k_q <= 1'b0;
          k_q       <= k_next;
          if (k_last) active_q <= 1'b0;
        end
      end
    end
  end

  // One stage more to the ADC codes than a conversion has cycles, another to the serialiser.
  localparam int Last = AdcStages;
  logic [AdcStages:0] valid_q, first_s_q, last_s_q, second_s_q, step_s_q, sign_s_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q    <= '0;
      first_s_q  <= '0;
      second_s_q <= '0;
      last_s_q   <= '0;
      step_s_q   <= '0;
      sign_s_q   <= '0;
    end else if (clear_i) begin
      valid_q    <= '0;
    end else if (en_i) begin
      valid_q    <= {valid_q[Last-1:0], read_o};
      first_s_q  <= {first_s_q[Last-1:0], first_step && r_first_group};
      second_s_q <= {second_s_q[Last-1:0], second_step};
      last_s_q   <= {last_s_q[Last-1:0], Reads ? r_last : cycle_q == last_step};
      step_s_q   <= {step_s_q[Last-1:0], r_first_group};
      sign_s_q   <= {sign_s_q[Last-1:0], first_step};
    end
  end
  assign acc_valid_o      = valid_q[Last];
  assign acc_first_o      = first_s_q[Last];
  assign acc_step_o       = !Reads || step_s_q[Last];
  assign acc_sign_o       = ActSigned && cfg_signed_i && (Reads ? sign_s_q[Last] : first_s_q[Last]);
  assign acc_narrow_o     = ActSigned && cfg_narrow_i && second_s_q[Last];
  assign acc_last_o       = last_s_q[Last];

  localparam int TokenW = CStepW + 4 + 2 * ChannelW + 2 * ColumnW;
  logic [TokenW-1:0] token, token1_q, token2_q, ser_q;
  assign token = {k_q, first_k_q, opens_q, closes && k_last, end_round, start_q, stop_q, first_q, last_q};

  localparam int SubW = epim_pkg::idx_width(GroupCycles);
  localparam logic [SubW-1:0] LastSub  = SubW'(GroupCycles - 1);
  localparam logic [SubW-1:0] ValidSub = SubW'((GroupCycles > 1) ? GroupCycles - 2 : 0);

  logic              ser_valid_q;
  logic [GroupW-1:0] ser_group_q;
  logic [SubW-1:0]   ser_sub_q;   // cycle of the group
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      if (read_o) token1_q <= token;
      if (acc_valid_o && acc_last_o) ser_q <= token2_q;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ser_valid_q <= 1'b0;
      ser_group_q <= '0;
      ser_sub_q   <= '0;
    end else if (clear_i) begin
      ser_valid_q <= 1'b0;
      ser_group_q <= '0;
      ser_sub_q   <= '0;
    end else if (en_i) begin
      ser_sub_q <= '0;
      if (acc_valid_o && acc_last_o) begin
        ser_valid_q <= 1'b1;
        ser_group_q <= '0;
      end else if (ser_sub_q != LastSub) begin
        ser_sub_q <= ser_valid_q ? ser_sub_q + SubW'(1) : '0;
      end else if (ser_group_q == LastGroup) begin
        ser_valid_q <= 1'b0;
      end else begin
        ser_group_q <= ser_group_q + GroupW'(1);
      end
    end
  end

  // The token of a read waits as long as its conversion.
  generate
    if (AdcStages > 1) begin : gen_wait
      logic [AdcStages*TokenW-1:0] tokens_q;
      always_ff @(posedge clk_i) begin
        if (en_i) tokens_q <= {tokens_q[(AdcStages-1)*TokenW-1:0], token1_q};
      end
      assign token2_q = tokens_q[AdcStages*TokenW-1 -: TokenW];
    end else begin : gen_one
      logic [TokenW-1:0] token_q;
      always_ff @(posedge clk_i) begin
        if (en_i) token_q <= token1_q;
      end
      assign token2_q = token_q;
    end
  endgenerate

  logic ser_first_k, ser_closes;
  assign {ser_cstep_o, ser_first_k, ser_opens_o, ser_closes, ser_end_round_o,
          ser_start_o, ser_stop_o, ser_first_o, ser_last_o} = ser_q;
  assign ser_load_o       = ser_valid_q && (ser_sub_q == '0);
  assign ser_valid_o      = ser_valid_q && (ser_sub_q == ValidSub);
  assign ser_group_o      = ser_group_q;
  assign ser_open_first_o = ser_opens_o && ser_first_k && (ser_group_q == '0);
  assign ser_closes_o     = ser_closes && (ser_group_q == LastGroup);

endmodule
