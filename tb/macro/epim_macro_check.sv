// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// The contract of docs/macro.md, watched in every cycle at the ports of a crossbar macro: what the core promises the macro,
/// and what the macro owes the core. Bind it to the module that takes the place of epim_crossbar:
///
///   bind epim_crossbar epim_macro_check #(.XbRows(XbRows), .XbCols(XbCols), .CellBits(CellBits), .Slices(Slices),
///     .DacBits(DacBits), .AdcBits(AdcBits), .Adcs(Adcs), .RowsPerRead(RowsPerRead), .Latency(AdcStages),
///     .Interval(6)) u_check (.*);
///
/// For simulation alone: the cells are kept a second time, and every code is computed again by counting.
module epim_macro_check #(
  parameter int XbRows = 64,
  parameter int XbCols = 64,
  parameter int CellBits = 2,
  parameter int Slices = 4,
  parameter int DacBits = 1,
  parameter int AdcBits = 8,
  parameter int Adcs = 8,
  /// Word lines of a read.
  parameter int RowsPerRead = XbRows,
  /// Cycles from a read to its codes; to the next read.
  parameter int Latency = 1,
  parameter int Interval = 1,
  /// The array can hold (`en_i` low); 0: it must never.
  parameter bit Holds = 1'b0,
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs),
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  localparam int AdcW   = epim_pkg::idx_width(Adcs),
  localparam int Planes = 2 * Slices * CellBits,
  localparam int PlaneW = epim_pkg::idx_width(Planes),
  localparam int Chunks = epim_pkg::ceil_div(XbRows, 64),
  localparam int ChunkW = epim_pkg::idx_width(Chunks),
  localparam int ProgW  = CStepW + AdcW + PlaneW + ChunkW
) (
  input logic                             clk_i,
  input logic                             rst_ni,
  input logic                             en_i,
  input logic                             fire_i,
  input logic                             load_i,
  input logic [CStepW-1:0]                cstep_i,
  input logic [Adcs-1:0]                  sel_i,
  input logic [DacBits*XbRows-1:0]        wl_i,
  input logic [Adcs*Slices*2*AdcBits-1:0] code_o,
  input logic                             prog_we_i,
  input logic [ProgW-1:0]                 prog_addr_i,
  input logic [63:0]                      prog_data_i
);

  localparam int Conversions = Adcs * Slices * 2;
  localparam int RowGroups = XbRows / RowsPerRead;

  logic [63:0] cells_q [0:(1 << ProgW)-1];
  always @(posedge clk_i) begin
    if (prog_we_i) cells_q[prog_addr_i] <= prog_data_i;
  end

  // Codes that a read of this cycle must give.
  logic [Conversions*AdcBits-1:0] want;
  logic [31:0]                    sum;
  logic [63:0]                    ones;
  always_comb begin
    want = '0;
    sum  = '0;
    ones = '0;
    for (int i = 0; i < Conversions; i++) begin
      sum = '0;
      for (int b = 0; b < CellBits; b++) begin
        for (int r = 0; r < XbRows; r++) begin
          ones = cells_q[{cstep_i, AdcW'(i / (2 * Slices)), PlaneW'((i % (2 * Slices)) * CellBits + b), ChunkW'(r / 64)}] >> (r % 64);
          for (int d = 0; d < DacBits; d++) begin
            if (ones[0] && wl_i[d*XbRows+r]) sum = sum + (32'd1 << (b + d));
          end
        end
      end
      want[i*AdcBits +: AdcBits] = (sum > 32'((1 << AdcBits) - 1)) ? '1 : AdcBits'(sum);
    end
  end

  // Row groups with a driven word line.
  logic [RowGroups-1:0] groups;
  always_comb begin
    groups = '0;
    for (int r = 0; r < XbRows; r++) begin
      for (int d = 0; d < DacBits; d++) groups[r / RowsPerRead] = groups[r / RowsPerRead] | wl_i[d*XbRows+r];
    end
  end

  task automatic broken(input string what);
    $display("macro contract: %m: %s", what);
    $fatal(1);
  endtask

  logic [Latency:0]                            due_q;    // reads whose codes come
  logic [(Latency+1)*Conversions*AdcBits-1:0]  want_q;
  logic [(Latency+1)*Adcs-1:0]                 sel_q;
  int                                          since_q;  // cycles since the last read began
  logic [DacBits*XbRows-1:0]                   wl_q;
  logic [CStepW-1:0]                           cstep_q;
  logic                                        armed_q;  // registers mean nothing before the first reset
  initial armed_q = 1'b0;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      due_q   <= '0;
      since_q <= Interval;
      armed_q <= 1'b1;
    end else if (armed_q) begin
      if (!Holds && en_i !== 1'b1) broken("the array holds");
      if (en_i) begin
        due_q   <= {due_q[Latency-1:0], fire_i};
        want_q  <= {want_q[Latency*Conversions*AdcBits-1:0], want};
        sel_q   <= {sel_q[Latency*Adcs-1:0], sel_i};
        since_q <= fire_i ? 1 : (since_q < Interval) ? since_q + 1 : since_q;
        if (fire_i) begin
          wl_q    <= wl_i;
          cstep_q <= cstep_i;
          if (since_q < Interval) broken("a read begins before the interval of the one before is over");
          if ((groups & (groups - 1'b1)) != '0) broken("word lines of more than one row group are driven");
          if (!load_i && cstep_i != cstep_q) broken("the column step changes within a column step");
        end else if (since_q < Interval && wl_i != wl_q) begin
          broken("word lines change during a read");
        end
        if (due_q[Latency]) begin
          for (int i = 0; i < Conversions; i++) begin
            if (sel_q[Latency*Adcs + i/(2*Slices)]
                && code_o[i*AdcBits +: AdcBits] !== want_q[(Latency*Conversions+i)*AdcBits +: AdcBits]) broken("a code is wrong or late");
          end
        end
      end
    end
  end

endmodule
