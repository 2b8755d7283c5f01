// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of the output permutation table of a weight pool behind the fire controller that reads it, for one column of the
/// pool, chosen freely.
///
/// The table is written, then two patches fire for ever, with free columns of filters, banks that fill at any time, an array that
/// stops at any time. The entries hold any permutation of the columns of every ADC lane. Reads are in range. In every activation a
/// column of the pool is converted exactly once per input step, first step first, where the filter that reads it is one of the
/// patch, and never else.
module proof #(
  parameter int XbCols = 4,
  parameter int Adcs = 2,
  parameter int Steps = 2,
  parameter int Permuted = 1,
  localparam int Patches = 2,
  localparam int CSteps = XbCols / Adcs,
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  localparam int EntryW = Adcs * CStepW,
  localparam int LaneW = 1,
  localparam int GroupW = epim_pkg::idx_width(Adcs),
  localparam int ColumnW = 1 + CStepW + GroupW + LaneW,
  localparam int StepW = epim_pkg::idx_width(Steps),
  localparam int NumW = epim_pkg::num_width(XbCols)
) (
  input logic       clk_i,
  input logic       en, fill0, fill1
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  function automatic logic [ColumnW-1:0] place(input logic [NumW-1:0] c);
    place = '0;
    for (int i = 0; i < XbCols; i++) begin
      if (c == NumW'(i)) place = {1'b0, CStepW'(i / Adcs), GroupW'(i % Adcs), 1'b0};
    end
  endfunction

  // The permutations, and one range of filters for both patches.
  (* anyconst *) logic [Patches*CSteps*EntryW-1:0] content;
  (* anyconst *) logic [NumW-1:0]                  first, last, watch;
  (* anyconst *) logic                             two;   // patches - 1
  (* anyconst *) logic [StepW-1:0]                 last_step;
  function automatic logic [CStepW-1:0] column_of(input int patch, input int k, input int lane);
    column_of = content[((patch * CSteps + k) * Adcs + lane) * CStepW +: CStepW];
  endfunction

  // The table is written before the run.
  logic [7:0] writes;
  logic       run;
  assign run = writes == 8'(Patches * CSteps);
  always_ff @(posedge clk_i) begin
    if (!rst_n) writes <= 8'd0;
    else if (!run) writes <= writes + 8'd1;
  end

  logic [1:0]        full;
  logic              release_now, bank, fire, load, fire_opens, dispatch, err, sign, re, patch, scan, scan_patch, wrong;
  logic [StepW-1:0]  step;
  logic [CStepW-1:0] k, scan_k;
  logic [Adcs-1:0]   sel;
  logic [EntryW-1:0] lane_k;
  epim_fire_ctrl #(.MaxPatches(Patches), .PeCols(1), .XbCols(XbCols), .Adcs(Adcs), .JointLanes(1), .Steps(Steps), .ChannelW(3)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(1'b0), .run_i(run), .en_i(en), .cfg_last_patch_i(two), .cfg_last_step_i(last_step),
    .cfg_signed_i(1'b0), .cfg_narrow_i(1'b0), .range_release_i(1'b0), .row_groups_i(2'b11), .ofat_re_o(re), .sign_o(sign),
    .ofat_patch_o(patch), .ofat_start_i(3'd0), .ofat_stop_i(3'd1), .ofat_first_i(place(first)), .ofat_last_i(place(last)),
    .bank_full_i(full), .release_o(release_now), .bank_o(bank), .step_o(step), .fire_o(fire), .load_o(load), .cstep_o(k), .sel_o(sel),
    .fire_opens_o(fire_opens), .scan_o(scan), .scan_patch_o(scan_patch), .scan_cstep_o(scan_k), .dispatch_o(dispatch), .err_ofat_o(err)
  );
  epim_opt #(.MaxPatches(Patches), .CSteps(CSteps), .Adcs(Adcs)) u_opt (
    .clk_i, .re_i(scan), .patch_i(scan_patch), .cstep_i(scan_k), .csteps_o(lane_k), .we_i(rst_n && !run), .waddr_i(32'(writes)),
    .wdata_i(64'(content >> (32'(writes) * EntryW))), .flip_i(1'b0), .err_o(wrong)
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

  // The watched column of the pool: its lane, its step there; whether a filter of the range reads it in the patch that fires.
  logic [7:0]        watch_lane;
  logic [CStepW-1:0] watch_k;
  logic              act, next_act, busy, read_now, converts, permuted;
  always_comb begin
    watch_lane = '0;
    watch_k = '0;
    read_now = 1'b0;
    converts = 1'b0;
    permuted = 1'b1;
    for (int i = 0; i < XbCols; i++) begin
      if (watch == NumW'(i)) begin
        watch_lane = 8'(i % Adcs);
        watch_k = CStepW'(i / Adcs);
      end
    end
    for (int l = 0; l < Adcs; l++) begin
      for (int s = 0; s < CSteps; s++) begin
        if (watch_lane == 8'(l) && (act ? column_of(1, s, l) : column_of(0, s, l)) == watch_k && 32'(first) <= s * Adcs + l && s * Adcs + l <= 32'(last))
          read_now = 1'b1;
      end
      if (watch_lane == 8'(l) && fire && sel[l] && lane_k[l*CStepW +: CStepW] == watch_k) converts = 1'b1;
      for (int p = 0; p < Patches; p++) begin
        for (int s = 0; s < CSteps; s++) begin
          if (32'(column_of(p, s, l)) >= CSteps) permuted = 1'b0;
          for (int o = 0; o < s; o++) if (column_of(p, s, l) == column_of(p, o, l)) permuted = 1'b0;
        end
      end
    end
  end
  logic [StepW:0] steps_done;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      busy <= 1'b0; next_act <= 1'b0;
    end else if (en) begin
      if (busy && converts) steps_done <= steps_done + 1'b1;
      if (release_now) busy <= 1'b0;
      if (dispatch) begin
        busy <= 1'b1; act <= next_act; steps_done <= '0;
        next_act <= two ? !next_act : 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    assume (first <= last && 32'(last) < XbCols && 32'(watch) < XbCols && 32'(last_step) < Steps);
    assume (permuted || Permuted == 0);
    if (rst_n) begin
      if (scan) assert (run && 32'(scan_k) < CSteps && (!scan_patch || two));
      if (fire) begin
        assert (busy);
        for (int l = 0; l < Adcs; l++) assert (!sel[l] || 32'(lane_k[l*CStepW +: CStepW]) < CSteps);
      end
      if (converts) assert (read_now && steps_done + (StepW + 1)'(step) == (StepW + 1)'(last_step));
      if (release_now) assert (steps_done + (StepW + 1)'(converts) == (read_now ? (StepW + 1)'(last_step) + (StepW + 1)'(1) : '0));
      cover (release_now && act && read_now && dispatch && last_step != '0);
      cover (converts && k != watch_k && load);
    end
  end
endmodule
