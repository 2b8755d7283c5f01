// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_drain: the columns of every range in channel order, each once per copy.
///
/// Ranges are free: any first and last column, any start, one or two copies. A range that is offered waits until it is
/// taken; the pace of both sides is free.
module proof #(
  parameter int PeCols = 2,
  parameter int XbCols = 3,
  parameter int Adcs = 2,
  parameter int JointLanes = 2,
  parameter int ChannelW = 4,
  parameter int ParamDepth = 4,
  parameter int OutW = 2,
  parameter int OutH = 2,
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs),
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  localparam int Groups = epim_pkg::ceil_div(Adcs, JointLanes),
  localparam int GroupW = epim_pkg::idx_width(Groups),
  localparam int LaneW = epim_pkg::idx_width(JointLanes),
  localparam int PeColW = epim_pkg::idx_width(PeCols),
  localparam int ColumnW = PeColW + CStepW + GroupW + LaneW,
  localparam int ParamW = epim_pkg::idx_width(ParamDepth),
  localparam int CountW = epim_pkg::num_width(JointLanes),
  localparam int RangeW = 1 + 2 * ChannelW + 2 * ColumnW,
  localparam int NumW = epim_pkg::num_width(PeCols * XbCols) + 1
) (
  input logic                clk_i,
  input logic                en, offer, bank, end_round, copies,
  input logic [NumW-1:0]     first_num, last_num,
  input logic [ChannelW-1:0] start
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  // Column number to {PE column, step, group, lane}: counted, since a division is a large circuit.
  function automatic logic [ColumnW-1:0] place(input logic [NumW-1:0] c);
    place = '0;
    for (int i = 0; i < PeCols * XbCols; i++) begin
      if (c == NumW'(i)) place = {PeColW'(i / XbCols), CStepW'((i % XbCols) / Adcs),
                                  GroupW'(((i % XbCols) % Adcs) / JointLanes),
                                  LaneW'(((i % XbCols) % Adcs) % JointLanes)};
    end
  endfunction
  logic [NumW-1:0]     width;
  logic [ChannelW-1:0] stop;
  assign width = last_num - first_num + NumW'(1);
  assign stop  = start + (copies ? ChannelW'(width) + ChannelW'(width) : ChannelW'(width));

  logic              take, rd, rd_bank, end_range, rd_end_round, end_frame, end_all;
  logic [PeColW-1:0] u;
  logic [CStepW-1:0] k;
  logic [GroupW-1:0] g;
  logic [ParamW-1:0] param;
  logic [LaneW-1:0]  offset;
  logic [CountW-1:0] count;
  epim_drain #(.PeCols(PeCols), .XbCols(XbCols), .Adcs(Adcs), .JointLanes(JointLanes), .ChannelW(ChannelW),
               .ParamDepth(ParamDepth), .DimW(3)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(1'b0), .en_i(en), .cfg_out_w_i(3'(OutW)), .cfg_out_h_i(3'(OutH)),
    .cfg_frames_i(3'd7), .range_valid_i(offer), .range_bank_i(bank),
    .range_i({end_round, start, stop, place(first_num), place(last_num)}), .range_take_o(take), .rd_o(rd),
    .rd_bank_o(rd_bank), .rd_pe_col_o(u), .rd_cstep_o(k), .rd_group_o(g), .rd_param_o(param), .rd_offset_o(offset),
    .rd_count_o(count), .rd_end_range_o(end_range), .rd_end_round_o(rd_end_round), .rd_end_frame_o(end_frame),
    .rd_end_all_o(end_all)
  );

  // The range being read: next column and channel.
  logic                busy, want_bank, want_end;
  logic [NumW-1:0]     column, want_first, want_last, got;
  logic [ChannelW-1:0] channel, want_stop;
  logic [ParamW-1:0]   want_param;
  logic [1:0]          x, y;
  logic                x_last, y_last, ends;
  assign got    = NumW'(32'(u) * XbCols + 32'(k) * Adcs + 32'(g) * JointLanes + 32'(offset));
  assign ends   = channel + ChannelW'(count) == want_stop;
  assign x_last = x == 2'(OutW - 1);
  assign y_last = y == 2'(OutH - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      busy <= 1'b0; want_param <= '0; x <= '0; y <= '0;
    end else begin
      if (rd) begin
        channel    <= channel + ChannelW'(count);
        column     <= (column + NumW'(count) > want_last) ? want_first : column + NumW'(count);
        want_param <= (ends && want_end) ? '0 : want_param + ParamW'(1);
        if (ends) busy <= 1'b0;
        if (ends && want_end) begin
          x <= x_last ? '0 : x + 2'd1;
          if (x_last) y <= y_last ? '0 : y + 2'd1;
        end
      end
      if (take) begin
        busy <= 1'b1; want_bank <= bank; want_end <= end_round; want_stop <= stop; channel <= start;
        want_first <= first_num; want_last <= last_num; column <= first_num;
      end
    end
  end

  logic                waits, copied;
  logic                old_bank, old_end, old_copies;
  logic [NumW-1:0]     old_first, old_last;
  logic [ChannelW-1:0] old_start;
  always_ff @(posedge clk_i) begin
    waits <= rst_n && offer && !take;
    old_bank <= bank; old_end <= end_round; old_copies <= copies; old_first <= first_num; old_last <= last_num;
    old_start <= start;
    if (take) copied <= copies;
  end
  always_ff @(posedge clk_i) begin
    assume (first_num <= last_num && 32'(last_num) < PeCols * XbCols);
    assume (start <= ChannelW'(3));
    if (waits) assume (offer && bank == old_bank && end_round == old_end && copies == old_copies
                       && first_num == old_first && last_num == old_last && start == old_start);
    if (rst_n) begin
      // One read per cycle from the cycle after the range was taken; the next range follows without a gap.
      assert (rd == (busy && en));
      assert (take == (en && offer && (!busy || (rd && ends))));
      if (rd) begin
        // The next column that is due, then its neighbours; no other column, none twice, none left out.
        assert (got == column);
        assert (count != '0 && column + NumW'(count) - NumW'(1) <= want_last);
        assert (32'(offset) + 32'(count) <= JointLanes);
        assert (32'(k) * Adcs + 32'(g) * JointLanes + 32'(offset) + 32'(count) <= XbCols);
        assert (channel + ChannelW'(count) <= want_stop);
        // A read stops early only where the range, the column step or the group ends.
        assert (column + NumW'(count) > want_last || 32'(offset) + 32'(count) == JointLanes
                || 32'(g) * JointLanes + 32'(offset) + 32'(count) == Adcs
                || 32'(k) * Adcs + 32'(g) * JointLanes + 32'(offset) + 32'(count) == XbCols);
        assert (rd_bank == want_bank);
        assert (param == want_param);
        assert (end_range == ends);
        assert (rd_end_round == (ends && want_end));
        assert (end_frame == (ends && want_end && x_last && y_last));
      end
      cover (rd && ends && copied && u == PeColW'(PeCols - 1));
      cover (end_frame && rd && take);
    end
  end
endmodule
