// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

`ifdef EPIM_CROSSBAR_BLACKBOX
// Ports alone: nothing reads the inputs or drives the outputs here.
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNDRIVEN */
(* blackbox *)
`endif
/// Crossbar macro: the cells of one PE (two polarities, all slices), its DACs and its ADCs, as a behavioural model.
///
/// In one read every selected ADC lane l converts, for each slice s and polarity, column c = step*Adcs + l:
///   code = min( sum over rows r of x[r] * G[r][c][s], 2^AdcBits - 1 ),   x[r] the DAC level of word line r.
/// With `FractionBits`, `Trims` or `AdcStep` G counts levels of 2^-FractionBits, and epim_adc makes the code of the sum.
/// `EPIM_CROSSBAR_BLACKBOX` leaves the body out, so that an analog macro with the same ports takes its place.
/// Latency: word lines, column step and selection are taken in cycle f (`fire_i`, `en_i`), `code_o` holds the codes
/// in f+1+AdcStages. At most `RowsPerRead` word lines are driven in a read: those of one group of consecutive ones. `load_i` marks the first input step of a column step: the column is read once and held.
/// Programming: one 64-row chunk per write; address fields, least significant first: chunk, plane, ADC lane, column
/// step (each rounded up to a power of two); plane = (slice*2 + negative)*(CellBits+FractionBits) + bit of the cell.
module epim_crossbar #(
  /// Word lines.
  parameter int XbRows = 64,
  /// Bit lines (weight columns).
  parameter int XbCols = 64,
  /// Bits of a cell: 1, 2 or 4.
  parameter int CellBits = 2,
  /// Magnitude slices, >= 1.
  parameter int Slices = 4,
  /// Activation bits per input step: 1 or 2.
  parameter int DacBits = 1,
  /// ADC resolution.
  parameter int AdcBits = 8,
  /// ADC lanes.
  parameter int Adcs = 8,
  /// Cell memory: 0 = one flat array of chunks (fast in simulation), 1 = one RAM per lane and chunk (synthesis).
  parameter bit Ram = 1'b0,
  /// Cycles from a read to its codes, >= 1; events come with the codes.
  parameter int AdcStages = 1,
  /// Word lines of a read.
  parameter int RowsPerRead = XbRows,
  /// Every ADC lane has a column step of its own, as the first PE row of a weight pool.
  parameter bit LaneSteps = 1'b0,
  /// Bits of a cell below a level.
  parameter int FractionBits = 0,
  /// Every ADC has a gain and an offset, and with `ReadNoise` a noise of its own: epim_adc.
  parameter bit Trims = 1'b0,
  parameter bit ReadNoise = 1'b0,
  /// A code counts 2^AdcStep levels.
  parameter int AdcStep = 0,
  /// Count cell reads, zero and saturated conversions.
  parameter bit Count = 1'b1,
  /// A parity bit beside every word of cells (a chunk of one bit plane), checked where a column step reads the word; not with images.
  parameter bit Parity = 1'b0,
  /// Image of the cells, `$readmemh`; empty: none. Flat array: the file, one chunk per line. RAMs: its name up to the
  /// number of the ADC lane, four digits and ".hex" follow; one column step per line, plane p of row r at bit
  /// p*XbRows + r. Cells of an image in RAMs cannot be programmed.
  parameter InitFile = "",
  /// Image of the trims, `$readmemh`: 64 bits a line, two lines per ADC; empty: none.
  parameter TrimFile = "",
  /// Derived parameter, do not overwrite: column steps.
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs),
  /// Derived parameter, do not overwrite.
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  /// Derived parameter, do not overwrite: bits of a cell's word.
  localparam int WordBits = CellBits + FractionBits,
  /// Derived parameter, do not overwrite: bit planes of a column.
  localparam int Planes = 2 * Slices * WordBits,
  /// Derived parameter, do not overwrite: 64-row chunks of a bit plane.
  localparam int Chunks = epim_pkg::ceil_div(XbRows, 64),
  /// Derived parameter, do not overwrite: program address bits.
  localparam int ProgW = CStepW + epim_pkg::idx_width(Adcs) + epim_pkg::idx_width(Planes) + epim_pkg::idx_width(Chunks)
) (
  /// Clock.
  input  logic                             clk_i,
  /// Reset, active low.
  input  logic                             rst_ni,
  /// The array pipeline advances.
  input  logic                             en_i,
  /// An input step is fired.
  input  logic                             fire_i,
  /// First input step of a column step.
  input  logic                             load_i,
  /// Column step; with `LaneSteps` of lane l at [l*CStepW +: CStepW].
  input  logic [(LaneSteps ? Adcs : 1)*CStepW-1:0] cstep_i,
  /// ADC lanes that convert.
  input  logic [Adcs-1:0]                  sel_i,
  /// Word lines: digit d of row r at [d*XbRows + r].
  input  logic [DacBits*XbRows-1:0]        wl_i,
  /// Codes: lane l, slice s, polarity n (1 = negative) at [((l*Slices + s)*2 + n)*AdcBits +: AdcBits].
  output logic [Adcs*Slices*2*AdcBits-1:0] code_o,
  /// Events of the step whose codes are on `code_o`.
  output logic [31:0]                      cell_reads_o,
  output logic [15:0]                      adc_zero_o,
  output logic [15:0]                      adc_saturated_o,
  /// First read of a frame, and what its number adds to the seeds (read with `ReadNoise` only).
  /* verilator lint_save */
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                             frame_i,
  input  logic [31:0]                      frame_offset_i,
  /// Program a trim: ADC i of `code_o` at 2*i, its seed at 2*i + 1 (read with `Trims` only).
  input  logic                             trim_we_i,
  /* verilator lint_restore */
  /// Program a chunk.
  input  logic                             prog_we_i,
  input  logic [ProgW-1:0]                 prog_addr_i,
  input  logic [63:0]                      prog_data_i,
  /// Store the chunk with row 0 inverted; a word of a selected lane that is read has a wrong bit (with `Parity` only).
  /* verilator lint_save */
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                             prog_flip_i,
  /* verilator lint_restore */
  output logic                             err_o
);

`ifndef EPIM_CROSSBAR_BLACKBOX
  generate
    if (CellBits != 1 && CellBits != 2 && CellBits != 4) begin : gen_rule1 epim_rule_cell_bits_1_2_or_4 u_rule (); end
    if (Slices < 1)                                      begin : gen_rule2 epim_rule_slices_at_least_1 u_rule (); end
    if (DacBits != 1 && DacBits != 2)                    begin : gen_rule3 epim_rule_dac_bits_1_or_2 u_rule (); end
    if (AdcStages < 1)                                   begin : gen_rule4 epim_rule_adc_stages_at_least_1 u_rule (); end
    if (FractionBits < 0 || FractionBits > 6)            begin : gen_rule5 epim_rule_fraction_bits_0_to_6 u_rule (); end
    if (ReadNoise && !Trims)                             begin : gen_rule6 epim_rule_read_noise_needs_trims u_rule (); end
    if (AdcStep < 0 || AdcStep > 12)                     begin : gen_rule7 epim_rule_adc_step_0_to_12 u_rule (); end
  endgenerate

  localparam bit Analog = FractionBits > 0 || Trims || AdcStep > 0;
  localparam int SumW   = epim_pkg::num_width(XbRows) + WordBits + DacBits;
  localparam int AdcW   = epim_pkg::idx_width(Adcs);
  localparam int PlaneW = epim_pkg::idx_width(Planes);
  localparam int ChunkW = epim_pkg::idx_width(Chunks);
  localparam int LaneWords = Planes * Chunks;
  localparam int Conversions = Adcs * Slices * 2;

  logic [ChunkW-1:0] p_chunk;
  logic [PlaneW-1:0] p_plane;
  logic [AdcW-1:0]   p_lane;
  logic [CStepW-1:0] p_cstep;
  assign {p_cstep, p_lane, p_plane, p_chunk} = prog_addr_i;

  // Word lines and selection of the step in conversion.
  logic [DacBits*Chunks*64-1:0] wl_q;
  logic [Adcs-1:0]              sel_q;
  logic                         fire_q;
  generate
    for (genvar d = 0; d < DacBits; d++) begin : gen_wl
      logic [Chunks*64-1:0] digit_q;
      always_ff @(posedge clk_i) begin
        if (en_i && fire_i) digit_q <= (Chunks*64)'(wl_i[d*XbRows +: XbRows]);
      end
      assign wl_q[d*Chunks*64 +: Chunks*64] = digit_q;
    end
  endgenerate
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fire_q <= 1'b0;
      sel_q  <= '0;
    end else if (en_i) begin
      fire_q <= fire_i;
      sel_q  <= sel_i;
    end
  end

  // Of ideal ADCs.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [Adcs*Slices*2*AdcBits-1:0] code;
  logic [15:0]                      saturated;
  logic [Conversions*SumW-1:0]      sums;  // what the bit lines carry
  /* verilator lint_on UNUSEDSIGNAL */
  logic [31:0]                      reads;
  logic [15:0]                      zeros;

  generate
    if (!Ram) begin : gen_flat
      // Word ((step*Adcs + lane)*Planes + plane)*Chunks + chunk.
      localparam int Words = CSteps * Adcs * LaneWords;
      localparam int WordW = epim_pkg::idx_width(Words);
      logic [63:0]      cells_q [0:Words-1];
      logic [(LaneSteps ? Adcs : 1)*WordW-1:0] base_q;
      logic [63:0]      v;
      logic [31:0]      sum;
      logic [6:0]       ones;
      if (InitFile != "") begin : gen_init
        initial $readmemh(InitFile, cells_q);
      end
      logic             driven;
      assign driven = |wl_q;
      logic [WordW-1:0] p_word;
      assign p_word = ((WordW'(p_cstep) * WordW'(Adcs) + WordW'(p_lane)) * WordW'(Planes) + WordW'(p_plane))
                      * WordW'(Chunks) + WordW'(p_chunk);
      // `always`: what an `initial` writes may not be written by `always_ff` (IEEE 1800-2017, 9.2.2.4).
      always @(posedge clk_i) begin
        if (prog_we_i) cells_q[p_word] <= prog_data_i ^ 64'(Parity && prog_flip_i);
      end
      if (Parity) begin : gen_parity
        logic parity_q [0:Words-1];
        logic check_q, wrong;
        always_ff @(posedge clk_i) begin
          if (prog_we_i) parity_q[p_word] <= ^prog_data_i;
          check_q <= en_i && fire_i && load_i;
        end
        always_comb begin
          wrong = 1'b0;
          if (check_q) begin
            for (int l = 0; l < Adcs; l++) begin
              for (int w = 0; w < LaneWords; w++) begin
                if (sel_q[l]) begin
                  wrong = wrong || ((^cells_q[base_q[(LaneSteps ? l : 0)*WordW +: WordW] + WordW'(l * LaneWords + w)])
                                    != parity_q[base_q[(LaneSteps ? l : 0)*WordW +: WordW] + WordW'(l * LaneWords + w)]);
                end
              end
            end
          end
        end
        assign err_o = wrong;
      end else begin : gen_no_parity
        assign err_o = 1'b0;
      end
      always_ff @(posedge clk_i) begin
        if (en_i && fire_i && load_i) begin
          for (int l = 0; l < (LaneSteps ? Adcs : 1); l++) base_q[l*WordW +: WordW] <= WordW'(cstep_i[l*CStepW +: CStepW]) * WordW'(Adcs * LaneWords);
        end
      end
      always_comb begin
        code = '0;
        reads = '0;
        zeros = '0;
        saturated = '0;
        sums = '0;
        sum = '0;
        v = '0;
        ones = '0;
        if (fire_q && !driven) begin
          // No word line is driven: every sum is zero.
          for (int l = 0; l < Adcs; l++) begin
            if (Count && sel_q[l]) zeros = zeros + 16'(2 * Slices);
          end
        end else if (fire_q) begin
          for (int i = 0; i < Conversions; i++) begin
            if (sel_q[i / (2 * Slices)]) begin
              sum = '0;
              for (int b = 0; b < WordBits; b++) begin
                for (int d = 0; d < DacBits; d++) begin
                  for (int c = 0; c < Chunks; c++) begin
                    v = cells_q[base_q[(LaneSteps ? i / (2 * Slices) : 0)*WordW +: WordW] + WordW'((i * WordBits + b) * Chunks + c)] & wl_q[(d*Chunks+c)*64 +: 64];
`ifdef VERILATOR
                    // popcount64 in place: every call of a function gets variables of its own, so that the PEs of an
                    // array would not share compiled code.
                    v = v - ((v >> 1) & 64'h5555_5555_5555_5555);
                    v = (v & 64'h3333_3333_3333_3333) + ((v >> 2) & 64'h3333_3333_3333_3333);
                    v = (v + (v >> 4)) & 64'h0f0f_0f0f_0f0f_0f0f;
                    ones = 7'((v * 64'h0101_0101_0101_0101) >> 56);
`else
                    ones = epim_pkg::popcount64(v);
`endif
                    sum = sum + (32'(ones) << (b + d));
                  end
                end
              end
              if (Count) begin
                reads = reads + (sum >> FractionBits);
                if (sum == 32'd0) zeros = zeros + 16'd1;
                if (sum > 32'((1 << AdcBits) - 1)) saturated = saturated + 16'd1;
              end
              sums[i*SumW +: SumW] = SumW'(sum);
              code[i*AdcBits +: AdcBits] = (sum > 32'((1 << AdcBits) - 1)) ? '1 : AdcBits'(sum);
            end
          end
        end
      end
    end else begin : gen_ram
      localparam int LaneBits = Planes * XbRows;
      // Image: one ROM per lane, as wide as all its planes.
      /* verilator lint_off UNUSEDSIGNAL */
      logic [Adcs*LaneBits-1:0] rom;
      /* verilator lint_on UNUSEDSIGNAL */
      if (InitFile != "") begin : gen_rom
        for (genvar l = 0; l < Adcs; l++) begin : gen_lane
          localparam [7:0] Thousands = 8'd48 + 8'(l / 1000);
          localparam [7:0] Hundreds  = 8'd48 + 8'((l / 100) % 10);
          localparam [7:0] Tens      = 8'd48 + 8'((l / 10) % 10);
          localparam [7:0] Ones      = 8'd48 + 8'(l % 10);
          epim_ram #(.Depth(CSteps), .Width(LaneBits), .InitFile({InitFile, Thousands, Hundreds, Tens, Ones, ".hex"}))
          u_cells (
            .clk_i, .re_i(en_i && fire_i && load_i), .raddr_i(cstep_i[(LaneSteps ? l : 0)*CStepW +: CStepW]), .rdata_o(rom[l*LaneBits +: LaneBits]),
            .we_i(1'b0), .waddr_i(CStepW'(0)), .wdata_i(LaneBits'(0))
          );
        end
      end else begin : gen_no_rom
        assign rom = '0;
      end
      // A lossless ADC needs no comparison.
      localparam bit Early = Count || Analog;
      localparam bit Saturates = (RowsPerRead * ((1 << CellBits) - 1) * ((1 << DacBits) - 1)) > ((1 << AdcBits) - 1);
      logic [Adcs-1:0] selected;
      if (Early) begin : gen_selected
        assign selected = fire_q ? sel_q : '0;
      end else begin : gen_late_selected
        logic [Adcs-1:0] late_sel_q;
        always_ff @(posedge clk_i) begin
          if (en_i && fire_q) late_sel_q <= sel_q;
        end
        assign selected = late_sel_q;
      end
      /* verilator lint_off UNUSEDSIGNAL */
      logic unused;  // the top of a chunk, where a crossbar has fewer than 64 rows; all of it with an image
      /* verilator lint_on UNUSEDSIGNAL */
      assign unused = ^{prog_data_i, prog_we_i, p_cstep, p_lane, p_plane, p_chunk};
      logic [Conversions*WordBits*Chunks-1:0] wrong;
      for (genvar i = 0; i < Conversions; i++) begin : gen_conversion
        logic [WordBits*Chunks*64-1:0] column;
        for (genvar b = 0; b < WordBits; b++) begin : gen_bit
          for (genvar c = 0; c < Chunks; c++) begin : gen_chunk
            localparam int ChunkRows = (c == Chunks - 1) ? XbRows - c * 64 : 64;
            logic [ChunkRows-1:0] word;
            localparam int Plane = (i % (2 * Slices)) * WordBits + b;
            if (InitFile != "") begin : gen_image
              assign word = rom[(i / (2 * Slices)) * LaneBits + Plane * XbRows + c * 64 +: ChunkRows];
              assign wrong[(i*WordBits+b)*Chunks+c] = 1'b0;
            end else begin : gen_programmed
              logic word_wrong;
              epim_table #(.Depth(CSteps), .Width(ChunkRows), .Parity(Parity)) u_cells (
                .clk_i, .re_i(en_i && fire_i && load_i), .raddr_i(cstep_i[(LaneSteps ? i / (2 * Slices) : 0)*CStepW +: CStepW]), .rdata_o(word),
                .we_i(prog_we_i && p_lane == AdcW'(i / (2 * Slices)) && p_chunk == ChunkW'(c)
                      && p_plane == PlaneW'(Plane)),
                .waddr_i(p_cstep), .wdata_i(prog_data_i[ChunkRows-1:0]), .flip_i(prog_flip_i), .err_o(word_wrong)
              );
              assign wrong[(i*WordBits+b)*Chunks+c] = word_wrong && sel_q[i / (2 * Slices)];
            end
            assign column[(b*Chunks+c)*64 +: 64] = 64'(word);
          end
        end
        // The sum, part by part: 64 rows of one bit plane under one DAC bit. Continuous assignments, which a four-state simulator
        // evaluates where something changes, and several times faster than a loop over the parts (`split_var`: no loop to Verilator).
        localparam int Parts = WordBits * DacBits * Chunks;
        logic [(Parts+1)*SumW-1:0] so_far /* verilator split_var */;
        assign so_far[0 +: SumW] = '0;
        for (genvar p = 0; p < Parts; p++) begin : gen_part
          localparam int Bit = p / (DacBits * Chunks), Digit = (p / Chunks) % DacBits, Chunk = p % Chunks;
          logic [63:0] driven;
          logic [19:0] ones;  // of 16 rows each
          assign driven = column[(Bit*Chunks+Chunk)*64 +: 64] & wl_q[(Digit*Chunks+Chunk)*64 +: 64];
          if (Early) begin : gen_early
            assign ones = epim_pkg::popcount_parts(driven);
          end else begin : gen_late
            // Nothing counts: the ADC's register takes the sums of 16 rows each, the rest is added behind it.
            logic [19:0] ones_q;
            always_ff @(posedge clk_i) begin
              if (en_i && fire_q) ones_q <= epim_pkg::popcount_parts(driven);
            end
            assign ones = ones_q;
          end
          logic [5:0] low, high;
          /* verilator lint_off UNUSEDSIGNAL */
          logic [6:0] all;  // upper bits: not read where few rows are summed
          /* verilator lint_on UNUSEDSIGNAL */
          assign low  = {1'b0, ones[4:0]} + {1'b0, ones[9:5]};
          assign high = {1'b0, ones[14:10]} + {1'b0, ones[19:15]};
          assign all  = {1'b0, low} + {1'b0, high};
          assign so_far[(p+1)*SumW +: SumW] = so_far[p*SumW +: SumW] + (SumW'(all) << (Bit + Digit));
        end
        logic [SumW-1:0] sum;
        assign sum = so_far[Parts*SumW +: SumW];
        assign sums[i*SumW +: SumW] = sum;
        assign code[i*AdcBits +: AdcBits] =
          !selected[i / (2 * Slices)] ? '0 : ((Saturates && 32'(sum) > 32'((1 << AdcBits) - 1)) ? '1 : AdcBits'(sum));
      end
      assign err_o = |wrong;
      always_comb begin
        reads = '0;
        zeros = '0;
        saturated = '0;
        if (Count && fire_q) begin
          for (int i = 0; i < Conversions; i++) begin
            if (sel_q[i / (2 * Slices)]) begin
              reads = reads + (32'(sums[i*SumW +: SumW]) >> FractionBits);
              if (sums[i*SumW +: SumW] == '0) zeros = zeros + 16'd1;
              if (32'(sums[i*SumW +: SumW]) > 32'((1 << AdcBits) - 1)) saturated = saturated + 16'd1;
            end
          end
        end
      end
    end
  endgenerate

  // The codes of the read.
  logic [Adcs*Slices*2*AdcBits-1:0] code_now;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [15:0]                      saturated_now;  // of a core without counters: for nobody
  /* verilator lint_on UNUSEDSIGNAL */
  generate
    if (Analog) begin : gen_adc
      logic [Conversions-1:0] over;
      epim_adc #(.Adcs(Adcs), .PerLane(2 * Slices), .SumW(SumW), .FractionBits(FractionBits), .AdcBits(AdcBits), .AdcStep(AdcStep),
                 .Trims(Trims), .ReadNoise(ReadNoise), .AddrW(ProgW), .InitFile(TrimFile))
      u_adc (
        .clk_i, .read_i(en_i && fire_i), .sel_i, .frame_i, .frame_offset_i, .converts_i(fire_q ? sel_q : Adcs'(0)), .sum_i(sums),
        .code_o(code_now), .over_o(over), .trim_we_i, .trim_addr_i(prog_addr_i), .trim_data_i(prog_data_i)
      );
      always_comb begin
        saturated_now = '0;
        for (int i = 0; i < Conversions; i++) begin
          if (Count && over[i]) saturated_now = saturated_now + 16'd1;
        end
      end
    end else begin : gen_ideal
      assign code_now      = code;
      assign saturated_now = saturated;
    end
  endgenerate

  // ADC output register, or several.
  logic [Adcs*Slices*2*AdcBits-1:0] code_first;
  logic [31:0]                      reads_first;
  logic [15:0]                      zeros_first, saturated_first;
  generate
    if (Ram && !Count && !Analog) begin : gen_late_code
      assign code_first = code_now;
    end else begin : gen_code
      logic [Adcs*Slices*2*AdcBits-1:0] code_q;
      always_ff @(posedge clk_i) begin
        if (en_i && fire_q) code_q <= code_now;
      end
      assign code_first = code_q;
    end
  endgenerate

  generate
    if (Count) begin : gen_count
      logic [31:0] reads_q;
      logic [15:0] zeros_q, saturated_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          reads_q     <= '0;
          zeros_q     <= '0;
          saturated_q <= '0;
        end else if (en_i) begin
          reads_q     <= reads;
          zeros_q     <= zeros;
          saturated_q <= saturated_now;
        end
      end
      assign reads_first     = reads_q;
      assign zeros_first     = zeros_q;
      assign saturated_first = saturated_q;
    end else begin : gen_no_count
      assign reads_first     = '0;
      assign zeros_first     = '0;
      assign saturated_first = '0;
    end
  endgenerate

  generate
    if (AdcStages > 1) begin : gen_more
      localparam int CodeW  = Adcs * Slices * 2 * AdcBits;
      localparam int StageW = CodeW + 64;
      logic [(AdcStages-1)*StageW-1:0] stages_q;
      always_ff @(posedge clk_i) begin
        if (en_i) stages_q <= ((AdcStages-1)*StageW)'({stages_q, reads_first, zeros_first, saturated_first, code_first});
      end
      assign {cell_reads_o, adc_zero_o, adc_saturated_o, code_o} = stages_q[(AdcStages-1)*StageW-1 -: StageW];
    end else begin : gen_first
      assign code_o          = code_first;
      assign cell_reads_o    = reads_first;
      assign adc_zero_o      = zeros_first;
      assign adc_saturated_o = saturated_first;
    end
  endgenerate
`endif

endmodule
