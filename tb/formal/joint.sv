// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_joint for one accumulator word, chosen freely, against exact integers in wide registers.
///
/// Activations of a range fire the column steps of that range, step by step and group by group; the first opens it,
/// the last, at most the `Adds`-th, closes it; products are free. Bubbles, the number of activations, the reader's
/// pace and its reads are free too. With |products| as wide as `ProdW` and `Adds` activations of `PeRows` PE rows the
/// sums need 1 bit more than the products for each doubling: `AccBits` is the smallest width that holds them, so that
/// equality with wider numbers (`Extra` > 0) means that no accumulator overflows.
module proof #(
  parameter int PeRows = 2,
  parameter int CSteps = 2,
  parameter int Groups = 2,
  parameter int ProdW = 2,
  parameter int Adds = 2,
  parameter int AccBits = 4,
  /// Further bits of the wide numbers; 0: sums modulo 2^AccBits.
  parameter int Extra = 2,
  localparam int RangeW = 3,
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  localparam int GroupW = epim_pkg::idx_width(Groups),
  localparam int WideW = AccBits + Extra
) (
  input logic                    clk_i,
  input logic                    go, want_last,
  input logic [CStepW-1:0]       pick_first, pick_last,
  input logic [RangeW-1:0]       pick_tag,
  input logic [PeRows*ProdW-1:0] prod,
  input logic                    want_take, want_release, want_read,
  input logic                    read_bank,
  input logic [CStepW-1:0]       read_cstep,
  input logic [GroupW-1:0]       read_group
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic                    en, valid, open_first, opens, closes, range_valid, range_bank, take, free, rd;
  logic [CStepW-1:0]       cstep;
  logic [GroupW-1:0]       group;
  logic [RangeW-1:0]       tag, range_out;
  logic [AccBits-1:0]      rd_data, mon_data;
  logic                    mon_we, mon_closes;
  logic [CStepW-1:0]       mon_cstep;
  logic [GroupW-1:0]       mon_group;
  epim_joint #(.PeRows(PeRows), .PeCols(1), .CSteps(CSteps), .Groups(Groups), .JointLanes(1), .ProdW(ProdW),
               .AccBits(AccBits), .RangeW(RangeW)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(1'b0), .en_o(en), .valid_i(valid), .cstep_i(cstep), .group_i(group),
    .open_first_i(open_first), .opens_i(opens), .closes_i(closes), .range_i(tag), .prod_i(prod),
    .range_valid_o(range_valid), .range_o(range_out), .range_bank_o(range_bank), .range_take_i(take),
    .range_release_i(free), .rd_en_i(rd), .rd_bank_i(read_bank), .rd_pe_col_i(1'b0), .rd_cstep_i(read_cstep),
    .rd_group_i(read_group), .rd_data_o(rd_data), .acc_we_o(mon_we), .acc_closes_o(mon_closes),
    .acc_cstep_o(mon_cstep), .acc_group_o(mon_group), .acc_data_o(mon_data)
  );

  // ---- the array: activations of ranges
  logic              active, first_act, last_act, first_group;
  logic [2:0]        acts;                 // activations of the range before this one
  logic [CStepW-1:0] k_first, k_last, k;
  logic [GroupW-1:0] g;
  logic [RangeW-1:0] tag_q;
  logic              group_end, act_end;
  assign valid       = active && go;
  assign cstep       = k;
  assign group       = g;
  assign opens       = first_act;
  assign open_first  = first_act && first_group;
  assign group_end   = g == GroupW'(Groups - 1);
  assign act_end     = group_end && k == k_last;
  assign closes      = last_act && act_end;
  assign tag         = tag_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      active <= 1'b0; first_act <= 1'b1; acts <= '0;
    end else if (en) begin
      if (!active) begin
        active      <= 1'b1;
        first_group <= 1'b1;
        g           <= '0;
        last_act    <= want_last || acts == 3'(Adds - 1);
        if (first_act) begin
          k <= pick_first; k_first <= pick_first; k_last <= pick_last; tag_q <= pick_tag;
        end else begin
          k <= k_first;
        end
      end else if (valid) begin
        first_group <= 1'b0;
        g <= group_end ? '0 : g + GroupW'(1);
        if (group_end) k <= k + CStepW'(1);
        if (act_end) begin
          active    <= 1'b0;
          first_act <= last_act;
          acts      <= last_act ? '0 : acts + 3'd1;
        end
      end
    end
  end

  // ---- what the chosen word holds: the products meet the group two cycles later
  (* anyconst *) logic [CStepW-1:0] watch_k;
  (* anyconst *) logic [GroupW-1:0] watch_g;
  logic                     v1, v2, o1, o2, c1, c2, h1, h2;
  logic [RangeW-1:0]        t1, t2;
  logic signed [WideW-1:0]  sum, acc, acc_next;
  logic                     in_range, in_range_next;
  always_comb begin
    sum = '0;
    for (int t = 0; t < PeRows; t++) begin
      sum = sum + $signed({{(WideW-ProdW){prod[t*ProdW+ProdW-1]}}, prod[t*ProdW +: ProdW]});
    end
  end
  assign acc_next      = (v2 && h2) ? (o2 ? sum : acc + sum) : acc;
  assign in_range_next = (v2 && h2) ? 1'b1 : in_range;
  // Closed ranges, oldest first: not taken, then taken and not freed. The last stage is the accumulator write.
  logic                     v3, c3;
  logic [RangeW-1:0]        t3;
  logic signed [WideW-1:0]  acc3, closed0, closed1;
  logic                     in3, in0, in1, bank0, bank1, bank_w;
  logic [RangeW-1:0]        tag0, tag1;
  logic [1:0]               closed, taken; // closed: not freed; taken of them
  logic                     close;
  assign close = en && v3 && c3;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      v1 <= 1'b0; v2 <= 1'b0; v3 <= 1'b0; in_range <= 1'b0;
      closed <= 2'd0; taken <= 2'd0; bank_w <= 1'b0;
    end else begin
      if (en) begin
        v1 <= valid; o1 <= opens; c1 <= closes; t1 <= tag; h1 <= cstep == watch_k && group == watch_g;
        v2 <= v1; o2 <= o1; c2 <= c1; t2 <= t1; h2 <= h1;
        v3 <= v2; c3 <= c2; t3 <= t2; acc3 <= acc_next; in3 <= in_range_next;
        acc <= acc_next;
        in_range <= in_range_next && !(v2 && c2);
      end
      if (free) begin
        closed0 <= closed1; in0 <= in1; tag0 <= tag1; bank0 <= bank1;
      end
      if (close) begin
        if (closed - 2'(free) == 2'd0) begin
          closed0 <= acc3; in0 <= in3; tag0 <= t3; bank0 <= bank_w;
        end else begin
          closed1 <= acc3; in1 <= in3; tag1 <= t3; bank1 <= bank_w;
        end
        bank_w <= !bank_w;
      end
      closed <= closed + 2'(close) - 2'(free);
      taken  <= taken + 2'(take) - 2'(free);
    end
  end

  // ---- the reader: takes what is offered, reads taken banks, frees the oldest when its last read is through
  logic                    rd_ok, rd_watched;
  logic signed [WideW-1:0] rd_want;
  assign take  = range_valid && want_take;
  assign rd_ok = (taken >= 2'd1 && read_bank == bank0) || (taken == 2'd2 && read_bank == bank1);
  assign rd    = want_read && rd_ok;
  assign free  = want_release && taken != 2'd0 && !(rd && read_bank == bank0);
  always_ff @(posedge clk_i) begin
    rd_watched <= rst_n && rd && read_cstep == watch_k && read_group == watch_g
                  && ((read_bank == bank0) ? in0 : in1);
    rd_want    <= (read_bank == bank0) ? closed0 : closed1;
  end

  logic stalled;
  always_ff @(posedge clk_i) stalled <= rst_n && !en;
  always_ff @(posedge clk_i) begin
    assume (pick_first <= pick_last && 32'(pick_last) < CSteps);
    assume (32'(read_cstep) < CSteps && 32'(read_group) < Groups);
    if (rst_n) begin
      // Every closed range is offered once, in order, from the cycle after its last write.
      assert (range_valid == (closed != taken));
      if (range_valid) assert (range_out == ((taken == 2'd0) ? tag0 : tag1));
      if (range_valid) assert (range_bank == ((taken == 2'd0) ? bank0 : bank1));
      // Sum of all products of the range, nothing of another range, no overflow.
      if (rd_watched) assert (WideW'($signed(rd_data)) == rd_want);
      if (v3 && in3 && mon_we && mon_cstep == watch_k && mon_group == watch_g)
        assert (WideW'($signed(mon_data)) == acc3);
      // The array stops only while both banks are taken by older ranges.
      if (!en) assert (closed == 2'd2);
      cover (rd_watched && rd_want == WideW'(-(PeRows * Adds * (1 << (ProdW - 1)))));
      cover (stalled && en && closed == 2'd1);
      cover (taken == 2'd2 && rd_watched);
    end
  end
endmodule
