// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
//
// A foreign macro in the place of rtl/epim_crossbar.sv, in plain Verilog: successive-approximation converters behind a
// request with ready and an answer with valid. It has no hold input. Example of docs/macro.md.

// Crossbar with one converter per ADC lane, slice and polarity. A request taken in cycle f samples the bit lines; one bit of
// every code is decided in each of the cycles f+1 .. f+Bits; the answer is there in f+1+Bits, when the next request may have
// been taken one cycle before.
module sar_macro (clk, rst_n, req_valid, req_ready, req_step, req_lanes, req_lines, rsp_valid, rsp_codes,
                  write, write_step, write_lane, write_plane, write_chunk, write_data);
  parameter Rows = 64, Chunks = 1, Steps = 8, Lanes = 8, Slices = 4, CellBits = 2, DacBits = 1, Bits = 6;
  parameter StepW = 3, LaneW = 3, PlaneW = 4, ChunkW = 1;
  localparam Planes = 2 * Slices * CellBits, Converters = 2 * Slices * Lanes;

  input                      clk, rst_n;
  input                      req_valid;
  output                     req_ready;
  input  [StepW-1:0]         req_step;
  input  [Lanes-1:0]         req_lanes;
  input  [DacBits*Rows-1:0]  req_lines;
  output                     rsp_valid;
  output [Converters*Bits-1:0] rsp_codes;
  input                      write;
  input  [StepW-1:0]         write_step;
  input  [LaneW-1:0]         write_lane;
  input  [PlaneW-1:0]        write_plane;
  input  [ChunkW-1:0]        write_chunk;
  input  [63:0]              write_data;

  reg [63:0] cells [0:Steps*Lanes*Planes*Chunks-1];
  always @(posedge clk)
    if (write) cells[((write_step * Lanes + write_lane) * Planes + write_plane) * Chunks + write_chunk] <= write_data;

  // Charge on the bit lines of a request: sum of level times cell, clipped by nothing.
  integer lane, pole, cell_bit, digit, row, at;
  reg [31:0] charge [0:Converters-1];
  reg [31:0] sum;
  reg [63:0] word;
  always @(posedge clk)
    if (req_valid && req_ready)
      for (lane = 0; lane < Lanes; lane = lane + 1)
        for (pole = 0; pole < 2 * Slices; pole = pole + 1) begin
          sum = 0;
          if (req_lanes[lane])
            for (cell_bit = 0; cell_bit < CellBits; cell_bit = cell_bit + 1)
              for (row = 0; row < Rows; row = row + 1) begin
                at = ((req_step * Lanes + lane) * Planes + pole * CellBits + cell_bit) * Chunks + row / 64;
                word = cells[at] >> (row % 64);
                for (digit = 0; digit < DacBits; digit = digit + 1)
                  if (word[0] && req_lines[digit*Rows+row]) sum = sum + (1 << (cell_bit + digit));
              end
          charge[lane*2*Slices+pole] <= sum;
        end

  // One comparison per converter and cycle, most significant bit first.
  reg [7:0]                 left;      // bits to decide
  reg [Converters*Bits-1:0] trial, codes;
  reg                       valid;
  integer                   c;
  reg [Converters*Bits-1:0] decided;
  always @* begin
    decided = trial;
    for (c = 0; c < Converters; c = c + 1)
      if (left != 0 && charge[c] >= ((trial[c*Bits +: Bits] | (1 << (left - 1))) & ((1 << Bits) - 1)))
        decided[c*Bits +: Bits] = trial[c*Bits +: Bits] | (1 << (left - 1));
  end
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      left  <= 0;
      valid <= 0;
    end else begin
      valid <= left == 1;
      if (req_valid && req_ready) left <= Bits;
      else if (left != 0) left <= left - 1;
    end
  always @(posedge clk) begin
    trial <= (req_valid && req_ready) ? 0 : decided;
    if (left == 1) codes <= decided;
  end
  assign req_ready = left <= 1;
  assign rsp_valid = valid;
  assign rsp_codes = codes;
endmodule

// What epim_pe instantiates: the ports of our model, of which this macro needs neither `en_i` nor `load_i`, nor those of trims and
// noise, which are its own.
module epim_crossbar (clk_i, rst_ni, en_i, fire_i, load_i, cstep_i, sel_i, wl_i, code_o, cell_reads_o, adc_zero_o,
                      adc_saturated_o, frame_i, frame_offset_i, trim_we_i, prog_we_i, prog_addr_i, prog_data_i,
                      prog_flip_i, err_o);
  parameter XbRows = 64, XbCols = 64, CellBits = 2, Slices = 4, DacBits = 1, AdcBits = 8, Adcs = 8;
  parameter Ram = 0, AdcStages = 1, RowsPerRead = XbRows, Count = 0, Parity = 0;
  parameter FractionBits = 0, Trims = 0, ReadNoise = 0, AdcStep = 0, LaneSteps = 0;
  parameter InitFile = "", TrimFile = "";
  function integer idx_width;
    input integer n;
    integer top;
    begin
      idx_width = 1;
      for (top = 2; top < n; top = 2 * top) idx_width = idx_width + 1;
    end
  endfunction
  localparam CSteps = (XbCols + Adcs - 1) / Adcs, Chunks = (XbRows + 63) / 64, Planes = 2 * Slices * CellBits;
  localparam StepW = idx_width(CSteps), LaneW = idx_width(Adcs), PlaneW = idx_width(Planes), ChunkW = idx_width(Chunks);
  localparam ProgW = StepW + LaneW + PlaneW + ChunkW;

  input                              clk_i, rst_ni, en_i, fire_i, load_i;
  input  [StepW-1:0]                 cstep_i;
  input  [Adcs-1:0]                  sel_i;
  input  [DacBits*XbRows-1:0]        wl_i;
  output [Adcs*Slices*2*AdcBits-1:0] code_o;
  output [31:0]                      cell_reads_o;
  output [15:0]                      adc_zero_o, adc_saturated_o;
  input                              frame_i, trim_we_i;
  input  [31:0]                      frame_offset_i;
  input                              prog_we_i;
  input  [ProgW-1:0]                 prog_addr_i;
  input  [63:0]                      prog_data_i;
  input                              prog_flip_i;
  output                             err_o;

  wire ready, valid;
  sar_macro #(.Rows(XbRows), .Chunks(Chunks), .Steps(CSteps), .Lanes(Adcs), .Slices(Slices), .CellBits(CellBits),
              .DacBits(DacBits), .Bits(AdcBits), .StepW(StepW), .LaneW(LaneW), .PlaneW(PlaneW), .ChunkW(ChunkW))
  u_macro (
    .clk(clk_i), .rst_n(rst_ni), .req_valid(fire_i), .req_ready(ready), .req_step(cstep_i), .req_lanes(sel_i),
    .req_lines(wl_i), .rsp_valid(valid), .rsp_codes(code_o), .write(prog_we_i),
    .write_step(prog_addr_i[ProgW-1 -: StepW]), .write_lane(prog_addr_i[PlaneW+ChunkW +: LaneW]),
    .write_plane(prog_addr_i[ChunkW +: PlaneW]), .write_chunk(prog_addr_i[ChunkW-1:0]), .write_data(prog_data_i)
  );
  assign err_o           = 0;
  assign cell_reads_o    = 0;
  assign adc_zero_o      = 0;
  assign adc_saturated_o = 0;

  // The core keeps the contract, so that nothing ever waits here.
  reg [AdcStages:0] expected;
  reg               armed;  // registers mean nothing before the first reset
  initial armed = 0;
  always @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) begin
      expected <= 0;
      armed    <= 1;
    end else if (armed) begin
      expected <= {expected[AdcStages-1:0], fire_i};
      if (fire_i && !ready) begin
        $display("%m: a read begins before the macro is ready");
        $fatal;
      end
      if (expected[AdcStages] && !valid) begin
        $display("%m: no answer in the cycle in which the core takes the codes");
        $fatal;
      end
    end
endmodule
