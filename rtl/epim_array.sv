// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// PE array of a core: OFAT, fire controller and `PeRows` x `PeCols` PEs that fire together.
///
/// Takes a full bank of the input register, scans the columns that OFAT names, and hands groups of `JointLanes` scaled
/// psums of every PE to the joint module, with the output range that they belong to.
/// Parameters as epim_core checks them. Latency: docs/timing.md (fire to accumulator).
/// Everything holds while `en_i` is low.
module epim_array #(
  /// Crossbar and PE array.
  parameter int XbRows = 64,
  parameter int XbCols = 64,
  parameter int PeRows = 1,
  parameter int PeCols = 1,
  /// Bits of a cell; of a weight, sign included.
  parameter int CellBits = 2,
  parameter int WeightBits = 9,
  /// Bits of an activation, two's complement with `ActSigned`; bits per input step.
  parameter int ActBits = 8,
  parameter bit ActSigned = 1'b0,
  parameter int DacBits = 1,
  /// Every layer has as many input steps as the core.
  parameter bit InputShift = 1'b0,
  /// ADC resolution; columns scanned by one ADC; cycles from a read to its codes.
  parameter int AdcBits = 8,
  parameter int ColsPerAdc = 8,
  parameter int AdcStages = 1,
  /// Word lines of a read; cycles from a read to the next.
  parameter int RowsPerRead = XbRows,
  parameter int AdcInterval = 1,
  /// Dispatch waits for an accumulator bank; `en_i` is constantly high.
  parameter bit HoldFree = 1'b0,
  /// Imperfect cells and ADCs: epim_crossbar.
  parameter int FractionBits = 0,
  parameter bit Trims = 1'b0,
  parameter bit ReadNoise = 1'b0,
  parameter int AdcStep = 0,
  /// Columns per cycle through scale and joint module.
  parameter int JointLanes = 2,
  /// Bits of M (unsigned); zero-point path and bits of Z (signed); multiplication bit by bit.
  parameter int ScaleBits = 8,
  parameter bit ZeroPoint = 1'b0,
  parameter int ZeroBits = 10,
  parameter bit SerialMultiply = 1'b0,
  /// The first PE row holds a weight pool: its ADCs scan their columns in the order of OPT.
  parameter bit Pool = 1'b0,
  /// Table size, output channels.
  parameter int MaxPatches = 4,
  parameter int MaxChannels = 64,
  /// Count events.
  parameter bit Count = 1'b1,
  /// Entries and words of cells have a parity bit.
  parameter bit Parity = 1'b0,
  /// Programs that the memories hold side by side.
  parameter int Banks = 1,
  /// Crossbar cell memory as RAMs (1) or one flat array (0).
  parameter bit Ram = 1'b0,
  /// Images of OFAT and, with the number of the PE appended, of the cells; empty: none.
  parameter OfatFile = "",
  parameter OptFile = "",
  parameter CellFile = "",
  /// Image of the trims, the number of the PE appended; empty: none.
  parameter TrimFile = "",
  /// M and Z at reset, PE (t,u) at index t*PeCols+u, 16 bits each.
  parameter logic [PeRows*PeCols*16-1:0] ScaleInit = {(PeRows*PeCols){16'd1}},
  parameter logic [PeRows*PeCols*16-1:0] ZeroInit = {(PeRows*PeCols){16'd0}},
  /// Derived parameters, do not overwrite.
  localparam int Pes      = PeRows * PeCols,
  localparam int RowGroups = XbRows / epim_pkg::max2(RowsPerRead, 1),
  localparam int Rows     = PeRows * XbRows,
  localparam int Adcs     = epim_pkg::ceil_div(XbCols, ColsPerAdc),
  localparam int CStepW   = epim_pkg::idx_width(epim_pkg::ceil_div(XbCols, Adcs)),
  localparam int GroupW   = epim_pkg::idx_width(epim_pkg::ceil_div(Adcs, JointLanes)),
  localparam int Slices   = epim_pkg::ceil_div(WeightBits - 1, CellBits),
  localparam int Steps    = epim_pkg::step_count(ActBits, ActSigned, DacBits),
  localparam int StepW    = epim_pkg::idx_width(Steps),
  localparam int SumW     = epim_pkg::sum_width(XbRows, ActBits),
  localparam int PsumW    = (FractionBits > 0 || Trims || AdcStep > 0)
                            ? epim_pkg::analog_psum_width(RowGroups, AdcBits, AdcStep, Slices * CellBits, ActBits)
                            : epim_pkg::psum_width(XbRows, Slices * CellBits, ActBits),
  localparam int ProdW    = epim_pkg::prod_width(PsumW, ZeroPoint, ZeroBits, SumW, ScaleBits),
  localparam int ChannelW = epim_pkg::num_width(MaxChannels),
  localparam int ColumnW  = epim_pkg::idx_width(PeCols) + CStepW + GroupW + epim_pkg::idx_width(JointLanes),
  localparam int RangeW   = 1 + 2 * ChannelW + 2 * ColumnW,
  localparam int Events   = epim_events_pkg::Count
) (
  /// Clock.
  input  logic                    clk_i,
  /// Reset, active low.
  input  logic                    rst_ni,
  /// Forget the run so far.
  input  logic                    clear_i,
  /// A run is on.
  input  logic                    run_i,
  /// The array advances.
  input  logic                    en_i,
  /// Geometry words.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [epim_regs_pkg::GeometryBits-1:0] geometry_i,
  /// Program port of {trims, OPT, cells, scale, OFAT}.
  input  logic [4:0]              prog_we_i,
  input  logic [15:0]             prog_pe_i,
  input  logic [31:0]             prog_addr_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic [63:0]             prog_data_i,
  input  logic                    prog_flip_i,
  /// The program that runs; entries are stored beside it (read with two `Banks` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                    program_bank_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// A drained range gives its accumulator bank back.
  input  logic                    range_release_i,
  /// Full banks of the input register.
  input  logic [1:0]              full_i,
  /// Row groups in which the patch of bank b has a word line, at [b*RowGroups +: RowGroups].
  input  logic [2*RowGroups-1:0]  row_groups_i,
  /// Bank and input step that fire, 0 = least significant, the sign step; firing; the last cycle of the step; the last
  /// firing of the bank.
  output logic                    bank_o,
  output logic [StepW-1:0]        step_o,
  output logic                    sign_o,
  output logic                    fire_o,
  output logic                    step_end_o,
  output logic                    release_o,
  /// Word lines and row sums of the firing bank.
  input  logic [DacBits*Rows-1:0] wl_i,
  input  logic [PeRows*SumW-1:0]  sum_i,
  /// PE rows whose ADCs convert.
  input  logic [PeRows-1:0]       rows_i,
  /// A group enters the scale stage: its place, what it does to its range, the range
  /// {last of the round, start, stop, first column, last column}; products of all PEs two cycles later.
  output logic                    valid_o,
  output logic [CStepW-1:0]       cstep_o,
  output logic [GroupW-1:0]       group_o,
  output logic                    open_first_o,
  output logic                    opens_o,
  output logic                    closes_o,
  output logic [RangeW-1:0]       range_o,
  output logic [Pes*JointLanes*ProdW-1:0] prod_o,
  /// Error pulses: OFAT; an entry or cells that are read have a wrong parity.
  output logic                    err_ofat_o,
  output logic                    err_parity_o,
  /// Increments of the event counters that are counted here.
  output logic [Events*32-1:0]    inc_o
);

  localparam int PatchW = epim_pkg::idx_width(MaxPatches);
  localparam int Planes = 2 * Slices * (CellBits + FractionBits);
  localparam int CellW  = epim_pkg::idx_width(Adcs) + epim_pkg::idx_width(Planes)
                          + epim_pkg::idx_width(epim_pkg::ceil_div(XbRows, 64));
  // Cells of a second program are columns of their own: every second one that an ADC could scan.
  localparam int CSteps     = epim_pkg::ceil_div(XbCols, Adcs);
  localparam int BankCols   = (Banks == 1) ? XbCols : Banks * CSteps * Adcs;
  localparam int BankCStepW = epim_pkg::idx_width(Banks * CSteps);
  localparam int BankProgW  = BankCStepW + CellW;
  localparam int OfatBankW  = epim_pkg::idx_width(Banks * MaxPatches);
  localparam int GroupCycles = !SerialMultiply ? 1 : ScaleBits + 1 + (ZeroPoint ? ZeroBits + 1 : 0);

  logic                   fire, read, load, step_end, dispatch, fire_opens;
  logic [RowGroups-1:0]   row_group;
  logic [CStepW-1:0]      cstep;
  logic [PeCols*Adcs-1:0] sel;
  logic                   acc_valid, acc_first, acc_step, acc_sign, acc_narrow, acc_last, ser_load, end_round;
  logic [ChannelW-1:0]    start, stop, ofat_start, ofat_stop;
  logic [ColumnW-1:0]     first, last, ofat_first, ofat_last;
  logic                   ofat_re, wrong_ofat, wrong_opt;
  logic [Pes-1:0]         wrong_cells;
  assign err_parity_o = wrong_ofat || wrong_opt || (|wrong_cells);
  logic [PatchW-1:0]      ofat_patch;
  /* verilator lint_off UNUSEDSIGNAL */
  logic                   scan;         // read with `Pool` only
  logic [PatchW-1:0]      scan_patch;
  logic [CStepW-1:0]      scan_cstep;
  /* verilator lint_on UNUSEDSIGNAL */

  epim_ofat #(.MaxPatches(Banks * MaxPatches), .ChannelW(ChannelW), .ColumnW(ColumnW), .Parity(Parity), .InitFile(OfatFile)) u_ofat (
    .clk_i, .re_i(ofat_re), .patch_i(OfatBankW'((Banks == 1) ? {1'b0, ofat_patch} : {ofat_patch, program_bank_i})), .start_o(ofat_start), .stop_o(ofat_stop), .first_o(ofat_first),
    .last_o(ofat_last), .we_i(prog_we_i[0]), .waddr_i(OfatBankW'((Banks == 1) ? {1'b0, prog_addr_i[PatchW-1:0]} : {prog_addr_i[PatchW-1:0], !program_bank_i})),
    .wdata_i(prog_data_i[2*ChannelW+2*ColumnW-1:0]), .flip_i(prog_flip_i), .err_o(wrong_ofat)
  );

  epim_fire_ctrl #(.MaxPatches(MaxPatches), .PeCols(PeCols), .XbCols(XbCols), .Adcs(Adcs), .JointLanes(JointLanes),
                   .Steps(Steps), .ActSigned(ActSigned), .ChannelW(ChannelW), .AdcStages(AdcStages),
                   .RowGroups(RowGroups), .Interval(AdcInterval), .HoldFree(HoldFree), .GroupCycles(GroupCycles))
  u_fire_ctrl (
    .clk_i, .rst_ni, .clear_i, .run_i, .en_i, .cfg_last_patch_i(geometry_i[epim_regs_pkg::LastPatchLsb +: PatchW]),
    .cfg_last_step_i(InputShift ? StepW'(Steps - 1) : geometry_i[epim_regs_pkg::LastStepLsb +: StepW]),
    .cfg_signed_i(geometry_i[epim_regs_pkg::ActSignedLsb]), .cfg_narrow_i(geometry_i[epim_regs_pkg::NarrowStepLsb]),
    .ofat_re_o(ofat_re), .ofat_patch_o(ofat_patch), .ofat_start_i(ofat_start), .ofat_stop_i(ofat_stop),
    .ofat_first_i(ofat_first), .ofat_last_i(ofat_last), .bank_full_i(full_i), .range_release_i, .row_groups_i, .release_o, .bank_o, .step_o,
    .sign_o, .fire_o(fire), .read_o(read), .load_o(load), .step_end_o(step_end), .row_group_o(row_group), .cstep_o(cstep), .sel_o(sel), .fire_opens_o(fire_opens),
    .acc_valid_o(acc_valid), .acc_first_o(acc_first), .acc_step_o(acc_step), .acc_sign_o(acc_sign), .acc_narrow_o(acc_narrow),
    .acc_last_o(acc_last), .ser_load_o(ser_load), .ser_valid_o(valid_o), .ser_group_o(group_o), .ser_cstep_o(cstep_o),
    .ser_open_first_o(open_first_o), .ser_opens_o(opens_o), .ser_closes_o(closes_o), .ser_end_round_o(end_round),
    .ser_start_o(start), .ser_stop_o(stop), .ser_first_o(first), .ser_last_o(last), .scan_o(scan), .scan_patch_o(scan_patch), .scan_cstep_o(scan_cstep),
    .dispatch_o(dispatch), .err_ofat_o
  );
  assign fire_o  = fire && en_i;
  assign step_end_o = step_end && en_i;
  assign range_o = {end_round, start, stop, first, last};

  // Column step of every ADC of the first PE row.
  localparam int PoolSteps = Pool ? Adcs : 1;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [PoolSteps*CStepW-1:0] pool_cstep;
  /* verilator lint_on UNUSEDSIGNAL */
  generate
    if (Pool) begin : gen_opt
      epim_opt #(.MaxPatches(MaxPatches), .CSteps(epim_pkg::ceil_div(XbCols, Adcs)), .Adcs(Adcs), .Parity(Parity), .InitFile(OptFile)) u_opt (
        .clk_i, .re_i(scan), .patch_i(scan_patch), .cstep_i(scan_cstep), .csteps_o(pool_cstep), .we_i(prog_we_i[3]),
        .waddr_i(prog_addr_i), .wdata_i(prog_data_i), .flip_i(prog_flip_i), .err_o(wrong_opt)
      );
    end else begin : gen_no_opt
      assign pool_cstep = cstep;
      assign wrong_opt  = 1'b0;
      logic unused_opt;
      assign unused_opt = prog_we_i[3] ^ (OptFile != "");
    end
  endgenerate

  /* verilator lint_off UNUSEDSIGNAL */
  logic [Pes*Adcs*PsumW-1:0] psum;  // for observation: PE p, lane a at [(p*Adcs+a)*PsumW +: PsumW]
  /* verilator lint_on UNUSEDSIGNAL */
  logic [Pes*32-1:0]         pe_reads;
  logic [Pes*16-1:0]         pe_zero, pe_saturated;
  // Word lines of the row group that is read.
  logic [DacBits*Rows-1:0] wl_read;
  generate
    if (RowGroups > 1) begin : gen_row_groups
      for (genvar r = 0; r < Rows; r++) begin : gen_line
        for (genvar d = 0; d < DacBits; d++) begin : gen_digit
          assign wl_read[d*Rows+r] = wl_i[d*Rows+r] && row_group[(r % XbRows) / RowsPerRead];
        end
      end
    end else begin : gen_all_rows
      assign wl_read = wl_i;
      /* verilator lint_off UNUSEDSIGNAL */
      logic unused_group;
      /* verilator lint_on UNUSEDSIGNAL */
      assign unused_group = ^row_group;
    end
  endgenerate
  // Frames, where noise starts anew with each: activations of a frame are counted at their dispatch.
  logic        frame;
  logic [31:0] frame_offset;
  generate
    if (ReadNoise) begin : gen_frame
      localparam logic [31:0] PerFrame = 32'h9E37_79B9;
      logic [PatchW-1:0] patch_q;
      logic [15:0]       row_q, column_q, last_row, last_column;
      logic [31:0]       offset_q, next_q;
      logic              first_q, last_patch;
      assign last_row    = geometry_i[epim_regs_pkg::OutRowsLsb +: 16] - 16'd1;
      assign last_column = geometry_i[epim_regs_pkg::OutColumnsLsb +: 16] - 16'd1;
      assign last_patch  = patch_q == geometry_i[epim_regs_pkg::LastPatchLsb +: PatchW];
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          patch_q  <= '0;
          row_q    <= '0;
          column_q <= '0;
          offset_q <= '0;
          next_q   <= '0;
          first_q  <= 1'b0;
        end else if (clear_i) begin
          patch_q  <= '0;
          row_q    <= '0;
          column_q <= '0;
          next_q   <= '0;
          first_q  <= 1'b0;
        end else if (dispatch) begin
          patch_q <= last_patch ? '0 : patch_q + PatchW'(1);
          if (last_patch) begin
            column_q <= (column_q == last_column) ? '0 : column_q + 16'd1;
            if (column_q == last_column) row_q <= (row_q == last_row) ? '0 : row_q + 16'd1;
          end
          first_q <= (patch_q == '0) && (column_q == '0) && (row_q == '0);
          if ((patch_q == '0) && (column_q == '0) && (row_q == '0)) begin
            offset_q <= next_q;
            next_q   <= next_q + PerFrame;
          end
        end else if (read && en_i) begin
          first_q <= 1'b0;
        end
      end
      assign frame        = first_q;
      assign frame_offset = offset_q;
    end else begin : gen_no_frame
      assign frame        = 1'b0;
      assign frame_offset = '0;
    end
  endgenerate
  logic [BankProgW-1:0] cell_addr;
  assign cell_addr = {BankCStepW'((Banks == 1) ? {1'b0, prog_addr_i[CellW +: CStepW]} : {prog_addr_i[CellW +: CStepW], !program_bank_i}), prog_addr_i[CellW-1:0]};
  generate
    for (genvar t = 0; t < PeRows; t++) begin : gen_pe_row
      logic [DacBits*XbRows-1:0] wl_row;
      for (genvar d = 0; d < DacBits; d++) begin : gen_digit
        assign wl_row[d*XbRows +: XbRows] = wl_read[d*Rows + t*XbRows +: XbRows];
      end
      for (genvar u = 0; u < PeCols; u++) begin : gen_pe_col
        // Name of the PE's image: its number in three digits, more where it needs them.
        localparam int Pe = t * PeCols + u;
        localparam [7:0] Thousands = 8'd48 + 8'(Pe / 1000);
        localparam [7:0] Hundreds  = 8'd48 + 8'((Pe / 100) % 10);
        localparam [7:0] Tens      = 8'd48 + 8'((Pe / 10) % 10);
        localparam [7:0] Ones      = 8'd48 + 8'(Pe % 10);
        localparam [31:0] Ending   = Ram ? "_adc" : ".hex";
        localparam bit LaneSteps = Pool && t == 0;
        localparam int Steps0 = LaneSteps ? Adcs : 1;
        logic [Steps0*BankCStepW-1:0] pe_cstep;
        if (LaneSteps) begin : gen_lane_steps
          assign pe_cstep = pool_cstep;
        end else begin : gen_one_step
          assign pe_cstep = BankCStepW'((Banks == 1) ? {1'b0, cstep} : {cstep, program_bank_i});
        end
        epim_pe #(.XbRows(XbRows), .XbCols(BankCols), .CellBits(CellBits), .Slices(Slices), .ActBits(ActBits),
                  .DacBits(DacBits), .AdcBits(AdcBits), .Adcs(Adcs), .JointLanes(JointLanes),
                  .ScaleBits(ScaleBits), .ZeroPoint(ZeroPoint), .ZeroBits(ZeroBits), .SumW(SumW), .Ram(Ram),
                  .SerialMultiply(SerialMultiply), .AdcStages(AdcStages), .RowsPerRead(RowsPerRead), .LaneSteps(LaneSteps), .Rests(Pool), .Count(Count), .Parity(Parity), .Banks(Banks),
                  .FractionBits(FractionBits), .Trims(Trims), .ReadNoise(ReadNoise), .AdcStep(AdcStep),
                  /* verilator lint_off WIDTH */
                  .TrimFile(TrimFile == "" ? "" : Pe < 1000 ? {TrimFile, Hundreds, Tens, Ones, ".hex"}
                                                            : {TrimFile, Thousands, Hundreds, Tens, Ones, ".hex"}),
                  .InitFile(CellFile == "" ? "" : Pe < 1000 ? {CellFile, Hundreds, Tens, Ones, Ending}
                                                            : {CellFile, Thousands, Hundreds, Tens, Ones, Ending}),
                  /* verilator lint_on WIDTH */
                  .ScaleInit(32'(ScaleInit[Pe*16 +: 16])), .ZeroInit(32'($signed(ZeroInit[Pe*16 +: 16]))))
        u_pe (
          .clk_i, .rst_ni, .en_i, .fire_i(read), .load_i(load), .cstep_i(pe_cstep), .active_i(rows_i[t]), .sel_i(sel[u*Adcs +: Adcs]),
          .wl_i(wl_row), .sum_i(sum_i[t*SumW +: SumW]), .acc_valid_i(acc_valid), .acc_first_i(acc_first),
          .acc_step_i(acc_step), .acc_sign_i(acc_sign), .acc_narrow_i(acc_narrow), .acc_last_i(acc_last), .group_i(group_o),
          .ser_load_i(ser_load), .prod_o(prod_o[Pe*JointLanes*ProdW +: JointLanes*ProdW]),
          .psum_o(psum[Pe*Adcs*PsumW +: Adcs*PsumW]), .cell_reads_o(pe_reads[Pe*32 +: 32]),
          .adc_zero_o(pe_zero[Pe*16 +: 16]), .adc_saturated_o(pe_saturated[Pe*16 +: 16]),
          .frame_i(frame), .frame_offset_i(frame_offset), .prog_trim_we_i(prog_we_i[4] && prog_pe_i == 16'(Pe)),
          .prog_cell_we_i(prog_we_i[2] && prog_pe_i == 16'(Pe)), .prog_addr_i(cell_addr), .program_bank_i,
          .prog_scale_we_i(prog_we_i[1] && prog_pe_i == 16'(Pe)), .prog_data_i,
          .prog_flip_i, .err_o(wrong_cells[Pe])
        );
      end
    end
  endgenerate

  generate
    if (Count) begin : gen_count
      localparam int SelW  = 64 * epim_pkg::ceil_div(PeCols * Adcs, 64);
      localparam int WideW = 64 * epim_pkg::ceil_div(Rows, 64);
      logic [31:0] driven, selected, reads, zeros, saturated, converting;
      logic [6:0]  ones;
      always_comb begin
        ones = '0;
        driven = '0;
        selected = '0;
        reads = '0;
        zeros = '0;
        saturated = '0;
        converting = Pool ? '0 : 32'(PeRows);
        for (int t = 0; t < PeRows; t++) begin
          if (Pool) converting = converting + 32'(rows_i[t]);
        end
        if (read && en_i) begin
          for (int r = 0; r < (Rows + 63) / 64; r++) begin
            ones = epim_pkg::popcount64(chunk(r));
            driven = driven + 32'(ones);
          end
          for (int r = 0; r < (PeCols * Adcs + 63) / 64; r++) begin
            ones = epim_pkg::popcount64(64'(SelW'(sel) >> (r * 64)));
            selected = selected + 32'(ones);
          end
        end
        if (acc_valid && en_i) begin
          for (int p = 0; p < Pes; p++) begin
            reads     = reads + pe_reads[p*32 +: 32];
            zeros     = zeros + 32'(pe_zero[p*16 +: 16]);
            saturated = saturated + 32'(pe_saturated[p*16 +: 16]);
          end
        end
      end
      // Word lines with a level other than zero, 64 at a time.
      function automatic logic [63:0] chunk(input int r);
        logic [63:0] any;
        any = '0;
        for (int d = 0; d < DacBits; d++) any = any | 64'(WideW'(wl_read[d*Rows +: Rows]) >> (r * 64));
        chunk = any;
      endfunction

      always_comb begin
        inc_o = '0;
        inc_o[epim_events_pkg::Activations*32 +: 32]     = 32'(dispatch);
        inc_o[epim_events_pkg::FireCycles*32 +: 32]      = 32'(fire_o);
        inc_o[epim_events_pkg::IdleCycles*32 +: 32]      = 32'(!fire_o);
        inc_o[epim_events_pkg::WordLineDrives*32 +: 32]  = driven * 32'(PeCols);
        inc_o[epim_events_pkg::CellReads*32 +: 32]       = reads;
        inc_o[epim_events_pkg::AdcConversions*32 +: 32]  = selected * 32'(2 * Slices) * converting;
        inc_o[epim_events_pkg::AdcZero*32 +: 32]         = zeros;
        inc_o[epim_events_pkg::AdcSaturated*32 +: 32]    = saturated;
        inc_o[epim_events_pkg::ShiftAdds*32 +: 32]       = selected * 32'(Slices) * converting;
        inc_o[epim_events_pkg::OfatReads*32 +: 32]       = 32'(dispatch);
        inc_o[epim_events_pkg::ScaleMultiplies*32 +: 32] = load ? selected * converting : '0;
        inc_o[epim_events_pkg::JointAdds*32 +: 32]       = (load && !fire_opens) ? selected : '0;
      end
    end else begin : gen_no_count
      assign inc_o = '0;
      /* verilator lint_off UNUSEDSIGNAL */
      logic unused;  // what only the counters read
      /* verilator lint_on UNUSEDSIGNAL */
      assign unused = &{1'b0, dispatch, fire_opens, pe_reads, pe_zero, pe_saturated};
    end
  endgenerate

endmodule
