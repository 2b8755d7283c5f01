// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Front of a core: input stream -> input buffer -> (address controller, IFAT, IFRT) -> input register.
///
/// Fills one bank of the input register while the array fires the other. A bank is taken from its first request to
/// `release_i` of its last firing, and full (`full_o`) from its last word on.
/// Parameters as epim_core checks them.
/// Latency: the word of a request in cycle r is on the word lines of its bank from r+2 (docs/timing.md).
/// Handshake: input stream valid/ready; `bank_i`, `step_i`, `step_end_i`, `release_i` from the fire controller.
module epim_front #(
  /// Word lines of a crossbar; PE rows.
  parameter int XbRows = 64,
  parameter int PeRows = 1,
  /// Channels per stream and buffer word.
  parameter int Lanes = 8,
  /// Bits of an activation, two's complement with `ActSigned`; bits per input step.
  parameter int ActBits = 8,
  parameter bit ActSigned = 1'b0,
  parameter int DacBits = 1,
  /// Keep the row sums.
  parameter bit ZeroPoint = 1'b0,
  /// Input register as shift registers.
  parameter bit InputShift = 1'b0,
  /// Word lines of a row group.
  parameter int RowsPerRead = XbRows,
  /// The first PE row holds a weight pool.
  parameter bit Pool = 1'b0,
  /// Words of the input buffer.
  parameter int BufferWords = 1024,
  /// Bits of a row, column or frame count.
  parameter int DimW = 16,
  /// Frame after frame, for ever.
  parameter bit Endless = 1'b0,
  /// Table sizes; largest window in words, channel blocks.
  parameter int MaxPatches = 4,
  parameter int IfrtDepth = 16,
  parameter int MaxWindow = 64,
  parameter int MaxBlocks = 8,
  /// Entries have a parity bit.
  parameter bit Parity = 1'b0,
  /// Programs that the memories hold side by side.
  parameter int Banks = 1,
  /// Table images; empty: none.
  parameter IfatFile = "",
  parameter IfrtFile = "",
  /// Derived parameters, do not overwrite.
  localparam int Rows   = PeRows * XbRows,
  localparam int RowGroups = XbRows / epim_pkg::max2(RowsPerRead, 1),
  localparam int StepW  = epim_pkg::idx_width(epim_pkg::step_count(ActBits, ActSigned, DacBits)),
  localparam int SumW   = epim_pkg::sum_width(XbRows, ActBits),
  localparam int Events = epim_events_pkg::Count
) (
  /// Clock.
  input  logic                     clk_i,
  /// Reset, active low.
  input  logic                     rst_ni,
  /// Forget the run so far.
  input  logic                     clear_i,
  /// With `clear_i`: the run is aborted. Drop input up to a `tlast`; drop no more.
  input  logic                     abort_i,
  input  logic                     drop_i,
  input  logic                     forget_i,
  /// A run is on.
  input  logic                     run_i,
  /// Geometry words.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [epim_regs_pkg::GeometryBits-1:0] geometry_i,
  /// Program port of {IFRT, IFAT}.
  input  logic [1:0]               prog_we_i,
  input  logic [31:0]              prog_addr_i,
  input  logic [63:0]              prog_data_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic                     prog_flip_i,
  /// The program that runs; entries are stored beside it (read with two `Banks` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                     program_bank_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Input stream: channel l of the word at [l*ActBits +: ActBits].
  input  logic                     s_valid_i,
  output logic                     s_ready_o,
  input  logic [Lanes*ActBits-1:0] s_data_i,
  input  logic                     s_last_i,
  /// Full banks.
  output logic [1:0]               full_o,
  /// Row groups in which the patch of bank b has a word line, at [b*RowGroups +: RowGroups].
  output logic [2*RowGroups-1:0]   row_groups_o,
  /// Bank and input step that fire, 0 = least significant, the sign step; last cycle of the step; the last firing of the
  /// bank.
  input  logic                     bank_i,
  input  logic [StepW-1:0]         step_i,
  input  logic                     sign_i,
  input  logic                     step_end_i,
  input  logic                     release_i,
  /// Word lines: digit d of row r at [d*Rows + r]. Sum of the activations of PE row t at [t*SumW +: SumW].
  output logic [DacBits*Rows-1:0]  wl_o,
  output logic [PeRows*SumW-1:0]   sum_o,
  /// PE rows in which the firing patch has a word line; without `Pool` all.
  output logic [PeRows-1:0]        rows_o,
  /// Rows of the run are still to come, to be read or to be given back.
  output logic                     busy_o,
  /// Error pulses.
  output logic                     err_length_o,
  output logic                     err_ifat_o,
  output logic                     err_ifrt_o,
  output logic                     err_parity_o,
  /// Increments of the event counters that are counted here.
  output logic [Events*32-1:0]     inc_o
);

  localparam int PatchW    = epim_pkg::idx_width(MaxPatches);
  localparam int WindowW   = epim_pkg::num_width(MaxWindow);
  localparam int BlockW    = epim_pkg::idx_width(MaxBlocks);
  localparam int IfrtAddrW = epim_pkg::idx_width(IfrtDepth);
  localparam int IfatBankW = epim_pkg::idx_width(Banks * MaxPatches);
  localparam int IfrtBankW = epim_pkg::idx_width(Banks * IfrtDepth);
  localparam int AddrW     = epim_pkg::idx_width(BufferWords);
  localparam int CountW    = epim_pkg::num_width(BufferWords);
  localparam int OffsetW   = CountW + 2;
  localparam int TapW      = 5;  // kernels and dilations up to 31
  localparam int LineW     = epim_pkg::idx_width(XbRows / Lanes);
  localparam int PeRowW    = epim_pkg::idx_width(PeRows);

  logic                     buf_re, row_free, buf_write;
  logic [AddrW-1:0]         buf_addr;
  logic [Lanes*ActBits-1:0] buf_data;
  logic [DimW-1:0]          rows_ready;
  epim_input_buffer #(.Depth(BufferWords), .Width(Lanes*ActBits), .DimW(DimW), .Endless(Endless)) u_input_buffer (
    .clk_i, .rst_ni, .clear_i, .abort_i, .drop_i, .forget_i, .run_i,
    .cfg_row_words_i(geometry_i[epim_regs_pkg::RowWordsLsb +: CountW]),
    .cfg_ring_words_i(geometry_i[epim_regs_pkg::RingWordsLsb +: CountW]),
    .cfg_ring_rows_i(geometry_i[epim_regs_pkg::RingRowsLsb +: DimW]),
    .cfg_in_h_i(geometry_i[epim_regs_pkg::InRowsLsb +: DimW]),
    .cfg_frames_i(geometry_i[epim_regs_pkg::FramesLsb +: DimW]),
    .s_valid_i, .s_ready_o, .s_data_i, .s_last_i, .rows_o(rows_ready), .free_i(row_free), .re_i(buf_re),
    .raddr_i(buf_addr), .rdata_o(buf_data), .write_o(buf_write), .err_length_o
  );

  logic                 ifat_re, wrong_ifat, wrong_ifrt;
  assign err_parity_o = wrong_ifat || wrong_ifrt;
  logic [PatchW-1:0]    ifat_patch;
  logic [WindowW-1:0]   ifat_start, ifat_stop;
  logic [BlockW-1:0]    ifat_block;
  logic [IfrtAddrW-1:0] ifat_base;
  epim_ifat #(.MaxPatches(Banks * MaxPatches), .WindowW(WindowW), .BlockW(BlockW), .IfrtAddrW(IfrtAddrW), .Parity(Parity), .InitFile(IfatFile))
  u_ifat (
    .clk_i, .re_i(ifat_re), .patch_i(IfatBankW'((Banks == 1) ? {1'b0, ifat_patch} : {ifat_patch, program_bank_i})), .start_o(ifat_start), .stop_o(ifat_stop), .block_o(ifat_block),
    .ifrt_base_o(ifat_base), .we_i(prog_we_i[0]), .waddr_i(IfatBankW'((Banks == 1) ? {1'b0, prog_addr_i[PatchW-1:0]} : {prog_addr_i[PatchW-1:0], !program_bank_i})),
    .wdata_i(prog_data_i[2*WindowW+BlockW+IfrtAddrW-1:0]), .flip_i(prog_flip_i), .err_o(wrong_ifat)
  );

  logic                 req, req_pad, req_last_block, req_first, req_last, req_bank, bank_free;
  logic [IfrtAddrW-1:0] req_ifrt;
  epim_addr_ctrl #(.MaxPatches(MaxPatches), .WindowW(WindowW), .BlockW(BlockW), .IfrtAddrW(IfrtAddrW),
                   .BufferDepth(BufferWords), .DimW(DimW), .TapW(TapW), .Endless(Endless), .VectorWords(Pool ? XbRows / Lanes : 0))
  u_addr_ctrl (
    .clk_i, .rst_ni, .clear_i, .run_i,
    .cfg_last_patch_i(geometry_i[epim_regs_pkg::LastPatchLsb +: PatchW]),
    .cfg_kh_i(geometry_i[epim_regs_pkg::KernelHeightLsb +: TapW]), .cfg_kw_i(geometry_i[epim_regs_pkg::KernelWidthLsb +: TapW]),
    .cfg_window_h_i(geometry_i[epim_regs_pkg::WindowRowsLsb +: DimW]),
    .cfg_stride_y_i(geometry_i[epim_regs_pkg::StrideRowsLsb +: 8]),
    .cfg_stride_x_i(geometry_i[epim_regs_pkg::StrideColumnsLsb +: 8]),
    .cfg_dilation_y_i(geometry_i[epim_regs_pkg::DilationRowsLsb +: TapW]),
    .cfg_dilation_x_i(geometry_i[epim_regs_pkg::DilationColumnsLsb +: TapW]),
    .cfg_pad_top_i(geometry_i[epim_regs_pkg::PadTopLsb +: 8]), .cfg_skip_top_i(geometry_i[epim_regs_pkg::SkipTopLsb +: 8]),
    .cfg_pad_left_i(geometry_i[epim_regs_pkg::PadLeftLsb +: 8]),
    .cfg_in_h_i(geometry_i[epim_regs_pkg::InRowsLsb +: DimW]), .cfg_in_w_i(geometry_i[epim_regs_pkg::InColumnsLsb +: DimW]),
    .cfg_out_h_i(geometry_i[epim_regs_pkg::OutRowsLsb +: DimW]),
    .cfg_out_w_i(geometry_i[epim_regs_pkg::OutColumnsLsb +: DimW]),
    .cfg_frames_i(geometry_i[epim_regs_pkg::FramesLsb +: DimW]),
    .cfg_blocks_i(geometry_i[epim_regs_pkg::ChannelBlocksLsb +: BlockW+1]),
    .cfg_row_words_i(geometry_i[epim_regs_pkg::RowWordsLsb +: CountW]),
    .cfg_ring_words_i(geometry_i[epim_regs_pkg::RingWordsLsb +: CountW]),
    .cfg_x_step_i(geometry_i[epim_regs_pkg::XStepLsb +: OffsetW]),
    .cfg_x_dilation_i(geometry_i[epim_regs_pkg::XDilationLsb +: OffsetW]),
    .cfg_x_first_i(geometry_i[epim_regs_pkg::XFirstLsb +: OffsetW]),
    .cfg_y_first_i(geometry_i[epim_regs_pkg::YFirstLsb +: CountW]),
    .cfg_y_step_i(geometry_i[epim_regs_pkg::YStepLsb +: CountW]),
    .cfg_y_dilation_i(geometry_i[epim_regs_pkg::YDilationLsb +: CountW]),
    .ifat_re_o(ifat_re), .ifat_patch_o(ifat_patch), .ifat_start_i(ifat_start), .ifat_stop_i(ifat_stop),
    .ifat_block_i(ifat_block), .ifat_ifrt_base_i(ifat_base), .rows_i(rows_ready), .free_o(row_free),
    .bank_free_i(bank_free), .req_o(req), .req_addr_o(buf_addr), .req_pad_o(req_pad),
    .req_last_block_o(req_last_block), .req_ifrt_o(req_ifrt), .req_first_o(req_first), .req_last_o(req_last),
    .req_bank_o(req_bank), .busy_o, .err_ifat_o
  );
  assign buf_re = req && !req_pad;

  logic [LineW-1:0]  line_group;
  logic [PeRowW-1:0] line_pe_row;
  logic              line_used;
  epim_ifrt #(.Depth(Banks * IfrtDepth), .GroupW(LineW), .PeRowW(PeRowW), .Parity(Parity), .InitFile(IfrtFile)) u_ifrt (
    .clk_i, .re_i(req), .addr_i(IfrtBankW'((Banks == 1) ? {1'b0, req_ifrt} : {req_ifrt, program_bank_i})), .group_o(line_group), .pe_row_o(line_pe_row), .used_o(line_used),
    .we_i(prog_we_i[1]), .waddr_i(IfrtBankW'((Banks == 1) ? {1'b0, prog_addr_i[IfrtAddrW-1:0]} : {prog_addr_i[IfrtAddrW-1:0], !program_bank_i})), .wdata_i(prog_data_i[LineW+PeRowW:0]),
    .flip_i(prog_flip_i), .err_o(wrong_ifrt)
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
      word_q            <= req && !clear_i;
      word_pad_q        <= req_pad;
      word_last_block_q <= req_last_block;
      word_first_q      <= req_first;
      word_last_q       <= req_last;
      word_bank_q       <= req_bank;
    end
  end
  // An entry that names no word lines or some beyond the array; a sequence that runs past the end of the table.
  // With a pool an unused entry drops the word's error, and no error lies in the first PE row.
  assign err_ifrt_o = (word_q && ((Pool ? line_used && (line_pe_row == '0) : !line_used) || (32'(line_group) >= XbRows / Lanes) || (32'(line_pe_row) >= PeRows)))
                   || (req && ((32'(req_ifrt) >= IfrtDepth) || (!req_last && (32'(req_ifrt) + 1 >= IfrtDepth))));

  // Word n of a patch drives group n of the pool.
  logic [LineW-1:0] pool_group;
  generate
    if (Pool) begin : gen_pool_group
      logic [LineW-1:0] pool_group_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) pool_group_q <= '0;
        else if (req) pool_group_q <= req_first ? '0 : pool_group_q + LineW'(1);
      end
      assign pool_group = pool_group_q;
    end else begin : gen_no_pool_group
      assign pool_group = '0;
    end
  endgenerate

  localparam int LaneCountW = epim_pkg::num_width(Lanes);
  logic [LaneCountW-1:0]    last_lanes;
  logic [Lanes*ActBits-1:0] word;
  logic [ActBits-1:0]       pad_value;
  assign last_lanes = geometry_i[epim_regs_pkg::LastLanesLsb +: LaneCountW];
  assign pad_value  = geometry_i[epim_regs_pkg::PadValueLsb +: ActBits];
  generate
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane_mask
      assign word[l*ActBits +: ActBits] =
        (word_last_block_q && (LaneCountW'(l) >= last_lanes)) ? '0 : (word_pad_q ? pad_value : buf_data[l*ActBits +: ActBits]);
    end
  endgenerate

  logic [1:0] taken_q, full_q;
  assign bank_free = !taken_q[req_bank] || (release_i && bank_i == req_bank);
  assign full_o    = full_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      taken_q <= '0;
      full_q  <= '0;
    end else if (clear_i) begin
      taken_q <= '0;
      full_q  <= '0;
    end else begin
      if (release_i) begin
        taken_q[bank_i] <= 1'b0;
        full_q[bank_i]  <= 1'b0;
      end
      if (req && req_first) taken_q[req_bank] <= 1'b1;
      if (word_q && word_last_q) full_q[word_bank_q] <= 1'b1;
    end
  end

  epim_input_reg #(.XbRows(XbRows), .PeRows(PeRows), .Lanes(Lanes), .ActBits(ActBits), .ActSigned(ActSigned),
                   .DacBits(DacBits), .ZeroPoint(ZeroPoint), .Shift(InputShift), .RowsPerRead(RowsPerRead), .Pool(Pool))
  u_input_reg (
    .clk_i, .rst_ni, .we_i(word_q), .first_i(word_first_q), .wbank_i(word_bank_q), .pe_row_i(line_pe_row),
    .group_i(line_group), .used_i(line_used), .pool_group_i(pool_group), .data_i(word), .cfg_bits_i(geometry_i[epim_regs_pkg::ActBitsLsb +: 4]),
    .cfg_signed_i(ActSigned && geometry_i[epim_regs_pkg::ActSignedLsb]), .bank_i, .step_i, .sign_i, .fire_i(step_end_i), .wl_o, .sum_o, .rows_o, .row_groups_o
  );

  always_comb begin
    inc_o = '0;
    inc_o[epim_events_pkg::InputBufferWrites*32 +: 32]   = 32'(buf_write);
    inc_o[epim_events_pkg::InputBufferReads*32 +: 32]    = 32'(buf_re);
    inc_o[epim_events_pkg::InputRegisterWrites*32 +: 32] = 32'(word_q);
    inc_o[epim_events_pkg::IfatReads*32 +: 32]           = 32'(req && req_first);
    inc_o[epim_events_pkg::IfrtReads*32 +: 32]           = 32'(req);
  end

endmodule
