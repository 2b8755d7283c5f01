// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// One accelerator core: a PE array with its index tables, buffers, joint module and output, on AXI4.
///
/// Connects its four blocks and does nothing else: control (registers, program port, counters), front (input stream to
/// input register), array (OFAT, fire controller, PEs), back (joint module to output stream). Loading the next patch,
/// firing, and draining a finished range overlap; the PE array is the bottleneck by construction. Tables, cells and parameters come from image files
/// (`Writable` = 0) or over the control bus. Cycle behaviour: docs/timing.md. Registers: the generated register map.
module epim_core #(
  /// Word lines of a crossbar, multiple of `Lanes`.
  parameter int XbRows = 64,
  /// Bit lines of a crossbar.
  parameter int XbCols = 64,
  /// PE array.
  parameter int PeRows = 1,
  parameter int PeCols = 1,
  /// Bits of a cell: 1, 2 or 4.
  parameter int CellBits = 2,
  /// Bits of a weight, sign included: 2..9.
  parameter int WeightBits = 9,
  /// Bits of an activation: 1..9 (signed 2..9).
  parameter int ActBits = 8,
  /// Activations are two's complement.
  parameter bit ActSigned = 1'b0,
  /// Activation bits per input step: 1 or 2.
  parameter int DacBits = 1,
  /// ADC resolution.
  parameter int AdcBits = 8,
  /// Columns scanned by one ADC.
  parameter int ColsPerAdc = 8,
  /// Channels per stream and buffer word.
  parameter int Lanes = 8,
  /// Columns per cycle through scale, joint module and requantiser; at most `Lanes`.
  parameter int JointLanes = 2,
  /// Words of the input buffer, 1..2^24.
  parameter int BufferWords = 1024,
  /// Bits of an output channel: 1..32.
  parameter int OutBits = 8,
  /// Bits of M, unsigned: 1..16.
  parameter int ScaleBits = 8,
  /// Bits of G and of B, signed, >= 2 each and together at most 64.
  parameter int ChannelScaleBits = 16,
  parameter int ChannelBiasBits = 32,
  /// Bits of A, signed: 8..18; 0: no slopes.
  parameter int SlopeBits = 0,
  /// Bits of an accumulator, signed, >= 2.
  parameter int AccBits = 32,
  /// Build the zero-point path.
  parameter bit ZeroPoint = 1'b0,
  /// Bits of Z, signed: 2..16.
  parameter int ZeroBits = 10,
  /// Scale, zero point and requantiser multiply bit by bit: no multiplier in the netlist.
  parameter bit SerialMultiply = 1'b0,
  /// Input register as shift registers; needs `DacBits` = 1.
  parameter bit InputShift = 1'b0,
  /// Registers behind a conversion, 1 or 2.
  parameter int AdcStages = 1,
  /// Word lines of a read, a divisor of `XbRows`.
  parameter int RowsPerRead = XbRows,
  /// Cycles from a read to its codes; to the next read: at least 1.
  parameter int AdcLatency = 1,
  parameter int AdcInterval = 1,
  /// The array never holds: an activation that opens a range is dispatched when an accumulator bank is free.
  parameter bit HoldFree = 1'b0,
  /// Bits of a cell below a level: 0..6.
  parameter int FractionBits = 0,
  /// Every ADC has a gain and an offset.
  parameter bit AdcTrims = 1'b0,
  /// Every conversion has a noise; only with `AdcTrims`.
  parameter bit ReadNoise = 1'b0,
  /// A code counts 2^AdcStep levels: 0..12.
  parameter int AdcStep = 0,
  /// Bits of a row, column or frame count: 7..16.
  parameter int DimW = 16,
  /// Geometry registers can be read; otherwise only their bits in use are kept.
  parameter bit GeometryReadback = 1'b1,
  /// The first PE row holds a weight pool that every patch reads, its columns permuted by OPT.
  parameter bit Pool = 1'b0,
  /// Table sizes: patches, IFRT entries, channel parameter entries.
  parameter int MaxPatches = 4,
  parameter int IfrtDepth = 16,
  parameter int ParamDepth = 16,
  /// Words of the largest window; an IFAT entry has at most 64 bits.
  parameter int MaxWindow = 64,
  /// Most channel blocks of an input map, 1..32768.
  parameter int MaxBlocks = 8,
  /// Most output channels; an OFAT entry has at most 64 bits.
  parameter int MaxChannels = 64,
  /// Tables and cells can be written over the control bus.
  parameter bit Writable = 1'b1,
  /// Count events.
  parameter bit Count = 1'b1,
  /// A run takes frame after frame for ever. With `Writable` = 0 it starts after reset; else, with `Load` alone, whenever a program is
  /// complete and `halt_i` low.
  parameter bit Endless = 1'b0,
  /// Load port beside the register port; no core behind this one in its chain.
  parameter bit Load = 1'b0,
  parameter bit LoadChainEnd = 1'b1,
  /// A parity bit beside every table entry and every word of cells; needs `Writable`.
  parameter bit Parity = 1'b0,
  /// Programs that tables, cells and registers hold, 1 or 2: with two the next one is stored while one runs. Needs `Load`.
  parameter int ProgramBanks = 1,
  /// Crossbar cell memory as RAMs (1) or one flat array (0).
  parameter bit Ram = 1'b0,
  /// Hardware configuration hash.
  parameter logic [63:0] Hash = 64'd0,
  /// Geometry registers at reset.
  parameter logic [epim_regs_pkg::GeometryBits-1:0] GeometryInit = epim_regs_pkg::GeometryReset,
  /// Images for `Writable` = 0; empty: none. `ParamFile`, `SlopeFile`, `CellFile` and `TrimFile` get a number and ".hex" appended, `CellFile`
  /// with `Ram` also "_adc" and the number of the ADC lane.
  parameter IfatFile = "",
  parameter IfrtFile = "",
  parameter OfatFile = "",
  parameter OptFile = "",
  parameter ParamFile = "",
  parameter SlopeFile = "",
  parameter CellFile = "",
  parameter TrimFile = "",
  /// M and Z at reset, PE (t,u) at index t*PeCols+u, 16 bits each.
  parameter logic [PeRows*PeCols*16-1:0] ScaleInit = {(PeRows*PeCols){16'd1}},
  parameter logic [PeRows*PeCols*16-1:0] ZeroInit = {(PeRows*PeCols){16'd0}},
  /// Derived parameters, do not overwrite: stream widths, rounded up to bytes.
  localparam int RowGroups = XbRows / epim_pkg::max2(RowsPerRead, 1),
  localparam int InDataW = 8 * epim_pkg::ceil_div(Lanes * ActBits, 8),
  localparam int OutDataW = 8 * epim_pkg::ceil_div(Lanes * OutBits, 8)
) (
  /// Clock.
  input  logic                clk_i,
  /// Reset, active low.
  input  logic                rst_ni,
  /// Control, AXI4-Lite.
  input  logic                s_axil_awvalid_i,
  output logic                s_axil_awready_o,
  input  logic [11:0]         s_axil_awaddr_i,
  input  logic                s_axil_wvalid_i,
  output logic                s_axil_wready_o,
  input  logic [31:0]         s_axil_wdata_i,
  input  logic [3:0]          s_axil_wstrb_i,
  output logic                s_axil_bvalid_o,
  input  logic                s_axil_bready_i,
  output logic [1:0]          s_axil_bresp_o,
  input  logic                s_axil_arvalid_i,
  output logic                s_axil_arready_o,
  input  logic [11:0]         s_axil_araddr_i,
  output logic                s_axil_rvalid_o,
  input  logic                s_axil_rready_i,
  output logic [31:0]         s_axil_rdata_o,
  output logic [1:0]          s_axil_rresp_o,
  /// Load port, AXI4-Stream of frames (docs/load.md); frames for the cores behind; number of this core in the chain.
  input  logic                s_load_tvalid_i,
  output logic                s_load_tready_o,
  input  logic [63:0]         s_load_tdata_i,
  input  logic                s_load_tlast_i,
  output logic                m_load_tvalid_o,
  input  logic                m_load_tready_i,
  output logic [63:0]         m_load_tdata_o,
  output logic                m_load_tlast_o,
  input  logic [15:0]         load_core_i,
  /// Input map, AXI4-Stream: channel l of the word at [l*ActBits +: ActBits].
  input  logic                s_axis_tvalid_i,
  output logic                s_axis_tready_o,
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [InDataW-1:0]  s_axis_tdata_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic                s_axis_tlast_i,
  /// Output map, AXI4-Stream: channel l of the word at [l*OutBits +: OutBits].
  output logic                m_axis_tvalid_o,
  input  logic                m_axis_tready_i,
  output logic [OutDataW-1:0] m_axis_tdata_o,
  output logic                m_axis_tlast_o,
  /// A chip's core (`Endless`, `Load`): end the run, forget what is in it, start none; its program is complete.
  input  logic                halt_i,
  output logic                ready_o,
  /// Run in progress.
  output logic                busy_o,
  /// Frame length or a table was wrong since reset or abort (status bits 10..15).
  output logic                error_o,
  /// Interrupt: what `irq_pending` holds and `irq_enable` lets through.
  output logic                irq_o
);

  localparam int Adcs     = epim_pkg::ceil_div(XbCols, ColsPerAdc);
  localparam int CStepW   = epim_pkg::idx_width(epim_pkg::ceil_div(XbCols, Adcs));
  localparam int GroupW   = epim_pkg::idx_width(epim_pkg::ceil_div(Adcs, JointLanes));
  localparam int Slices   = epim_pkg::ceil_div(WeightBits - 1, CellBits);
  localparam int StepW    = epim_pkg::idx_width(epim_pkg::step_count(ActBits, ActSigned, DacBits));
  localparam int SumW     = epim_pkg::sum_width(XbRows, ActBits);
  localparam int PsumW    = (FractionBits > 0 || AdcTrims || AdcStep > 0)
                            ? epim_pkg::analog_psum_width(RowGroups, AdcBits, AdcStep, Slices * CellBits, ActBits)
                            : epim_pkg::psum_width(XbRows, Slices * CellBits, ActBits);
  localparam int ProdW    = epim_pkg::prod_width(PsumW, ZeroPoint, ZeroBits, SumW, ScaleBits);
  localparam int ChannelW = epim_pkg::num_width(MaxChannels);
  localparam int ColumnW  = epim_pkg::idx_width(PeCols) + CStepW + GroupW + epim_pkg::idx_width(JointLanes);
  localparam int RangeW   = 1 + 2 * ChannelW + 2 * ColumnW;
  localparam int WindowW  = epim_pkg::num_width(MaxWindow);
  localparam int BlockW   = epim_pkg::idx_width(MaxBlocks);
  localparam int IfrtAddrW = epim_pkg::idx_width(IfrtDepth);
  localparam int Events   = epim_events_pkg::Count;
  // Entries that the program port reaches, kind 0 last. Slopes lie beside the channel parameters.
  localparam int CellWordW = epim_pkg::idx_width(Adcs) + epim_pkg::idx_width(2 * Slices * (CellBits + FractionBits))
                             + epim_pkg::idx_width(epim_pkg::ceil_div(XbRows, 64));
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs);
  localparam logic [31:0] PatchEntries = MaxPatches, IfrtEntries = IfrtDepth,
                          ParamEntries = ParamDepth << epim_pkg::idx_width(JointLanes), CellEntries = CSteps << CellWordW;
  /* verilator lint_off WIDTHCONCAT */  // 5.006 forgets the sizes of these constants
  localparam logic [31:0] SlopeEntries = (SlopeBits == 0) ? 32'd0 : ParamEntries;
  localparam logic [31:0] OptEntries = Pool ? MaxPatches * CSteps : 0;
  localparam logic [31:0] TrimEntries = AdcTrims ? 32'(4 * Adcs * Slices) : 32'd0;
  localparam logic [32*epim_pkg::ProgKinds-1:0] ProgSizes = {TrimEntries, OptEntries, SlopeEntries, CellEntries, 32'd1, ParamEntries, PatchEntries, IfrtEntries, PatchEntries};
  /* verilator lint_on WIDTHCONCAT */

  // Rules that a wrong parameter set breaks at elaboration: the missing module's name is the message.
  generate
    if (XbRows % Lanes != 0)                          begin : gen_rule1 epim_rule_xb_rows_multiple_of_lanes u_rule (); end
    if (CellBits != 1 && CellBits != 2 && CellBits != 4)begin : gen_rule2 epim_rule_cell_bits_1_2_or_4 u_rule (); end
    if (WeightBits < 2 || WeightBits > 9)             begin : gen_rule3 epim_rule_weight_bits_2_to_9 u_rule (); end
    if (ActBits < (ActSigned ? 2 : 1) || ActBits > 9) begin : gen_rule4 epim_rule_act_bits_1_to_9_signed_2_to_9 u_rule (); end
    if (DacBits != 1 && DacBits != 2)                 begin : gen_rule5 epim_rule_dac_bits_1_or_2 u_rule (); end
    if (JointLanes > Lanes)                           begin : gen_rule6 epim_rule_joint_lanes_at_most_lanes u_rule (); end
    if (BufferWords < 1 || BufferWords > 16777216)    begin : gen_rule7 epim_rule_buffer_words_1_to_16777216 u_rule (); end
    if (OutBits < 1 || OutBits > 32)                  begin : gen_rule8 epim_rule_out_bits_1_to_32 u_rule (); end
    if (ScaleBits < 1 || ScaleBits > 16)              begin : gen_rule9 epim_rule_scale_bits_1_to_16 u_rule (); end
    if (ChannelScaleBits < 2 || ChannelBiasBits < 2)  begin : gen_rule10 epim_rule_channel_parameters_at_least_2_bits u_rule (); end
    if (ChannelScaleBits + ChannelBiasBits > 64)      begin : gen_rule11 epim_rule_channel_parameters_at_most_64_bits u_rule (); end
    if (AccBits < 2)                                  begin : gen_rule12 epim_rule_acc_bits_at_least_2 u_rule (); end
    if (ZeroBits < 2 || ZeroBits > 16)                begin : gen_rule13 epim_rule_zero_bits_2_to_16 u_rule (); end
    if (InputShift && DacBits != 1)                   begin : gen_rule14 epim_rule_input_shift_needs_one_dac_bit u_rule (); end
    if (AdcStages != 1 && AdcStages != 2)             begin : gen_rule15 epim_rule_adc_stages_1_or_2 u_rule (); end
    if (DimW < 7 || DimW > 16)                        begin : gen_rule16 epim_rule_dim_bits_7_to_16 u_rule (); end
    if (MaxBlocks < 1 || MaxBlocks > 32768)           begin : gen_rule17 epim_rule_channel_blocks_1_to_32768 u_rule (); end
    if (2 * WindowW + BlockW + IfrtAddrW > 64)        begin : gen_rule18 epim_rule_ifat_entry_at_most_64_bits u_rule (); end
    if (2 * ChannelW + 2 * ColumnW > 64)              begin : gen_rule19 epim_rule_ofat_entry_at_most_64_bits u_rule (); end
    if (Endless && Writable && !Load)                 begin : gen_rule20 epim_rule_endless_needs_rom_or_load u_rule (); end
    if (SlopeBits != 0 && (SlopeBits < 8 || SlopeBits > 18)) begin : gen_rule21 epim_rule_slope_bits_0_or_8_to_18 u_rule (); end
    if (Parity && !Writable)                          begin : gen_rule30 epim_rule_parity_needs_writable u_rule (); end
    if (Load && !Writable)                            begin : gen_rule24 epim_rule_load_needs_writable u_rule (); end
    if (RowsPerRead < 1 || XbRows % epim_pkg::max2(RowsPerRead, 1) != 0) begin : gen_rule22 epim_rule_rows_per_read_divides_xb_rows u_rule (); end
    if (AdcLatency < 1 || AdcInterval < 1)            begin : gen_rule23 epim_rule_adc_latency_and_interval_at_least_1 u_rule (); end
    if (Pool && (XbRows != XbCols || PeCols != 1))    begin : gen_rule28 epim_rule_pool_needs_square_crossbars_in_one_pe_column u_rule (); end
    if (Pool && Adcs * CStepW > 64)                   begin : gen_rule29 epim_rule_opt_entry_at_most_64_bits u_rule (); end
    if (FractionBits < 0 || FractionBits > 6)         begin : gen_rule25 epim_rule_fraction_bits_0_to_6 u_rule (); end
    if (ReadNoise && !AdcTrims)                       begin : gen_rule26 epim_rule_read_noise_needs_trims u_rule (); end
    if (ProgramBanks < 1 || ProgramBanks > 2)         begin : gen_rule31 epim_rule_program_banks_1_or_2 u_rule (); end
    if (ProgramBanks > 1 && !Load)                    begin : gen_rule32 epim_rule_program_banks_need_load u_rule (); end
    if (ProgramBanks > 1 && Pool)                     begin : gen_rule33 epim_rule_program_banks_without_pool u_rule (); end
    if (ProgramBanks > 1 && AdcTrims)                 begin : gen_rule34 epim_rule_program_banks_without_trims u_rule (); end
    if (Endless && ProgramBanks > 1)                  begin : gen_rule35 epim_rule_endless_has_one_program_bank u_rule (); end
    if (AdcStep < 0 || AdcStep > 12)                  begin : gen_rule27 epim_rule_adc_step_0_to_12 u_rule (); end
  endgenerate

  logic                 clear, stop, abort, drop, forget, done;
  logic [epim_regs_pkg::GeometryBits-1:0] geometry;
  logic [epim_pkg::ProgKinds-1:0] prog_we;
  logic [15:0]          prog_pe;
  logic [31:0]          prog_addr;
  logic [63:0]          prog_data;
  logic                 prog_flip, program_bank;
  logic                 err_length, err_ifat, err_ifrt, err_ofat, wrong_front, wrong_array, wrong_back;
  logic [Events*32-1:0] inc_front, inc_array, inc_back;
  logic                 fire, step_end, front_busy, sent, sent_q;
  epim_control #(.Writable(Writable), .Endless(Endless), .Hash(Hash), .GeometryInit(GeometryInit),
                 .GeometryReadback(GeometryReadback), .FrameBits(DimW), .ProgSizes(ProgSizes), .Pes(PeRows * PeCols),
                 .Load(Load), .ChainEnd(LoadChainEnd), .Parity(Parity), .Banks(ProgramBanks), .Count(Count))
  u_control (
    .clk_i, .rst_ni, .s_axil_awvalid_i, .s_axil_awready_o, .s_axil_awaddr_i, .s_axil_wvalid_i, .s_axil_wready_o,
    .s_axil_wdata_i, .s_axil_wstrb_i, .s_axil_bvalid_o, .s_axil_bready_i, .s_axil_bresp_o, .s_axil_arvalid_i,
    .s_axil_arready_o, .s_axil_araddr_i, .s_axil_rvalid_o, .s_axil_rready_i, .s_axil_rdata_o, .s_axil_rresp_o,
    .s_load_tvalid_i, .s_load_tready_o, .s_load_tdata_i, .s_load_tlast_i, .m_load_tvalid_o, .m_load_tready_i, .m_load_tdata_o,
    .m_load_tlast_o, .core_i(load_core_i), .clear_o(clear), .stop_o(stop), .abort_o(abort), .drop_o(drop), .forget_o(forget), .halt_i, .ready_o, .busy_o, .error_o, .irq_o, .done_i(done),
    .error_i({wrong_front || wrong_array || wrong_back, err_ofat, err_ifrt, err_ifat, err_length}),
    .geometry_o(geometry), .prog_we_o(prog_we), .prog_pe_o(prog_pe), .prog_addr_o(prog_addr), .prog_data_o(prog_data), .prog_flip_o(prog_flip), .program_bank_o(program_bank),
    .inc_i(inc_front | inc_array | inc_back), .fire_i(fire)
  );

  logic [1:0]                     full;
  logic                           bank, release_bank;
  logic [StepW-1:0]               step;
  logic                           sign;
  logic [2*RowGroups-1:0]         row_groups;
  logic [DacBits*PeRows*XbRows-1:0] wl;
  logic [PeRows*SumW-1:0]         row_sum;
  logic [PeRows-1:0]              row_active;
  epim_front #(.XbRows(XbRows), .PeRows(PeRows), .Lanes(Lanes), .ActBits(ActBits), .ActSigned(ActSigned),
               .DacBits(DacBits), .ZeroPoint(ZeroPoint), .InputShift(InputShift), .RowsPerRead(RowsPerRead), .BufferWords(BufferWords),
               .DimW(DimW), .Endless(Endless), .Pool(Pool), .MaxPatches(MaxPatches), .IfrtDepth(IfrtDepth), .MaxWindow(MaxWindow),
               .MaxBlocks(MaxBlocks), .Parity(Parity), .Banks(ProgramBanks), .IfatFile(IfatFile), .IfrtFile(IfrtFile))
  u_front (
    .clk_i, .rst_ni, .clear_i(clear), .abort_i(abort), .drop_i(drop), .forget_i(forget), .run_i(busy_o),
    .geometry_i(geometry), .prog_we_i(prog_we[1:0]),
    .prog_addr_i(prog_addr), .prog_data_i(prog_data), .prog_flip_i(prog_flip), .program_bank_i(program_bank), .err_parity_o(wrong_front), .s_valid_i(s_axis_tvalid_i), .s_ready_o(s_axis_tready_o),
    .s_data_i(s_axis_tdata_i[Lanes*ActBits-1:0]), .s_last_i(s_axis_tlast_i), .full_o(full), .row_groups_o(row_groups), .bank_i(bank), .step_i(step),
    .sign_i(sign), .step_end_i(step_end), .release_i(release_bank), .wl_o(wl), .sum_o(row_sum), .rows_o(row_active), .busy_o(front_busy), .err_length_o(err_length),
    .err_ifat_o(err_ifat), .err_ifrt_o(err_ifrt), .inc_o(inc_front)
  );

  logic                           en, range_release, valid, open_first, opens, closes;
  logic [CStepW-1:0]              cstep;
  logic [GroupW-1:0]              group;
  logic [RangeW-1:0]              range;
  logic [PeRows*PeCols*JointLanes*ProdW-1:0] prod;
  epim_array #(.XbRows(XbRows), .XbCols(XbCols), .PeRows(PeRows), .PeCols(PeCols), .CellBits(CellBits),
               .WeightBits(WeightBits), .ActBits(ActBits), .ActSigned(ActSigned), .DacBits(DacBits), .AdcBits(AdcBits),
               .ColsPerAdc(ColsPerAdc), .AdcStages(AdcStages + AdcLatency - 1), .RowsPerRead(RowsPerRead), .AdcInterval(AdcInterval), .HoldFree(HoldFree),
               .FractionBits(FractionBits), .Trims(AdcTrims), .ReadNoise(ReadNoise), .AdcStep(AdcStep), .TrimFile(TrimFile),
               .JointLanes(JointLanes), .ScaleBits(ScaleBits),
               .ZeroPoint(ZeroPoint), .ZeroBits(ZeroBits), .SerialMultiply(SerialMultiply), .InputShift(InputShift),
               .Pool(Pool), .MaxPatches(MaxPatches), .MaxChannels(MaxChannels), .Count(Count), .Parity(Parity), .Banks(ProgramBanks), .Ram(Ram), .OfatFile(OfatFile), .OptFile(OptFile), .CellFile(CellFile),
               .ScaleInit(ScaleInit), .ZeroInit(ZeroInit))
  u_array (
    .clk_i, .rst_ni, .clear_i(clear), .run_i(busy_o), .en_i(en), .geometry_i(geometry),
    .prog_we_i({prog_we[8:7], prog_we[5:4], prog_we[2]}), .prog_pe_i(prog_pe), .prog_addr_i(prog_addr), .prog_data_i(prog_data), .prog_flip_i(prog_flip), .program_bank_i(program_bank), .err_parity_o(wrong_array),
    .range_release_i(range_release), .full_i(full), .row_groups_i(row_groups), .bank_o(bank), .step_o(step), .sign_o(sign), .fire_o(fire), .step_end_o(step_end), .release_o(release_bank), .wl_i(wl), .sum_i(row_sum), .rows_i(row_active),
    .valid_o(valid), .cstep_o(cstep), .group_o(group), .open_first_o(open_first), .opens_o(opens), .closes_o(closes),
    .range_o(range), .prod_o(prod), .err_ofat_o(err_ofat), .inc_o(inc_array)
  );

  logic [Lanes*OutBits-1:0] out_data;
  epim_back #(.PeRows(PeRows), .PeCols(PeCols), .XbCols(XbCols), .ColsPerAdc(ColsPerAdc), .JointLanes(JointLanes),
              .Lanes(Lanes), .ProdW(ProdW), .AccBits(AccBits), .ChannelScaleBits(ChannelScaleBits),
              .ChannelBiasBits(ChannelBiasBits), .SlopeBits(SlopeBits), .OutBits(OutBits), .SerialMultiply(SerialMultiply), .HoldFree(HoldFree), .DimW(DimW),
              .Endless(Endless), .ParamDepth(ParamDepth), .MaxChannels(MaxChannels), .Parity(Parity), .Banks(ProgramBanks), .ParamFile(ParamFile),
              .SlopeFile(SlopeFile))
  u_back (
    .clk_i, .rst_ni, .clear_i(clear), .stop_i(stop), .geometry_i(geometry), .prog_we_i({prog_we[6], prog_we[3]}), .prog_addr_i(prog_addr),
    .prog_data_i(prog_data), .prog_flip_i(prog_flip), .program_bank_i(program_bank), .err_parity_o(wrong_back), .en_o(en), .range_release_o(range_release), .valid_i(valid), .cstep_i(cstep), .group_i(group), .open_first_i(open_first),
    .opens_i(opens), .closes_i(closes), .range_i(range), .prod_i(prod), .m_valid_o(m_axis_tvalid_o),
    .m_ready_i(m_axis_tready_i), .m_data_o(out_data), .m_last_o(m_axis_tlast_o), .done_o(sent), .inc_o(inc_back)
  );
  // A run takes its input to the end, also rows behind the last window.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) sent_q <= 1'b0;
    else sent_q <= (sent_q || sent) && !clear && !done;
  end
  assign done = (sent || sent_q) && !front_busy;
  assign m_axis_tdata_o = OutDataW'(out_data);

endmodule
