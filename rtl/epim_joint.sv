// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Joint module: adds patches of one output range, and hands finished ranges to the requantiser.
///
///   acc[c] = (range opens ? 0 : acc[c]) + sum over PE rows t of prod[t][c]
/// Two banks of one PE array's columns: one range is open, one is being drained. A range that opens while both are
/// taken stops the array (`en_o` low) until the older one is drained; nothing else ever stops it.
/// Latency: a group with `valid_i` in cycle h has its products at `prod_i` in h+2 and is in the accumulators after
/// h+3. A closed range is offered (`range_valid_o`) from h+4 of its last group; `range_take_i` hands it to the reader,
/// `range_release_i` frees its bank when the reader has used the last word.
/// Read port: `rd_*` in cycle r gives the group of one PE column at r+1, kept until the next read.
/// Paper section 4.3 (equal ranges are added, consecutive ranges are concatenated: the next range opens the next bank).
module epim_joint #(
  /// PE rows and columns.
  parameter int PeRows = 1,
  parameter int PeCols = 1,
  /// Column steps and groups per column step.
  parameter int CSteps = 8,
  parameter int Groups = 4,
  /// Columns per cycle.
  parameter int JointLanes = 2,
  /// Bits of a product and of an accumulator, signed.
  parameter int ProdW = 32,
  parameter int AccBits = 32,
  /// Ranges are dispatched only when a bank will be free: the array is never stopped.
  parameter bit HoldFree = 1'b0,
  /// Bits of the range record that travels with a closed range.
  parameter int RangeW = 32,
  /// Derived parameter, do not overwrite.
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  /// Derived parameter, do not overwrite.
  localparam int GroupW = epim_pkg::idx_width(Groups),
  /// Derived parameter, do not overwrite.
  localparam int PeColW = epim_pkg::idx_width(PeCols)
) (
  /// Clock.
  input  logic                               clk_i,
  /// Reset, active low.
  input  logic                               rst_ni,
  /// Forget all ranges.
  input  logic                               clear_i,
  /// The array pipeline advances.
  output logic                               en_o,
  /// A group enters the scale stage (cycle h), its place and range.
  input  logic                               valid_i,
  input  logic [CStepW-1:0]                  cstep_i,
  input  logic [GroupW-1:0]                  group_i,
  input  logic                               open_first_i,
  input  logic                               opens_i,
  input  logic                               closes_i,
  input  logic [RangeW-1:0]                  range_i,
  /// Products of the group in cycle h+2: PE row t, PE column u, lane i at [((t*PeCols+u)*JointLanes+i)*ProdW +: ProdW].
  input  logic [PeRows*PeCols*JointLanes*ProdW-1:0] prod_i,
  /// The oldest closed range.
  output logic                               range_valid_o,
  output logic [RangeW-1:0]                  range_o,
  output logic                               range_bank_o,
  /// The reader takes it; the bank of the oldest range taken is free again.
  input  logic                               range_take_i,
  input  logic                               range_release_i,
  /// Read port into the banks of taken ranges.
  input  logic                               rd_en_i,
  input  logic                               rd_bank_i,
  input  logic [PeColW-1:0]                  rd_pe_col_i,
  input  logic [CStepW-1:0]                  rd_cstep_i,
  input  logic [GroupW-1:0]                  rd_group_i,
  output logic [JointLanes*AccBits-1:0]      rd_data_o,
  /// The accumulator write of this cycle, its place and data (PE column u, lane i at [(u*JointLanes+i)*AccBits +: AccBits]).
  output logic                               acc_we_o,
  output logic                               acc_closes_o,
  output logic [CStepW-1:0]                  acc_cstep_o,
  output logic [GroupW-1:0]                  acc_group_o,
  output logic [PeCols*JointLanes*AccBits-1:0] acc_data_o
);

  localparam int Depth = CSteps * Groups;
  localparam int AddrW = epim_pkg::idx_width(Depth);
  localparam int WordW = JointLanes * AccBits;

  // Stages h+1, h+2 (row sum and accumulator read), h+3 (add and write).
  logic              v1_q, v2_q, v3_q;
  logic              of1_q, of2_q, of3_q, op1_q, op2_q, op3_q, cl1_q, cl2_q, cl3_q;
  logic [CStepW-1:0] k1_q, k2_q, k3_q;
  logic [GroupW-1:0] g1_q, g2_q, g3_q;
  logic [RangeW-1:0] r1_q, r2_q, r3_q;
  logic [1:0]        free_q, full_q, ready_q;     // may open, holds a closed range, waits for the reader
  logic              wbank_q, rbank_q, lbank_q;   // open range, next for the reader, next to be freed
  logic [RangeW-1:0] range0_q, range1_q;

  // A range would open in stage h+3 and its bank is taken: v3_q && of3_q && !free_q[wbank_q], seen one cycle ahead, because
  // the whole core hangs on it.
  logic en, stall, stall_q;
  assign stall = stall_q && !HoldFree;
  assign en    = !stall;
  assign en_o  = en;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      v1_q <= 1'b0;
      v2_q <= 1'b0;
      v3_q <= 1'b0;
    end else if (clear_i) begin
      v1_q <= 1'b0;
      v2_q <= 1'b0;
      v3_q <= 1'b0;
    end else if (en) begin
      v1_q <= valid_i;
      v2_q <= v1_q;
      v3_q <= v2_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      of1_q <= open_first_i; of2_q <= of1_q; of3_q <= of2_q;
      op1_q <= opens_i;      op2_q <= op1_q; op3_q <= op2_q;
      cl1_q <= closes_i;     cl2_q <= cl1_q; cl3_q <= cl2_q;
      k1_q  <= cstep_i;      k2_q  <= k1_q;  k3_q  <= k2_q;
      g1_q  <= group_i;      g2_q  <= g1_q;  g3_q  <= g2_q;
      if (valid_i && closes_i) r1_q <= range_i;
      if (v1_q && cl1_q) r2_q <= r1_q;
      if (v2_q && cl2_q) r3_q <= r2_q;
    end
  end

  // Bank bookkeeping.
  logic write, close;
  assign write = v3_q && en;
  assign close = write && cl3_q;
  logic wbank_next, free_next;
  assign wbank_next = wbank_q ^ close;
  assign free_next  = (free_q[wbank_next] || (range_release_i && lbank_q == wbank_next))
                      && !(write && of3_q && !close);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      free_q  <= 2'b11;
      full_q  <= 2'b00;
      ready_q <= 2'b00;
      wbank_q <= 1'b0;
      rbank_q <= 1'b0;
      lbank_q <= 1'b0;
      stall_q <= 1'b0;
    end else if (clear_i) begin
      stall_q <= 1'b0;
      free_q  <= 2'b11;
      full_q  <= 2'b00;
      ready_q <= 2'b00;
      wbank_q <= 1'b0;
      rbank_q <= 1'b0;
      lbank_q <= 1'b0;
    end else begin
      stall_q <= (stall || (v2_q && of2_q)) && !free_next;
      if (range_take_i) begin
        ready_q[rbank_q] <= 1'b0;
        rbank_q          <= !rbank_q;
      end
      if (range_release_i) begin
        free_q[lbank_q] <= 1'b1;
        full_q[lbank_q] <= 1'b0;
        lbank_q         <= !lbank_q;
      end
      if (write && of3_q) free_q[wbank_q] <= 1'b0;
      if (close) begin
        full_q[wbank_q]  <= 1'b1;
        ready_q[wbank_q] <= 1'b1;
        wbank_q          <= !wbank_q;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (close && !wbank_q) range0_q <= r3_q;
    if (close &&  wbank_q) range1_q <= r3_q;
  end
  assign range_valid_o = ready_q[rbank_q];
  assign range_bank_o  = rbank_q;
  assign range_o       = rbank_q ? range1_q : range0_q;

  logic [AddrW-1:0] acc_raddr, acc_waddr, rd_addr;
  assign acc_raddr = AddrW'(k2_q) * AddrW'(Groups) + AddrW'(g2_q);
  assign acc_waddr = AddrW'(k3_q) * AddrW'(Groups) + AddrW'(g3_q);
  assign rd_addr   = AddrW'(rd_cstep_i) * AddrW'(Groups) + AddrW'(rd_group_i);

  // A read that meets the write of the same word takes the written one.
  logic bypass_q;
  always_ff @(posedge clk_i) begin
    if (en) bypass_q <= write && (acc_raddr == acc_waddr);
  end

  logic              rd_bank_q;
  logic [PeColW-1:0] rd_pe_col_q;
  always_ff @(posedge clk_i) begin
    if (rd_en_i) begin
      rd_bank_q   <= rd_bank_i;
      rd_pe_col_q <= rd_pe_col_i;
    end
  end

  logic [PeCols*WordW-1:0] rd_words;
  generate
    for (genvar u = 0; u < PeCols; u++) begin : gen_column
      logic [WordW-1:0] ram0, ram1, wdata, wdata_q;
      logic [WordW-1:0] row_sum_q;
      for (genvar i = 0; i < JointLanes; i++) begin : gen_lane
        logic signed [AccBits-1:0] row_sum, old;
        always_comb begin
          row_sum = '0;
          for (int t = 0; t < PeRows; t++) begin
            row_sum = row_sum + AccBits'($signed(prod_i[((t*PeCols+u)*JointLanes+i)*ProdW +: ProdW]));
          end
        end
        always_ff @(posedge clk_i) begin
          if (en) row_sum_q[i*AccBits +: AccBits] <= row_sum;
        end
        assign old = bypass_q ? $signed(wdata_q[i*AccBits +: AccBits])
                              : $signed(wbank_q ? ram1[i*AccBits +: AccBits] : ram0[i*AccBits +: AccBits]);
        assign wdata[i*AccBits +: AccBits] = (op3_q ? '0 : old) + $signed(row_sum_q[i*AccBits +: AccBits]);
      end
      always_ff @(posedge clk_i) begin
        if (en) wdata_q <= wdata;
      end

      logic drain0, drain1;
      assign drain0 = rd_en_i && !rd_bank_i;
      assign drain1 = rd_en_i && rd_bank_i;
      epim_ram #(.Depth(Depth), .Width(WordW)) u_bank0 (
        .clk_i, .re_i(drain0 || (en && v2_q && !full_q[0])), .raddr_i(drain0 ? rd_addr : acc_raddr), .rdata_o(ram0),
        .we_i(write && !wbank_q), .waddr_i(acc_waddr), .wdata_i(wdata)
      );
      epim_ram #(.Depth(Depth), .Width(WordW)) u_bank1 (
        .clk_i, .re_i(drain1 || (en && v2_q && !full_q[1])), .raddr_i(drain1 ? rd_addr : acc_raddr), .rdata_o(ram1),
        .we_i(write && wbank_q), .waddr_i(acc_waddr), .wdata_i(wdata)
      );
      assign rd_words[u*WordW +: WordW] = rd_bank_q ? ram1 : ram0;
      assign acc_data_o[u*WordW +: WordW] = wdata;
    end
  endgenerate

  assign rd_data_o    = rd_words[32'(rd_pe_col_q)*WordW +: WordW];
  assign acc_we_o     = write;
  assign acc_closes_o = close;
  assign acc_cstep_o  = k3_q;
  assign acc_group_o  = g3_q;

endmodule
