// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_fire_ctrl for one column, chosen freely.
///
/// Two patches with free OFAT entries (legal ones: the second equal to the first, or its continuation), banks that
/// fill at any time, an array that stops at any time. In every activation a column of its range is converted exactly
/// once per input step, first step first, and no other column is; no cycle fires without a column; an activation ends
/// within CSteps*Period advancing cycles.
module proof #(
  parameter int PeCols = 2,
  parameter int XbCols = 3,
  parameter int Adcs = 2,
  parameter int JointLanes = 1,
  parameter int Steps = 2,
  parameter int ChannelW = 3,
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs),
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  localparam int Groups = epim_pkg::ceil_div(Adcs, JointLanes),
  localparam int GroupW = epim_pkg::idx_width(Groups),
  localparam int LaneW = epim_pkg::idx_width(JointLanes),
  localparam int PeColW = epim_pkg::idx_width(PeCols),
  localparam int ColumnW = PeColW + CStepW + GroupW + LaneW,
  localparam int StepW = epim_pkg::idx_width(Steps),
  localparam int Period = epim_pkg::max2(Steps, Groups),
  localparam int NumW = epim_pkg::num_width(PeCols * XbCols)
) (
  input logic       clk_i,
  input logic       en, fill0, fill1
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  function automatic logic [ColumnW-1:0] place(input logic [NumW-1:0] c);
    place = '0;
    for (int i = 0; i < PeCols * XbCols; i++) begin
      if (c == NumW'(i)) place = {PeColW'(i / XbCols), CStepW'((i % XbCols) / Adcs),
                                  GroupW'(((i % XbCols) % Adcs) / JointLanes),
                                  LaneW'(((i % XbCols) % Adcs) % JointLanes)};
    end
  endfunction

  // Two OFAT entries, read one cycle after the request.
  (* anyconst *) logic [ChannelW-1:0] start0, stop0, start1, stop1;
  (* anyconst *) logic [NumW-1:0]     first0, last0, first1, last1, watch;
  (* anyconst *) logic                two;   // patches - 1
  (* anyconst *) logic [StepW-1:0]    last_step;
  logic                re, patch, entry;
  always_ff @(posedge clk_i) if (re) entry <= patch;
  logic same01;
  assign same01 = start0 == start1 && stop0 == stop1;

  logic [1:0]              full;
  logic                    release_now, bank, fire, load, fire_opens, dispatch, err;
  logic [StepW-1:0]        step;
  logic                    sign;
  logic [CStepW-1:0]       k;
  logic [PeCols*Adcs-1:0]  sel;
  logic acc_valid, acc_first, acc_sign, acc_after, acc_last, ser_valid, ser_open_first, ser_opens, ser_closes, ser_end;
  logic [GroupW-1:0]   ser_group;
  logic [CStepW-1:0]   ser_k;
  logic [ChannelW-1:0] ser_start, ser_stop;
  logic [ColumnW-1:0]  ser_first, ser_last;
  epim_fire_ctrl #(.MaxPatches(2), .PeCols(PeCols), .XbCols(XbCols), .Adcs(Adcs), .JointLanes(JointLanes),
                   .Steps(Steps), .ChannelW(ChannelW)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(1'b0), .run_i(rst_n), .en_i(en), .cfg_last_patch_i(two), .cfg_last_step_i(last_step),
    .cfg_signed_i(1'b0), .cfg_narrow_i(1'b0), .range_release_i(1'b0), .row_groups_i(2'b11), .ofat_re_o(re), .sign_o(sign),
    .ofat_patch_o(patch), .ofat_start_i(entry ? start1 : start0), .ofat_stop_i(entry ? stop1 : stop0),
    .ofat_first_i(entry ? place(first1) : place(first0)), .ofat_last_i(entry ? place(last1) : place(last0)),
    .bank_full_i(full), .release_o(release_now), .bank_o(bank), .step_o(step), .fire_o(fire), .load_o(load),
    .cstep_o(k), .sel_o(sel), .fire_opens_o(fire_opens), .acc_valid_o(acc_valid), .acc_first_o(acc_first),
    .acc_sign_o(acc_sign), .acc_narrow_o(acc_after), .acc_last_o(acc_last), .ser_valid_o(ser_valid),
    .ser_group_o(ser_group), .ser_cstep_o(ser_k), .ser_open_first_o(ser_open_first), .ser_opens_o(ser_opens),
    .ser_closes_o(ser_closes), .ser_end_round_o(ser_end), .ser_start_o(ser_start), .ser_stop_o(ser_stop),
    .ser_first_o(ser_first), .ser_last_o(ser_last), .dispatch_o(dispatch), .err_ofat_o(err)
  );

  // Banks are filled alternately, as the address controller does, and emptied by release.
  logic fill_bank;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      full <= 2'b00; fill_bank <= 1'b0;
    end else begin
      if (release_now) full[bank] <= 1'b0;
      if (!fill_bank && fill0 && !full[0]) begin full[0] <= 1'b1; fill_bank <= 1'b1; end
      if (fill_bank && fill1 && !full[1]) begin full[1] <= 1'b1; fill_bank <= 1'b0; end
    end
  end

  // The activation that fires: its patch, bank, next input step of the column, cycles so far.
  logic             busy, act, next_act, act_bank, next_bank;
  logic [StepW:0]   steps_done;
  logic [7:0]       cycles;
  logic             in_range, converts;
  logic [7:0]       watch_lane;
  logic [CStepW-1:0] watch_k;
  always_comb begin
    watch_lane = '0;
    watch_k = '0;
    for (int i = 0; i < PeCols * XbCols; i++) begin
      if (watch == NumW'(i)) begin
        watch_lane = 8'((i / XbCols) * Adcs + (i % XbCols) % Adcs);
        watch_k = CStepW'((i % XbCols) / Adcs);
      end
    end
  end
  assign in_range = (act ? first1 : first0) <= watch && watch <= (act ? last1 : last0);
  assign converts = fire && k == watch_k && |(sel & ((PeCols*Adcs)'(1) << watch_lane));
  logic dispatched;   // in the last advancing cycle
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      busy <= 1'b0; next_act <= 1'b0; next_bank <= 1'b0;
    end else if (en) begin
      if (busy && converts) steps_done <= steps_done + 1'b1;
      cycles <= cycles + 8'd1;
      if (release_now) busy <= 1'b0;
      if (dispatch) begin
        busy <= 1'b1; act <= next_act; act_bank <= next_bank; steps_done <= '0; cycles <= 8'd0;
        next_act <= two ? !next_act : 1'b0;
        next_bank <= !next_bank;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    assume (start0 < stop0 && start1 < stop1 && (same01 || start1 == stop0));
    assume (first0 <= last0 && 32'(last0) < PeCols * XbCols);
    assume (first1 <= last1 && 32'(last1) < PeCols * XbCols);
    assume (32'(watch) < PeCols * XbCols);
    assume (32'(last_step) < Steps);
    if (rst_n) begin
      assert (!err);
      assert (!dispatch || full[next_bank]);
      if (fire) begin
        assert (busy && bank == act_bank && full[bank]);
        assert (sel != '0);
        assert (load == (step == last_step) && !sign);
        assert (step <= last_step);
        assert (fire_opens == (!act || !same01));
      end
      if (converts) assert (in_range && steps_done + (StepW + 1)'(step) == (StepW + 1)'(last_step));
      if (release_now) assert (fire && steps_done + (StepW + 1)'(converts) == (in_range ? (StepW + 1)'(last_step) + (StepW + 1)'(1) : '0));
      if (busy) assert (cycles < 8'(CSteps * Period));
      cover (release_now && in_range && act && first1 > first0 && dispatch);
      cover (release_now && first0 != last0 && k == '0);
    end
  end
endmodule
