// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Drain: reads the columns of a closed range in output channel order, once per wrapped copy.
///
/// One group of `JointLanes` columns per cycle: from the first column of the range to its last, PE column by PE
/// column; again from the first while channels of the range are left (output channel wrapping: copies). The entry of
/// the channel parameters is a running number within the round, so it needs no address arithmetic.
/// Latency: a range offered in cycle d is read from d+1, one group per `ReadCycles` cycles in which `en_i`; the next
/// range follows without a gap. With `ReadCycles` of 3 or more a range is read from d+3 on.
module epim_drain #(
  /// PE columns.
  parameter int PeCols = 1,
  /// Bit lines of a crossbar.
  parameter int XbCols = 64,
  /// ADC lanes per PE.
  parameter int Adcs = 8,
  /// Columns per group.
  parameter int JointLanes = 2,
  /// Bits of an output channel number.
  parameter int ChannelW = 8,
  /// Entries of the channel parameters.
  parameter int ParamDepth = 16,
  /// Bits of a row, column or frame count.
  parameter int DimW = 16,
  /// Frames follow each other for ever: there is no last one.
  parameter bit Endless = 1'b0,
  /// Cycles from one read to the next, >= 1: what the requantiser needs.
  parameter int ReadCycles = 1,
  /// Derived parameters, do not overwrite.
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs),
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  localparam int Groups = epim_pkg::ceil_div(Adcs, JointLanes),
  localparam int GroupW = epim_pkg::idx_width(Groups),
  localparam int LaneW = epim_pkg::idx_width(JointLanes),
  localparam int PeColW = epim_pkg::idx_width(PeCols),
  localparam int ColumnW = PeColW + CStepW + GroupW + LaneW,
  localparam int ParamW = epim_pkg::idx_width(ParamDepth),
  localparam int CountW = epim_pkg::num_width(JointLanes),
  localparam int RangeW = 1 + 2 * ChannelW + 2 * ColumnW
) (
  /// Clock.
  input  logic                  clk_i,
  /// Reset, active low.
  input  logic                  rst_ni,
  /// Start over.
  input  logic                  clear_i,
  /// The output pipeline advances.
  input  logic                  en_i,
  /// Output map and frames.
  input  logic [DimW-1:0]       cfg_out_w_i,
  input  logic [DimW-1:0]       cfg_out_h_i,
  input  logic [DimW-1:0]       cfg_frames_i,
  /// The oldest closed range: {end of round, start, stop, first column, last column}.
  input  logic                  range_valid_i,
  input  logic                  range_bank_i,
  input  logic [RangeW-1:0]     range_i,
  output logic                  range_take_o,
  /// A group is read in this cycle.
  output logic                  rd_o,
  output logic                  rd_bank_o,
  output logic [PeColW-1:0]     rd_pe_col_o,
  output logic [CStepW-1:0]     rd_cstep_o,
  output logic [GroupW-1:0]     rd_group_o,
  /// Entry of the channel parameters.
  output logic [ParamW-1:0]     rd_param_o,
  /// First valid column of the group, number of valid columns.
  output logic [LaneW-1:0]      rd_offset_o,
  output logic [CountW-1:0]     rd_count_o,
  /// Last group of the range, of the round, of the frame, of all frames.
  output logic                  rd_end_range_o,
  output logic                  rd_end_round_o,
  output logic                  rd_end_frame_o,
  output logic                  rd_end_all_o
);

  generate
    if (ReadCycles < 1) begin : gen_rule1 epim_rule_read_cycles_at_least_1 u_rule (); end
  endgenerate

  localparam int LastLanes  = XbCols - (CSteps - 1) * Adcs;
  localparam int LastGroups = epim_pkg::ceil_div(LastLanes, JointLanes);
  localparam logic [CStepW-1:0] LastCStep = CStepW'(CSteps - 1);

  logic                active_q, bank_q, end_round_q;
  logic [ChannelW-1:0] stop_q, channel_q;
  logic [ColumnW-1:0]  first_q, last_q;
  logic [PeColW-1:0]   u_q;
  logic [CStepW-1:0]   k_q;
  logic [GroupW-1:0]   g_q;
  logic [ParamW-1:0]   param_q;
  logic [DimW-1:0]     x_q, y_q, frame_q;

  logic                in_end_round;
  logic [ChannelW-1:0] in_start, in_stop;
  logic [ColumnW-1:0]  in_first, in_last;
  assign {in_end_round, in_start, in_stop, in_first, in_last} = range_i;

  // Columns of the group that belong to the range: a run of lanes.
  logic [JointLanes-1:0] member;
  logic [CountW-1:0]     count_now;
  logic [LaneW-1:0]      offset_now;
  always_comb begin
    for (int i = 0; i < JointLanes; i++) begin
      member[i] = ({u_q, k_q, g_q, LaneW'(i)} >= first_q) && ({u_q, k_q, g_q, LaneW'(i)} <= last_q)
               && ((32'(g_q) * JointLanes + i) < ((k_q == LastCStep) ? LastLanes : Adcs));
    end
  end
  always_comb begin
    count_now  = '0;
    offset_now = '0;
    for (int i = JointLanes - 1; i >= 0; i--) begin
      if (member[i]) begin
        count_now  = count_now + CountW'(1);
        offset_now = LaneW'(i);
      end
    end
  end

  // Of the group that is read. With multipliers they follow in the cycle; a serial requantiser leaves the time to compare
  // in two steps: the reads' rest, and two more cycles after a range is taken.
  logic                last_group, pass_end, range_end, x_last, y_last, frame_last;
  logic                pass_end_now, x_last_now, y_last_now, frame_last_now;
  logic [CountW-1:0]   count;
  logic [LaneW-1:0]    offset;
  logic [ChannelW-1:0] channel_next;
  assign last_group   = (k_q == LastCStep) ? (g_q == GroupW'(LastGroups - 1)) : (g_q == GroupW'(Groups - 1));
  assign pass_end_now   = {u_q, k_q, g_q} == last_q[ColumnW-1:LaneW];
  assign x_last_now     = (x_q + DimW'(1)) == cfg_out_w_i;
  assign y_last_now     = (y_q + DimW'(1)) == cfg_out_h_i;
  assign frame_last_now = (frame_q + DimW'(1)) == cfg_frames_i;
  assign rd_count_o     = count;
  assign rd_offset_o    = offset;
  generate
    if (ReadCycles > 2) begin : gen_ahead
      logic                pass_end_q, range_end_q, x_last_q, y_last_q, frame_last_q;
      logic [CountW-1:0]   count_q;
      logic [LaneW-1:0]    offset_q;
      logic [ChannelW-1:0] channel_next_q;
      // A range whose columns do not divide its channels must end all the same: the count stays at its end.
      logic [ChannelW:0]   channel_sum;
      logic                reached;
      assign channel_sum = {1'b0, channel_q} + (ChannelW + 1)'(count_q);
      assign reached     = channel_sum >= {1'b0, stop_q};
      always_ff @(posedge clk_i) begin
        count_q        <= count_now;
        offset_q       <= offset_now;
        pass_end_q     <= pass_end_now;
        x_last_q       <= x_last_now;
        y_last_q       <= y_last_now;
        frame_last_q   <= frame_last_now;
        channel_next_q <= reached ? stop_q : channel_sum[ChannelW-1:0];
        range_end_q    <= pass_end_q && reached;
      end
      assign count        = count_q;
      assign offset       = offset_q;
      assign pass_end     = pass_end_q;
      assign channel_next = channel_next_q;
      assign range_end    = range_end_q;
      assign x_last       = x_last_q;
      assign y_last       = y_last_q;
      assign frame_last   = frame_last_q;
    end else begin : gen_at_once
      assign count        = count_now;
      assign offset       = offset_now;
      assign pass_end     = pass_end_now;
      logic [ChannelW:0] channel_sum;  // as above
      logic              reached;
      assign channel_sum  = {1'b0, channel_q} + (ChannelW + 1)'(rd_count_o);
      assign reached      = channel_sum >= {1'b0, stop_q};
      assign channel_next = reached ? stop_q : channel_sum[ChannelW-1:0];
      assign range_end    = pass_end && reached;
      assign x_last       = x_last_now;
      assign y_last       = y_last_now;
      assign frame_last   = frame_last_now;
    end
  endgenerate

  logic step, take, rested;
  assign step = active_q && rested && en_i;
  assign take = en_i && range_valid_i && (!active_q || (rested && range_end));

  generate
    if (ReadCycles > 1) begin : gen_rest
      localparam int RestW = epim_pkg::num_width(ReadCycles);
      localparam int SetUp = (ReadCycles > 2) ? 2 : 0;  // ReadCycles = 3 makes the comparison with it constant
      logic [RestW-1:0] rest_q;  // cycles until the next read
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) rest_q <= '0;
        else if (clear_i) rest_q <= '0;
        else if (en_i) begin
          if (step)         rest_q <= RestW'(ReadCycles - 1);
          else if (take)    rest_q <= (/* verilator lint_off CMPCONST */ rest_q > RestW'(SetUp + 1) /* verilator lint_on CMPCONST */) ? rest_q - RestW'(1) : RestW'(SetUp);
          else if (!rested) rest_q <= rest_q - RestW'(1);
        end
      end
      assign rested = rest_q == '0;
    end else begin : gen_no_rest
      assign rested = 1'b1;
    end
  endgenerate

  assign range_take_o   = take;
  assign rd_o           = step;
  assign rd_bank_o      = bank_q;
  assign rd_pe_col_o    = u_q;
  assign rd_cstep_o     = k_q;
  assign rd_group_o     = g_q;
  assign rd_param_o     = param_q;
  assign rd_end_range_o = range_end;
  assign rd_end_round_o = range_end && end_round_q;
  assign rd_end_frame_o = rd_end_round_o && x_last && y_last;
  assign rd_end_all_o   = !Endless && rd_end_frame_o && frame_last;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q    <= 1'b0;
      bank_q      <= 1'b0;
      end_round_q <= 1'b0;
      stop_q      <= '0;
      channel_q   <= '0;
      first_q     <= '0;
      last_q      <= '0;
      u_q         <= '0;
      k_q         <= '0;
      g_q         <= '0;
      param_q     <= '0;
      x_q         <= '0;
      y_q         <= '0;
      frame_q     <= '0;
    end else if (clear_i) begin
      active_q <= 1'b0;
      param_q  <= '0;
      x_q      <= '0;
      y_q      <= '0;
      frame_q  <= '0;
    end else if (en_i) begin
      if (step) begin
        param_q   <= rd_end_round_o ? '0 : param_q + ParamW'(1);
        channel_q <= channel_next;
        if (range_end) begin
          active_q <= 1'b0;
        end else if (pass_end) begin
          {u_q, k_q, g_q} <= first_q[ColumnW-1:LaneW];
        end else begin
          g_q <= last_group ? '0 : g_q + GroupW'(1);
          if (last_group) begin
            k_q <= (k_q == LastCStep) ? '0 : k_q + CStepW'(1);
            if (k_q == LastCStep) u_q <= u_q + PeColW'(1);
          end
        end
        if (rd_end_round_o) begin
          x_q <= x_last ? '0 : x_q + DimW'(1);
          if (x_last) y_q <= y_last ? '0 : y_q + DimW'(1);
          if (x_last && y_last) frame_q <= frame_q + DimW'(1);
        end
      end
      if (take) begin
        active_q        <= 1'b1;
        bank_q          <= range_bank_i;
        end_round_q     <= in_end_round;
        stop_q          <= in_stop;
        channel_q       <= in_start;
        first_q         <= in_first;
        last_q          <= in_last;
        {u_q, k_q, g_q} <= in_first[ColumnW-1:LaneW];
      end
    end
  end

endmodule
