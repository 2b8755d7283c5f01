// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// One accelerator core: a PE array with its index tables, buffers, joint module and output, on AXI4.
///
/// Data path: input stream -> input buffer -> (address controller, IFAT, IFRT) -> input register -> PE array
/// -> joint module (OFAT) -> requantiser -> output stream. Loading the next patch, firing, and draining a finished
/// range overlap; the PE array is the bottleneck by construction. Tables, cells and parameters come from image files
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
  /// Cycles of an ADC conversion, 1 or 2.
  parameter int AdcStages = 1,
  /// Compare one cycle ahead, into registers: the same cycles with a shorter path.
  parameter bit Early = 1'b0,
  /// Bits of a row, column or frame count: 7..16.
  parameter int DimW = 16,
  /// Geometry registers can be read; otherwise only their bits in use are kept.
  parameter bit GeometryReadback = 1'b1,
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
  /// The run starts after reset and takes frame after frame for ever; needs `Writable` = 0.
  parameter bit Endless = 1'b0,
  /// Crossbar cell memory as RAMs (1) or one flat array (0).
  parameter bit Ram = 1'b0,
  /// Hardware configuration hash.
  parameter logic [63:0] Hash = 64'd0,
  /// Geometry registers at reset.
  parameter logic [511:0] GeometryInit = epim_regs_pkg::GeometryReset,
  /// Images for `Writable` = 0; empty: none. `ParamFile` and `CellFile` get a number and ".hex" appended, `CellFile`
  /// with `Ram` also "_adc" and the number of the ADC lane.
  parameter IfatFile = "",
  parameter IfrtFile = "",
  parameter OfatFile = "",
  parameter ParamFile = "",
  parameter CellFile = "",
  /// M and Z at reset, PE (t,u) at index t*PeCols+u, 16 bits each.
  parameter logic [PeRows*PeCols*16-1:0] ScaleInit = {(PeRows*PeCols){16'd1}},
  parameter logic [PeRows*PeCols*16-1:0] ZeroInit = {(PeRows*PeCols){16'd0}},
  /// Derived parameters, do not overwrite: stream widths, rounded up to bytes.
  localparam int InDataW = 8 * epim_pkg::ceil_div(Lanes * ActBits, 8),
  localparam int OutDataW = 8 * epim_pkg::ceil_div(Lanes * OutBits, 8),
  /// Derived parameters, do not overwrite: widths of the observation ports.
  localparam int Adcs = epim_pkg::ceil_div(XbCols, ColsPerAdc),
  localparam int CSteps = epim_pkg::ceil_div(XbCols, Adcs),
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  localparam int Groups = epim_pkg::ceil_div(Adcs, JointLanes),
  localparam int GroupW = epim_pkg::idx_width(Groups),
  localparam int Slices = epim_pkg::ceil_div(WeightBits - 1, CellBits),
  localparam int PsumW = epim_pkg::psum_width(XbRows, Slices * CellBits, ActBits)
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
  /// Run in progress.
  output logic                busy_o,
  /// Frame length or a table was wrong since reset or abort (status bits 10..13).
  output logic                error_o,
  /// Observation for verification: no function, leave open.
  output logic                mon_fire_o,
  output logic                mon_load_o,
  output logic [DacBits*PeRows*XbRows-1:0] mon_wl_o,
  output logic                mon_psum_valid_o,
  output logic [CStepW-1:0]   mon_psum_cstep_o,
  output logic [PeRows*PeCols*Adcs*PsumW-1:0] mon_psum_o,
  output logic                mon_acc_we_o,
  output logic                mon_acc_closes_o,
  output logic [CStepW-1:0]   mon_acc_cstep_o,
  output logic [GroupW-1:0]   mon_acc_group_o,
  output logic [PeCols*JointLanes*AccBits-1:0] mon_acc_o
);

  localparam int Steps     = epim_pkg::ceil_div(ActSigned ? ActBits - 1 : ActBits, DacBits) + (ActSigned ? 1 : 0);
  localparam int StepW     = epim_pkg::idx_width(Steps);
  localparam int PatchW    = epim_pkg::idx_width(MaxPatches);
  localparam int WindowW   = epim_pkg::num_width(MaxWindow);
  localparam int BlockW    = epim_pkg::idx_width(MaxBlocks);
  localparam int ChannelW  = epim_pkg::num_width(MaxChannels);
  localparam int IfrtAddrW = epim_pkg::idx_width(IfrtDepth);
  localparam int ParamW    = epim_pkg::idx_width(ParamDepth);
  localparam int AddrW     = epim_pkg::idx_width(BufferWords);
  localparam int CountW    = epim_pkg::num_width(BufferWords);
  localparam int OffsetW   = CountW + 2;
  localparam int LaneGroups = XbRows / Lanes;
  localparam int LineW     = epim_pkg::idx_width(LaneGroups);
  localparam int PeRowW    = epim_pkg::idx_width(PeRows);
  localparam int PeColW    = epim_pkg::idx_width(PeCols);
  localparam int LaneW     = epim_pkg::idx_width(JointLanes);
  localparam int RunW      = epim_pkg::num_width(JointLanes);
  localparam int ColumnW   = PeColW + CStepW + GroupW + LaneW;
  localparam int RangeW    = 1 + 2 * ChannelW + 2 * ColumnW;
  localparam int SumW      = ActBits + 1 + epim_pkg::num_width(XbRows);
  localparam int ZeroedW   = ZeroPoint ? epim_pkg::max2(PsumW, ZeroBits + SumW) + 1 : PsumW;
  localparam int ProdW     = ZeroedW + ScaleBits;
  localparam int Planes    = 2 * Slices * CellBits;
  localparam int ProgW     = CStepW + epim_pkg::idx_width(Adcs) + epim_pkg::idx_width(Planes)
                             + epim_pkg::idx_width(epim_pkg::ceil_div(XbRows, 64));
  localparam int Pes       = PeRows * PeCols;
  localparam int GroupCycles = !SerialMultiply ? 1 : ScaleBits + 1 + (ZeroPoint ? ZeroBits + 1 : 0);
  localparam int ReadCycles  = !SerialMultiply ? 1 : ChannelScaleBits + 1;
  localparam int Rows      = PeRows * XbRows;

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
    if (Endless && Writable)                          begin : gen_rule20 epim_rule_endless_needs_rom u_rule (); end
  endgenerate

  // ---------------------------------------------------------------- control
  logic         start, abort, busy, clear, done;
  // Registers are 32 bits wide; a core uses as many bits as its parameters need.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [511:0] geometry;
  logic [31:0]  prog_addr;
  logic         reg_read;
  logic [7:0]   event_index;
  /* verilator lint_on UNUSEDSIGNAL */
  logic         prog_we;
  logic [7:0]   prog_kind;
  logic [15:0]  prog_pe;
  logic [63:0]  prog_data;
  logic         reg_write, reg_write_error, reg_read_error;
  logic [11:0]  reg_waddr, reg_raddr;
  logic [31:0]  reg_wdata, reg_rdata;
  logic [47:0]  event_count, cycles, first_fire, last_fire;
  logic         err_length, err_ifat, err_ifrt, err_ofat;

  epim_axil_slave #(.AddrW(12)) u_axil (
    .clk_i, .rst_ni,
    .s_awvalid_i(s_axil_awvalid_i), .s_awready_o(s_axil_awready_o), .s_awaddr_i(s_axil_awaddr_i),
    .s_wvalid_i(s_axil_wvalid_i), .s_wready_o(s_axil_wready_o), .s_wdata_i(s_axil_wdata_i),
    .s_wstrb_i(s_axil_wstrb_i), .s_bvalid_o(s_axil_bvalid_o), .s_bready_i(s_axil_bready_i),
    .s_bresp_o(s_axil_bresp_o), .s_arvalid_i(s_axil_arvalid_i), .s_arready_o(s_axil_arready_o),
    .s_araddr_i(s_axil_araddr_i), .s_rvalid_o(s_axil_rvalid_o), .s_rready_i(s_axil_rready_i),
    .s_rdata_o(s_axil_rdata_o), .s_rresp_o(s_axil_rresp_o),
    .write_o(reg_write), .waddr_o(reg_waddr), .wdata_o(reg_wdata), .write_error_i(reg_write_error),
    .read_o(reg_read), .raddr_o(reg_raddr), .rdata_i(reg_rdata), .read_error_i(reg_read_error)
  );

  epim_regs #(.AddrW(12), .Writable(Writable), .Endless(Endless), .Hash(Hash), .GeometryInit(GeometryInit),
              .GeometryReadback(GeometryReadback))
  u_regs (
    .clk_i, .rst_ni, .write_i(reg_write), .waddr_i(reg_waddr), .wdata_i(reg_wdata), .write_error_o(reg_write_error),
    .raddr_i(reg_raddr), .rdata_o(reg_rdata), .read_error_o(reg_read_error),
    .start_o(start), .abort_o(abort), .busy_o(busy), .done_i(done),
    .error_i({err_ofat, err_ifrt, err_ifat, err_length}), .error_o, .geometry_o(geometry),
    .prog_we_o(prog_we), .prog_kind_o(prog_kind), .prog_pe_o(prog_pe), .prog_addr_o(prog_addr),
    .prog_data_o(prog_data), .event_o(event_index), .event_count_i(event_count), .cycles_i(cycles),
    .first_fire_i(first_fire), .last_fire_i(last_fire)
  );
  assign clear  = start || abort;
  assign busy_o = busy;

  // Geometry fields.
  logic [PatchW-1:0]  g_last_patch;
  logic [7:0]         g_kh, g_kw, g_stride, g_pad_top, g_pad_left;
  logic [DimW-1:0]    g_in_h, g_in_w, g_out_h, g_out_w, g_ring_rows, g_frames;
  logic [BlockW:0]    g_blocks;
  logic [15:0]        g_last_lanes;
  logic [CountW-1:0]  g_row_words, g_ring_words;
  logic [OffsetW-1:0] g_x_step, g_x_first;
  logic [5:0]         g_shift;
  logic [OutBits:0]   g_lo, g_hi;
  assign g_last_patch = geometry[0 +: PatchW];
  assign g_kh         = geometry[32 +: 8];
  assign g_kw         = geometry[40 +: 8];
  assign g_stride     = geometry[64 +: 8];
  assign g_pad_top    = geometry[96 +: 8];
  assign g_pad_left   = geometry[104 +: 8];
  assign g_in_h       = geometry[128 +: DimW];
  assign g_in_w       = geometry[144 +: DimW];
  assign g_out_h      = geometry[160 +: DimW];
  assign g_out_w      = geometry[176 +: DimW];
  assign g_blocks     = geometry[192 +: BlockW+1];
  assign g_last_lanes = geometry[208 +: 16];
  assign g_row_words  = geometry[224 +: CountW];
  assign g_ring_rows  = geometry[256 +: DimW];
  assign g_ring_words = geometry[288 +: CountW];
  assign g_x_step     = geometry[320 +: OffsetW];
  assign g_x_first    = geometry[352 +: OffsetW];
  assign g_frames     = geometry[384 +: DimW];
  assign g_shift      = geometry[416 +: 6];
  // With 32 output bits the limits need 33: lo is signed, hi is signed where lo is negative.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [32:0] lo, hi;
  /* verilator lint_on UNUSEDSIGNAL */
  assign lo           = {geometry[479], geometry[448 +: 32]};
  assign hi           = {geometry[479] && geometry[511], geometry[480 +: 32]};
  assign g_lo         = lo[OutBits:0];
  assign g_hi         = hi[OutBits:0];

  // Program port.
  logic prog_ifat, prog_ifrt, prog_ofat, prog_param, prog_scale, prog_cell;
  assign prog_ifat  = prog_we && prog_kind == 8'd0;
  assign prog_ifrt  = prog_we && prog_kind == 8'd1;
  assign prog_ofat  = prog_we && prog_kind == 8'd2;
  assign prog_param = prog_we && prog_kind == 8'd3;
  assign prog_scale = prog_we && prog_kind == 8'd4;
  assign prog_cell  = prog_we && prog_kind == 8'd5;

  // ---------------------------------------------------------------- input side
  logic              buf_re, row_free, buf_write;
  logic [AddrW-1:0]  buf_addr;
  logic [Lanes*ActBits-1:0] buf_data;
  logic [DimW-1:0]   rows_ready;

  epim_input_buffer #(.Depth(BufferWords), .Width(Lanes*ActBits), .DimW(DimW), .Endless(Endless), .Early(Early))
  u_input_buffer (
    .clk_i, .rst_ni, .clear_i(clear), .run_i(busy),
    .cfg_row_words_i(g_row_words), .cfg_ring_words_i(g_ring_words), .cfg_ring_rows_i(g_ring_rows),
    .cfg_in_h_i(g_in_h), .cfg_frames_i(g_frames),
    .s_valid_i(s_axis_tvalid_i), .s_ready_o(s_axis_tready_o), .s_data_i(s_axis_tdata_i[Lanes*ActBits-1:0]),
    .s_last_i(s_axis_tlast_i), .rows_o(rows_ready), .free_i(row_free),
    .re_i(buf_re), .raddr_i(buf_addr), .rdata_o(buf_data), .write_o(buf_write), .err_length_o(err_length)
  );

  logic                 ifat_re;
  logic [PatchW-1:0]    ifat_patch;
  logic [WindowW-1:0]   ifat_start, ifat_stop;
  logic [BlockW-1:0]    ifat_block;
  logic [IfrtAddrW-1:0] ifat_base;
  epim_ifat #(.MaxPatches(MaxPatches), .WindowW(WindowW), .BlockW(BlockW), .IfrtAddrW(IfrtAddrW), .InitFile(IfatFile))
  u_ifat (
    .clk_i, .re_i(ifat_re), .patch_i(ifat_patch), .start_o(ifat_start), .stop_o(ifat_stop), .block_o(ifat_block),
    .ifrt_base_o(ifat_base), .we_i(prog_ifat), .waddr_i(prog_addr[PatchW-1:0]),
    .wdata_i(prog_data[2*WindowW+BlockW+IfrtAddrW-1:0])
  );

  logic                 req, req_pad, req_last_block, req_first, req_last, req_bank, bank_free;
  logic [IfrtAddrW-1:0] req_ifrt;
  epim_addr_ctrl #(.MaxPatches(MaxPatches), .WindowW(WindowW), .BlockW(BlockW), .IfrtAddrW(IfrtAddrW),
                   .BufferDepth(BufferWords), .DimW(DimW), .Endless(Endless), .Early(Early))
  u_addr_ctrl (
    .clk_i, .rst_ni, .clear_i(clear), .run_i(busy), .cfg_last_patch_i(g_last_patch), .cfg_kh_i(g_kh), .cfg_kw_i(g_kw),
    .cfg_stride_i(g_stride), .cfg_pad_top_i(g_pad_top), .cfg_pad_left_i(g_pad_left), .cfg_in_h_i(g_in_h),
    .cfg_in_w_i(g_in_w), .cfg_out_h_i(g_out_h), .cfg_out_w_i(g_out_w), .cfg_frames_i(g_frames),
    .cfg_blocks_i(g_blocks), .cfg_row_words_i(g_row_words), .cfg_ring_words_i(g_ring_words), .cfg_x_step_i(g_x_step),
    .cfg_x_first_i(g_x_first), .ifat_re_o(ifat_re), .ifat_patch_o(ifat_patch), .ifat_start_i(ifat_start),
    .ifat_stop_i(ifat_stop), .ifat_block_i(ifat_block), .ifat_ifrt_base_i(ifat_base), .rows_i(rows_ready),
    .free_o(row_free), .bank_free_i(bank_free), .req_o(req), .req_addr_o(buf_addr), .req_pad_o(req_pad),
    .req_last_block_o(req_last_block), .req_ifrt_o(req_ifrt), .req_first_o(req_first), .req_last_o(req_last),
    .req_bank_o(req_bank), .err_ifat_o(err_ifat)
  );
  assign buf_re = req && !req_pad;

  logic [LineW-1:0]  line_group;
  logic [PeRowW-1:0] line_pe_row;
  logic              line_used;
  epim_ifrt #(.Depth(IfrtDepth), .GroupW(LineW), .PeRowW(PeRowW), .InitFile(IfrtFile)) u_ifrt (
    .clk_i, .re_i(req), .addr_i(req_ifrt), .group_o(line_group), .pe_row_o(line_pe_row), .used_o(line_used),
    .we_i(prog_ifrt), .waddr_i(prog_addr[IfrtAddrW-1:0]), .wdata_i(prog_data[LineW+PeRowW:0])
  );

  // The word and its IFRT entry meet one cycle after the request.
  logic word_q, word_pad_q, word_last_block_q, word_first_q, word_last_q, word_bank_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      word_q            <= 1'b0;
      word_pad_q        <= 1'b0;
      word_last_block_q <= 1'b0;
      word_first_q      <= 1'b0;
      word_last_q       <= 1'b0;
      word_bank_q       <= 1'b0;
    end else begin
      word_q            <= req && !clear;
      word_pad_q        <= req_pad;
      word_last_block_q <= req_last_block;
      word_first_q      <= req_first;
      word_last_q       <= req_last;
      word_bank_q       <= req_bank;
    end
  end
  // An entry that names no word lines or some beyond the array; a sequence that runs past the end of the table.
  assign err_ifrt = (word_q && (!line_used || (32'(line_group) >= LaneGroups) || (32'(line_pe_row) >= PeRows)))
                 || (req && ((32'(req_ifrt) >= IfrtDepth) || (!req_last && (32'(req_ifrt) + 1 >= IfrtDepth))));

  logic [Lanes*ActBits-1:0] word;
  generate
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane_mask
      assign word[l*ActBits +: ActBits] =
        (word_pad_q || (word_last_block_q && (16'(l) >= g_last_lanes))) ? '0 : buf_data[l*ActBits +: ActBits];
    end
  endgenerate

  // Banks of the input register: taken from the first request to the last firing, full from the last word on.
  logic       fire_bank, release_bank;
  logic [1:0] taken_q, full_q;
  assign bank_free = !taken_q[req_bank] || (release_bank && fire_bank == req_bank);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      taken_q <= '0;
      full_q  <= '0;
    end else if (clear) begin
      taken_q <= '0;
      full_q  <= '0;
    end else begin
      if (release_bank) begin
        taken_q[fire_bank] <= 1'b0;
        full_q[fire_bank]  <= 1'b0;
      end
      if (req && req_first) taken_q[req_bank] <= 1'b1;
      if (word_q && word_last_q) full_q[word_bank_q] <= 1'b1;
    end
  end

  logic                           array_en, fire;
  logic [StepW-1:0]               step;
  logic [DacBits*Rows-1:0]        wl;
  logic [PeRows*SumW-1:0]         row_sum;
  epim_input_reg #(.XbRows(XbRows), .PeRows(PeRows), .Lanes(Lanes), .ActBits(ActBits), .ActSigned(ActSigned),
                   .DacBits(DacBits), .ZeroPoint(ZeroPoint), .Shift(InputShift))
  u_input_reg (
    .clk_i, .rst_ni, .we_i(word_q), .first_i(word_first_q), .wbank_i(word_bank_q), .pe_row_i(line_pe_row),
    .group_i(line_group), .data_i(word), .bank_i(fire_bank), .step_i(step),
    .fire_i(fire && array_en), .wl_o(wl), .sum_o(row_sum)
  );

  // ---------------------------------------------------------------- PE array
  logic                load, dispatch;
  logic [CStepW-1:0]   cstep;
  logic [PeCols*Adcs-1:0] sel;
  logic                acc_valid, acc_first, acc_sign, acc_after_sign, acc_last;
  logic                ser_load, ser_valid, ser_open_first, ser_opens, ser_closes, ser_end_round, fire_opens;
  logic [GroupW-1:0]   ser_group;
  logic [CStepW-1:0]   ser_cstep;
  logic [ChannelW-1:0] ser_start, ser_stop, ofat_start, ofat_stop;
  logic [ColumnW-1:0]  ser_first, ser_last, ofat_first, ofat_last;
  logic                ofat_re;
  logic [PatchW-1:0]   ofat_patch;

  epim_ofat #(.MaxPatches(MaxPatches), .ChannelW(ChannelW), .ColumnW(ColumnW), .InitFile(OfatFile)) u_ofat (
    .clk_i, .re_i(ofat_re), .patch_i(ofat_patch), .start_o(ofat_start), .stop_o(ofat_stop), .first_o(ofat_first),
    .last_o(ofat_last), .we_i(prog_ofat), .waddr_i(prog_addr[PatchW-1:0]),
    .wdata_i(prog_data[2*ChannelW+2*ColumnW-1:0])
  );

  epim_fire_ctrl #(.MaxPatches(MaxPatches), .PeCols(PeCols), .XbCols(XbCols), .Adcs(Adcs), .JointLanes(JointLanes),
                   .Steps(Steps), .ActSigned(ActSigned), .ChannelW(ChannelW), .Early(Early), .AdcStages(AdcStages),
                   .GroupCycles(GroupCycles))
  u_fire_ctrl (
    .clk_i, .rst_ni, .clear_i(clear), .run_i(busy), .en_i(array_en), .cfg_last_patch_i(g_last_patch),
    .ofat_re_o(ofat_re), .ofat_patch_o(ofat_patch), .ofat_start_i(ofat_start), .ofat_stop_i(ofat_stop),
    .ofat_first_i(ofat_first), .ofat_last_i(ofat_last), .bank_full_i(full_q), .release_o(release_bank),
    .bank_o(fire_bank), .step_o(step), .fire_o(fire), .load_o(load), .cstep_o(cstep), .sel_o(sel),
    .fire_opens_o(fire_opens),
    .acc_valid_o(acc_valid), .acc_first_o(acc_first), .acc_sign_o(acc_sign), .acc_after_sign_o(acc_after_sign),
    .acc_last_o(acc_last), .ser_load_o(ser_load), .ser_valid_o(ser_valid), .ser_group_o(ser_group),
    .ser_cstep_o(ser_cstep),
    .ser_open_first_o(ser_open_first), .ser_opens_o(ser_opens), .ser_closes_o(ser_closes),
    .ser_end_round_o(ser_end_round), .ser_start_o(ser_start), .ser_stop_o(ser_stop), .ser_first_o(ser_first),
    .ser_last_o(ser_last), .dispatch_o(dispatch), .err_ofat_o(err_ofat)
  );

  logic [Pes*JointLanes*ProdW-1:0] prod;
  logic [Pes*32-1:0]               pe_reads;
  logic [Pes*16-1:0]               pe_zero, pe_saturated;
  generate
    for (genvar t = 0; t < PeRows; t++) begin : gen_pe_row
      logic [DacBits*XbRows-1:0] wl_row;
      for (genvar d = 0; d < DacBits; d++) begin : gen_digit
        assign wl_row[d*XbRows +: XbRows] = wl[d*Rows + t*XbRows +: XbRows];
      end
      for (genvar u = 0; u < PeCols; u++) begin : gen_pe_col
        localparam int Pe = t * PeCols + u;
        localparam [7:0] Hundreds = 8'd48 + 8'(Pe / 100);
        localparam [7:0] Tens     = 8'd48 + 8'((Pe / 10) % 10);
        localparam [7:0] Ones     = 8'd48 + 8'(Pe % 10);
        epim_pe #(.XbRows(XbRows), .XbCols(XbCols), .CellBits(CellBits), .Slices(Slices), .ActBits(ActBits),
                  .ActSigned(ActSigned), .DacBits(DacBits), .AdcBits(AdcBits), .Adcs(Adcs), .JointLanes(JointLanes),
                  .ScaleBits(ScaleBits), .ZeroPoint(ZeroPoint), .ZeroBits(ZeroBits), .SumW(SumW), .Ram(Ram),
                  .SerialMultiply(SerialMultiply), .AdcStages(AdcStages), .Count(Count), .InitFile(CellFile == "" ? "" : {CellFile, Hundreds, Tens, Ones, Ram ? "_adc" : ".hex"}),
                  .ScaleInit(32'(ScaleInit[Pe*16 +: 16])), .ZeroInit(32'($signed(ZeroInit[Pe*16 +: 16]))))
        u_pe (
          .clk_i, .rst_ni, .en_i(array_en), .fire_i(fire), .load_i(load), .cstep_i(cstep),
          .sel_i(sel[u*Adcs +: Adcs]), .wl_i(wl_row), .sum_i(row_sum[t*SumW +: SumW]),
          .acc_valid_i(acc_valid), .acc_first_i(acc_first), .acc_sign_i(acc_sign),
          .acc_after_sign_i(acc_after_sign), .acc_last_i(acc_last), .group_i(ser_group),
          .ser_load_i(ser_load),
          .prod_o(prod[Pe*JointLanes*ProdW +: JointLanes*ProdW]),
          .psum_o(mon_psum_o[Pe*Adcs*PsumW +: Adcs*PsumW]),
          .cell_reads_o(pe_reads[Pe*32 +: 32]), .adc_zero_o(pe_zero[Pe*16 +: 16]),
          .adc_saturated_o(pe_saturated[Pe*16 +: 16]),
          .prog_cell_we_i(prog_cell && prog_pe == 16'(Pe)), .prog_addr_i(prog_addr[ProgW-1:0]),
          .prog_scale_we_i(prog_scale && prog_pe == 16'(Pe)), .prog_data_i(prog_data)
        );
      end
    end
  endgenerate

  // ---------------------------------------------------------------- joint module
  logic                      range_valid, range_bank, range_take, range_release, rd, rd_bank;
  logic [RangeW-1:0]         range;
  logic [PeColW-1:0]         rd_pe_col;
  logic [CStepW-1:0]         rd_cstep;
  logic [GroupW-1:0]         rd_group;
  logic [JointLanes*AccBits-1:0] rd_acc;
  epim_joint #(.PeRows(PeRows), .PeCols(PeCols), .CSteps(CSteps), .Groups(Groups), .JointLanes(JointLanes),
               .ProdW(ProdW), .AccBits(AccBits), .RangeW(RangeW))
  u_joint (
    .clk_i, .rst_ni, .clear_i(clear), .en_o(array_en), .valid_i(ser_valid), .cstep_i(ser_cstep), .group_i(ser_group),
    .open_first_i(ser_open_first), .opens_i(ser_opens), .closes_i(ser_closes),
    .range_i({ser_end_round, ser_start, ser_stop, ser_first, ser_last}), .prod_i(prod),
    .range_valid_o(range_valid), .range_bank_o(range_bank), .range_o(range), .range_take_i(range_take),
    .range_release_i(range_release), .rd_en_i(rd), .rd_bank_i(rd_bank), .rd_pe_col_i(rd_pe_col),
    .rd_cstep_i(rd_cstep), .rd_group_i(rd_group), .rd_data_o(rd_acc),
    .mon_we_o(mon_acc_we_o), .mon_closes_o(mon_acc_closes_o), .mon_cstep_o(mon_acc_cstep_o),
    .mon_group_o(mon_acc_group_o), .mon_data_o(mon_acc_o)
  );

  // ---------------------------------------------------------------- output side
  logic              out_en, rd_end_range, rd_end_round, rd_end_frame, rd_end_all;
  logic [ParamW-1:0] rd_param;
  logic [LaneW-1:0]  rd_offset;
  logic [RunW-1:0]   rd_count;
  epim_drain #(.PeCols(PeCols), .XbCols(XbCols), .Adcs(Adcs), .JointLanes(JointLanes), .ChannelW(ChannelW),
               .ParamDepth(ParamDepth), .DimW(DimW), .Endless(Endless), .ReadCycles(ReadCycles))
  u_drain (
    .clk_i, .rst_ni, .clear_i(clear), .en_i(out_en), .cfg_out_w_i(g_out_w), .cfg_out_h_i(g_out_h),
    .cfg_frames_i(g_frames), .range_valid_i(range_valid), .range_bank_i(range_bank), .range_i(range),
    .range_take_o(range_take), .rd_o(rd), .rd_bank_o(rd_bank), .rd_pe_col_o(rd_pe_col), .rd_cstep_o(rd_cstep),
    .rd_group_o(rd_group), .rd_param_o(rd_param), .rd_offset_o(rd_offset), .rd_count_o(rd_count),
    .rd_end_range_o(rd_end_range), .rd_end_round_o(rd_end_round), .rd_end_frame_o(rd_end_frame),
    .rd_end_all_o(rd_end_all)
  );

  // Run descriptors follow the data: r+1 (accumulator read), r+2 (product), r+3 (requantised, to the packer).
  // Serially: the product is there ChannelScaleBits+2 cycles after the read, requantised three later.
  localparam int DescW = LaneW + RunW + 3;
  logic             v1_q, v2_q, v2b_q, v2c_q, v3_q, end_range_q, product;
  logic [DescW-1:0] d1_q, d2_q, d3_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      v1_q        <= 1'b0;
      v2_q        <= 1'b0;
      v2b_q       <= 1'b0;
      v2c_q       <= 1'b0;
      v3_q        <= 1'b0;
      end_range_q <= 1'b0;
    end else if (clear) begin
      v1_q        <= 1'b0;
      v2_q        <= 1'b0;
      v2b_q       <= 1'b0;
      v2c_q       <= 1'b0;
      v3_q        <= 1'b0;
      end_range_q <= 1'b0;
    end else if (out_en) begin
      v1_q        <= rd;
      v2_q        <= SerialMultiply ? product : v1_q;
      v2b_q       <= v2_q;
      v2c_q       <= v2b_q;
      v3_q        <= SerialMultiply ? v2c_q : v2_q;
      end_range_q <= rd && rd_end_range;
    end
  end
  always_ff @(posedge clk_i) begin
    if (out_en) begin
      if (rd || !SerialMultiply) d1_q <= {rd_offset, rd_count, rd_end_round, rd_end_frame, rd_end_all};
      if (product || !SerialMultiply) d2_q <= d1_q;
      d3_q <= d2_q;
    end
  end
  assign range_release = end_range_q && out_en;

  logic [JointLanes*OutBits-1:0] requantised;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [JointLanes-1:0]         products;  // the lanes of a serial requantiser end together
  /* verilator lint_on UNUSEDSIGNAL */
  assign product = products[0];
  localparam int JointIdxW = epim_pkg::idx_width(JointLanes);
  localparam int ParamEntryW = ChannelScaleBits + ChannelBiasBits;
  generate
    for (genvar i = 0; i < JointLanes; i++) begin : gen_requant
      localparam [7:0] Tens = 8'd48 + 8'(i / 10);
      localparam [7:0] Ones = 8'd48 + 8'(i % 10);
      logic [ParamEntryW-1:0] param;
      // Program address: {entry, lane}. Entry: {B, G}.
      epim_ram #(.Depth(ParamDepth), .Width(ParamEntryW),
                 .InitFile(ParamFile == "" ? "" : {ParamFile, Tens, Ones, ".hex"}))
      u_param (
        .clk_i, .re_i(rd), .raddr_i(rd_param), .rdata_o(param),
        .we_i(prog_param && prog_addr[JointIdxW-1:0] == JointIdxW'(i)), .waddr_i(prog_addr[JointIdxW +: ParamW]),
        .wdata_i(prog_data[ParamEntryW-1:0])
      );
      if (SerialMultiply) begin : gen_serial
        epim_serial_requant #(.AccBits(AccBits), .ScaleBits(ChannelScaleBits), .BiasBits(ChannelBiasBits),
                              .OutBits(OutBits))
        u_requant (
          .clk_i, .rst_ni, .clear_i(clear), .en_i(out_en), .load_i(v1_q), .acc_i(rd_acc[i*AccBits +: AccBits]),
          .scale_i(param[ChannelScaleBits-1:0]), .bias_i(param[ParamEntryW-1:ChannelScaleBits]), .last_o(products[i]),
          .cfg_shift_i(g_shift), .cfg_lo_i(g_lo), .cfg_hi_i(g_hi), .out_o(requantised[i*OutBits +: OutBits])
        );
      end else begin : gen_parallel
        epim_requant #(.AccBits(AccBits), .ScaleBits(ChannelScaleBits), .BiasBits(ChannelBiasBits), .OutBits(OutBits))
        u_requant (
          .clk_i, .en_i(out_en), .acc_i(rd_acc[i*AccBits +: AccBits]), .scale_i(param[ChannelScaleBits-1:0]),
          .bias_i(param[ParamEntryW-1:ChannelScaleBits]), .cfg_shift_i(g_shift), .cfg_lo_i(g_lo), .cfg_hi_i(g_hi),
          .out_o(requantised[i*OutBits +: OutBits])
        );
        assign products[i] = 1'b0;
      end
    end
  endgenerate

  logic [LaneW-1:0] out_offset;
  logic [RunW-1:0]  out_count;
  logic             out_end_round, out_end_frame, out_end_all;
  logic [Lanes*OutBits-1:0] out_data;
  assign {out_offset, out_count, out_end_round, out_end_frame, out_end_all} = d3_q;
  epim_output #(.Lanes(Lanes), .OutBits(OutBits), .JointLanes(JointLanes)) u_output (
    .clk_i, .rst_ni, .clear_i(clear), .en_o(out_en), .valid_i(v3_q), .offset_i(out_offset), .count_i(out_count),
    .data_i(requantised), .end_round_i(out_end_round), .end_frame_i(out_end_frame), .end_all_i(out_end_all),
    .m_valid_o(m_axis_tvalid_o), .m_ready_i(m_axis_tready_i), .m_data_o(out_data), .m_last_o(m_axis_tlast_o),
    .done_o(done)
  );
  assign m_axis_tdata_o = OutDataW'(out_data);

  // ---------------------------------------------------------------- observation
  logic ser_first_group;
  assign ser_first_group  = ser_load && (ser_group == '0);
  assign mon_fire_o       = fire && array_en;
  assign mon_load_o       = load && array_en;
  assign mon_wl_o         = wl;
  assign mon_psum_valid_o = ser_first_group && array_en;
  assign mon_psum_cstep_o = ser_cstep;

  // ---------------------------------------------------------------- events
  generate
    if (Count) begin : gen_count
      localparam int Events = epim_events_pkg::Count;
      localparam int IndexW = epim_pkg::idx_width(Events);
      localparam int SelW   = 64 * epim_pkg::ceil_div(PeCols * Adcs, 64);
      localparam int WideW  = 64 * epim_pkg::ceil_div(Rows, 64);
      logic [31:0] driven, selected, reads, zeros, saturated;
      logic [6:0]  ones;
      always_comb begin
        ones = '0;
        driven = '0;
        selected = '0;
        reads = '0;
        zeros = '0;
        saturated = '0;
        if (fire && array_en) begin
          for (int r = 0; r < (Rows + 63) / 64; r++) begin
            ones = epim_pkg::popcount64(chunk(r));
            driven = driven + 32'(ones);
          end
          for (int r = 0; r < (PeCols * Adcs + 63) / 64; r++) begin
            ones = epim_pkg::popcount64(64'(SelW'(sel) >> (r * 64)));
            selected = selected + 32'(ones);
          end
        end
        if (acc_valid && array_en) begin
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
        for (int d = 0; d < DacBits; d++) any = any | 64'(WideW'(wl[d*Rows +: Rows]) >> (r * 64));
        chunk = any;
      endfunction

      logic [Events*32-1:0] inc;
      always_comb begin
        inc = '0;
        inc[epim_events_pkg::Activations*32 +: 32]         = 32'(dispatch);
        inc[epim_events_pkg::FireCycles*32 +: 32]          = 32'(fire && array_en);
        inc[epim_events_pkg::IdleCycles*32 +: 32]          = 32'(!(fire && array_en));
        inc[epim_events_pkg::WordLineDrives*32 +: 32]      = driven * 32'(PeCols);
        inc[epim_events_pkg::CellReads*32 +: 32]           = reads;
        inc[epim_events_pkg::AdcConversions*32 +: 32]      = selected * 32'(2 * Slices * PeRows);
        inc[epim_events_pkg::AdcZero*32 +: 32]             = zeros;
        inc[epim_events_pkg::AdcSaturated*32 +: 32]        = saturated;
        inc[epim_events_pkg::ShiftAdds*32 +: 32]           = selected * 32'(Slices * PeRows);
        inc[epim_events_pkg::InputBufferWrites*32 +: 32]   = 32'(buf_write);
        inc[epim_events_pkg::InputBufferReads*32 +: 32]    = 32'(buf_re);
        inc[epim_events_pkg::InputRegisterWrites*32 +: 32] = 32'(word_q);
        inc[epim_events_pkg::IfatReads*32 +: 32]           = 32'(req && req_first);
        inc[epim_events_pkg::IfrtReads*32 +: 32]           = 32'(req);
        inc[epim_events_pkg::OfatReads*32 +: 32]           = 32'(dispatch);
        inc[epim_events_pkg::ScaleMultiplies*32 +: 32]     = load ? selected * 32'(PeRows) : '0;
        inc[epim_events_pkg::JointAdds*32 +: 32]           = (load && !fire_opens) ? selected : '0;
        inc[epim_events_pkg::Requantisations*32 +: 32]     = (rd) ? 32'(rd_count) : '0;
        inc[epim_events_pkg::OutputBufferWrites*32 +: 32]  = 32'(m_axis_tvalid_o && m_axis_tready_i);
      end
      epim_counters #(.Events(Events), .IncW(32)) u_counters (
        .clk_i, .rst_ni, .clear_i(clear), .run_i(busy), .inc_i(inc), .fire_i(fire && array_en),
        .index_i(event_index[IndexW-1:0]), .count_o(event_count), .cycles_o(cycles), .first_fire_o(first_fire),
        .last_fire_o(last_fire)
      );
    end else begin : gen_no_count
      assign event_count = '0;
      assign cycles      = '0;
      assign first_fire  = '0;
      assign last_fire   = '0;
      /* verilator lint_off UNUSEDSIGNAL */
      logic unused;  // what only the counters read
      /* verilator lint_on UNUSEDSIGNAL */
      assign unused = &{1'b0, buf_write, dispatch, fire_opens, pe_reads, pe_zero, pe_saturated};
    end
  endgenerate

endmodule
