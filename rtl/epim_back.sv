// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Back of a core: joint module -> drain -> channel parameters and requantisers -> output stream.
///
/// Adds what the array hands over, one output range at a time, and sends finished ranges while the next one fills. Stops
/// the array (`en_o` low) in one case only: a range would open while both accumulator banks are taken.
/// Parameters as epim_core checks them. Latency: docs/timing.md (accumulator to beat).
/// Handshake: output stream valid/ready, an offered beat stays.
module epim_back #(
  /// PE array and columns; columns scanned by one ADC.
  parameter int PeRows = 1,
  parameter int PeCols = 1,
  parameter int XbCols = 64,
  parameter int ColsPerAdc = 8,
  /// Columns per cycle through joint module and requantisers.
  parameter int JointLanes = 2,
  /// Channels per stream word.
  parameter int Lanes = 8,
  /// Bits of a product, an accumulator, G and B (signed), and of an output channel.
  parameter int ProdW = 32,
  parameter int AccBits = 32,
  parameter int ChannelScaleBits = 16,
  parameter int ChannelBiasBits = 32,
  /// Bits of A, signed; 0: no slopes.
  parameter int SlopeBits = 0,
  parameter int OutBits = 8,
  /// Requantise bit by bit.
  parameter bit SerialMultiply = 1'b0,
  /// The array is never stopped: it starts a range only when `range_release_o` has made room for it.
  parameter bit HoldFree = 1'b0,
  /// Bits of a row, column or frame count.
  parameter int DimW = 16,
  /// Frame after frame, for ever.
  parameter bit Endless = 1'b0,
  /// Channel parameter entries; output channels.
  parameter int ParamDepth = 16,
  parameter int MaxChannels = 64,
  /// Entries have a parity bit.
  parameter bit Parity = 1'b0,
  /// Programs that the memories hold side by side.
  parameter int Banks = 1,
  /// Images of the channel parameters; two digits and ".hex" are appended; empty: none.
  parameter ParamFile = "",
  parameter SlopeFile = "",
  /// Derived parameters, do not overwrite.
  localparam int Adcs     = epim_pkg::ceil_div(XbCols, ColsPerAdc),
  localparam int CSteps   = epim_pkg::ceil_div(XbCols, Adcs),
  localparam int CStepW   = epim_pkg::idx_width(CSteps),
  localparam int Groups   = epim_pkg::ceil_div(Adcs, JointLanes),
  localparam int GroupW   = epim_pkg::idx_width(Groups),
  localparam int ChannelW = epim_pkg::num_width(MaxChannels),
  localparam int PeColW   = epim_pkg::idx_width(PeCols),
  localparam int LaneW    = epim_pkg::idx_width(JointLanes),
  localparam int ColumnW  = PeColW + CStepW + GroupW + LaneW,
  localparam int RangeW   = 1 + 2 * ChannelW + 2 * ColumnW,
  localparam int Events   = epim_events_pkg::Count
) (
  /// Clock.
  input  logic                     clk_i,
  /// Reset, active low.
  input  logic                     rst_ni,
  /// Forget the run so far; offer no further beat of it.
  input  logic                     clear_i,
  input  logic                     stop_i,
  /// Geometry words.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [epim_regs_pkg::GeometryBits-1:0] geometry_i,
  /// Program port of the channel parameters: {A, B and G}.
  input  logic [1:0]               prog_we_i,
  input  logic [31:0]              prog_addr_i,
  input  logic [63:0]              prog_data_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic                     prog_flip_i,
  /// The program that runs; entries are stored beside it (read with two `Banks` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                     program_bank_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// The array advances.
  output logic                     en_o,
  /// A range gives its accumulator bank back.
  output logic                     range_release_o,
  /// A group of the array, its place and its range (epim_array); products of all PEs two cycles later.
  input  logic                     valid_i,
  input  logic [CStepW-1:0]        cstep_i,
  input  logic [GroupW-1:0]        group_i,
  input  logic                     open_first_i,
  input  logic                     opens_i,
  input  logic                     closes_i,
  input  logic [RangeW-1:0]        range_i,
  input  logic [PeRows*PeCols*JointLanes*ProdW-1:0] prod_i,
  /// Output stream: channel l of the word at [l*OutBits +: OutBits].
  output logic                     m_valid_o,
  input  logic                     m_ready_i,
  output logic [Lanes*OutBits-1:0] m_data_o,
  output logic                     m_last_o,
  /// The run's last beat is taken.
  output logic                     done_o,
  /// Channel parameters that are read have a wrong parity.
  output logic                     err_parity_o,
  /// Increments of the event counters that are counted here.
  output logic [Events*32-1:0]     inc_o
);

  localparam int RunW        = epim_pkg::num_width(JointLanes);
  localparam int ParamW      = epim_pkg::idx_width(ParamDepth);
  localparam int ParamBankW  = epim_pkg::idx_width(Banks * ParamDepth);
  localparam int JointIdxW   = epim_pkg::idx_width(JointLanes);
  localparam int ParamEntryW = ChannelScaleBits + ChannelBiasBits;
  localparam int SlopeW      = epim_pkg::max2(SlopeBits, 1);

  logic                      range_valid, range_bank, range_take, range_release, rd, rd_bank;
  logic [RangeW-1:0]         range;
  logic [PeColW-1:0]         rd_pe_col;
  logic [CStepW-1:0]         rd_cstep;
  logic [GroupW-1:0]         rd_group;
  logic [JointLanes*AccBits-1:0] rd_acc;
  // The accumulator write of this cycle, for observation.
  /* verilator lint_off UNUSEDSIGNAL */
  logic                      acc_we, acc_closes;
  logic [CStepW-1:0]         acc_cstep;
  logic [GroupW-1:0]         acc_group;
  logic [PeCols*JointLanes*AccBits-1:0] acc_data;
  /* verilator lint_on UNUSEDSIGNAL */
  epim_joint #(.PeRows(PeRows), .PeCols(PeCols), .CSteps(CSteps), .Groups(Groups), .JointLanes(JointLanes),
               .ProdW(ProdW), .AccBits(AccBits), .HoldFree(HoldFree), .RangeW(RangeW))
  u_joint (
    .clk_i, .rst_ni, .clear_i, .en_o, .valid_i, .cstep_i, .group_i, .open_first_i, .opens_i, .closes_i, .range_i, .prod_i,
    .range_valid_o(range_valid), .range_bank_o(range_bank), .range_o(range), .range_take_i(range_take),
    .range_release_i(range_release), .rd_en_i(rd), .rd_bank_i(rd_bank), .rd_pe_col_i(rd_pe_col),
    .rd_cstep_i(rd_cstep), .rd_group_i(rd_group), .rd_data_o(rd_acc), .acc_we_o(acc_we), .acc_closes_o(acc_closes),
    .acc_cstep_o(acc_cstep), .acc_group_o(acc_group), .acc_data_o(acc_data)
  );

  logic              out_en, rd_end_range, rd_end_round, rd_end_frame, rd_end_all;
  logic [ParamW-1:0] rd_param;
  logic [LaneW-1:0]  rd_offset;
  logic [RunW-1:0]   rd_count;
  epim_drain #(.PeCols(PeCols), .XbCols(XbCols), .Adcs(Adcs), .JointLanes(JointLanes), .ChannelW(ChannelW),
               .ParamDepth(ParamDepth), .DimW(DimW), .Endless(Endless),
               .ReadCycles(!SerialMultiply ? 1 : epim_pkg::max2(ChannelScaleBits, SlopeBits) + 1))
  u_drain (
    .clk_i, .rst_ni, .clear_i, .en_i(out_en), .cfg_out_w_i(geometry_i[epim_regs_pkg::OutColumnsLsb +: DimW]),
    .cfg_out_h_i(geometry_i[epim_regs_pkg::OutRowsLsb +: DimW]),
    .cfg_frames_i(geometry_i[epim_regs_pkg::FramesLsb +: DimW]), .range_valid_i(range_valid), .range_bank_i(range_bank),
    .range_i(range), .range_take_o(range_take), .rd_o(rd), .rd_bank_o(rd_bank), .rd_pe_col_o(rd_pe_col),
    .rd_cstep_o(rd_cstep), .rd_group_o(rd_group), .rd_param_o(rd_param), .rd_offset_o(rd_offset), .rd_count_o(rd_count),
    .rd_end_range_o(rd_end_range), .rd_end_round_o(rd_end_round), .rd_end_frame_o(rd_end_frame), .rd_end_all_o(rd_end_all)
  );

  // Run descriptors follow the data: r+1 (accumulator read), r+2 (product), r+3 (requantised, to the packer).
  // Serially: the product is there ChannelScaleBits+2 cycles after the read, requantised three later. With slopes a stage
  // lies between r+1 and r+2; serially the descriptor waits in it for the second multiplication.
  localparam int DescW = LaneW + RunW + 3;
  logic             v1_q, v2_q, v2b_q, v2c_q, v3_q, end_range_q, product;
  logic [DescW-1:0] d1_q, d2_q, d3_q, d1_sloped;
  logic             v1_sloped;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      v1_q        <= 1'b0;
      v2_q        <= 1'b0;
      v2b_q       <= 1'b0;
      v2c_q       <= 1'b0;
      v3_q        <= 1'b0;
      end_range_q <= 1'b0;
    end else if (clear_i) begin
      v1_q        <= 1'b0;
      v2_q        <= 1'b0;
      v2b_q       <= 1'b0;
      v2c_q       <= 1'b0;
      v3_q        <= 1'b0;
      end_range_q <= 1'b0;
    end else if (out_en) begin
      v1_q        <= rd;
      v2_q        <= SerialMultiply ? product : v1_sloped;
      v2b_q       <= v2_q;
      v2c_q       <= v2b_q;
      v3_q        <= SerialMultiply ? v2c_q : v2_q;
      end_range_q <= rd && rd_end_range;
    end
  end
  always_ff @(posedge clk_i) begin
    if (out_en) begin
      if (rd || !SerialMultiply) d1_q <= {rd_offset, rd_count, rd_end_round, rd_end_frame, rd_end_all};
      if (product || !SerialMultiply) d2_q <= d1_sloped;
      d3_q <= d2_q;
    end
  end
  assign range_release = end_range_q && out_en;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [JointLanes-1:0] scaled;  // as `products`
  /* verilator lint_on UNUSEDSIGNAL */
  generate
    if (SlopeBits == 0) begin : gen_no_slope
      assign v1_sloped = v1_q;
      assign d1_sloped = d1_q;
    end else begin : gen_slope
      logic             v1b_q;
      logic [DescW-1:0] d1b_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) v1b_q <= 1'b0;
        else if (clear_i) v1b_q <= 1'b0;
        else if (out_en) v1b_q <= v1_q;
      end
      always_ff @(posedge clk_i) begin
        if (out_en && (scaled[0] || !SerialMultiply)) d1b_q <= d1_q;
      end
      assign v1_sloped = v1b_q;
      assign d1_sloped = d1b_q;
    end
  endgenerate

  assign range_release_o = range_release;

  logic [5:0]                    shift;
  // With 32 output bits the limits need 33: lo is signed, hi is signed where lo is negative.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [32:0]                   lo, hi;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [JointLanes*OutBits-1:0] requantised;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [JointLanes-1:0]         products;  // the lanes of a serial requantiser end together
  /* verilator lint_on UNUSEDSIGNAL */
  assign product = products[0];
  assign shift   = geometry_i[epim_regs_pkg::ShiftLsb +: 6];
  logic [31:0] lo_word, hi_word;
  assign lo_word = geometry_i[epim_regs_pkg::ClampLoLsb +: 32];
  assign hi_word = geometry_i[epim_regs_pkg::ClampHiLsb +: 32];
  assign lo      = {lo_word[31], lo_word};
  assign hi      = {lo_word[31] && hi_word[31], hi_word};
  logic [ParamBankW-1:0] rd_entry, prog_entry;
  assign rd_entry   = ParamBankW'((Banks == 1) ? {1'b0, rd_param} : {rd_param, program_bank_i});
  assign prog_entry = ParamBankW'((Banks == 1) ? {1'b0, prog_addr_i[JointIdxW +: ParamW]} : {prog_addr_i[JointIdxW +: ParamW], !program_bank_i});
  logic [2*JointLanes-1:0] wrong;  // of the parameters, of the slopes
  assign err_parity_o = |wrong;
  generate
    for (genvar i = 0; i < JointLanes; i++) begin : gen_requant
      localparam [7:0] Tens = 8'd48 + 8'(i / 10);
      localparam [7:0] Ones = 8'd48 + 8'(i % 10);
      logic [ParamEntryW-1:0] param;
      // Program address: {entry, lane}. Entry: {B, G}.
      epim_table #(.Depth(Banks * ParamDepth), .Width(ParamEntryW), .Parity(Parity),
                   .InitFile(ParamFile == "" ? "" : {ParamFile, Tens, Ones, ".hex"}))
      u_param (
        .clk_i, .re_i(rd), .raddr_i(rd_entry), .rdata_o(param),
        .we_i(prog_we_i[0] && prog_addr_i[JointIdxW-1:0] == JointIdxW'(i)), .waddr_i(prog_entry),
        .wdata_i(prog_data_i[ParamEntryW-1:0]), .flip_i(prog_flip_i), .err_o(wrong[i])
      );
      logic [SlopeW-1:0] slope;
      if (SlopeBits == 0) begin : gen_no_slopes
        assign slope = '0;
        assign wrong[JointLanes+i] = 1'b0;
      end else begin : gen_slopes
        epim_table #(.Depth(Banks * ParamDepth), .Width(SlopeW), .Parity(Parity),
                     .InitFile(SlopeFile == "" ? "" : {SlopeFile, Tens, Ones, ".hex"}))
        u_slope (
          .clk_i, .re_i(rd), .raddr_i(rd_entry), .rdata_o(slope),
          .we_i(prog_we_i[1] && prog_addr_i[JointIdxW-1:0] == JointIdxW'(i)), .waddr_i(prog_entry),
          .wdata_i(prog_data_i[SlopeW-1:0]), .flip_i(prog_flip_i), .err_o(wrong[JointLanes+i])
        );
      end
      if (SerialMultiply) begin : gen_serial
        epim_serial_requant #(.AccBits(AccBits), .ScaleBits(ChannelScaleBits), .BiasBits(ChannelBiasBits),
                              .SlopeBits(SlopeBits), .OutBits(OutBits))
        u_requant (
          .clk_i, .rst_ni, .clear_i, .en_i(out_en), .load_i(v1_q), .acc_i(rd_acc[i*AccBits +: AccBits]),
          .scale_i(param[ChannelScaleBits-1:0]), .bias_i(param[ParamEntryW-1:ChannelScaleBits]), .slope_i(slope),
          .scaled_o(scaled[i]), .last_o(products[i]),
          .cfg_shift_i(shift), .cfg_lo_i(lo[OutBits:0]), .cfg_hi_i(hi[OutBits:0]), .out_o(requantised[i*OutBits +: OutBits])
        );
      end else begin : gen_parallel
        epim_requant #(.AccBits(AccBits), .ScaleBits(ChannelScaleBits), .BiasBits(ChannelBiasBits), .SlopeBits(SlopeBits),
                       .OutBits(OutBits))
        u_requant (
          .clk_i, .en_i(out_en), .acc_i(rd_acc[i*AccBits +: AccBits]), .scale_i(param[ChannelScaleBits-1:0]),
          .bias_i(param[ParamEntryW-1:ChannelScaleBits]), .slope_i(slope), .cfg_shift_i(shift), .cfg_lo_i(lo[OutBits:0]), .cfg_hi_i(hi[OutBits:0]),
          .out_o(requantised[i*OutBits +: OutBits])
        );
        assign products[i] = 1'b0;
        assign scaled[i]   = 1'b0;
      end
    end
  endgenerate

  logic [LaneW-1:0] out_offset;
  logic [RunW-1:0]  out_count;
  logic             out_end_round, out_end_frame, out_end_all;
  assign {out_offset, out_count, out_end_round, out_end_frame, out_end_all} = d3_q;
  logic beat;
  epim_output #(.Lanes(Lanes), .OutBits(OutBits), .JointLanes(JointLanes)) u_output (
    .clk_i, .rst_ni, .clear_i(clear_i || stop_i), .en_o(out_en), .valid_i(v3_q), .offset_i(out_offset), .count_i(out_count),
    .data_i(requantised), .end_round_i(out_end_round), .end_frame_i(out_end_frame), .end_all_i(out_end_all),
    .m_valid_o, .m_ready_i, .m_data_o, .m_last_o, .beat_o(beat), .done_o
  );

  always_comb begin
    inc_o = '0;
    inc_o[epim_events_pkg::Requantisations*32 +: 32]    = rd ? 32'(rd_count) : '0;
    inc_o[epim_events_pkg::OutputBufferWrites*32 +: 32] = 32'(beat);
  end

endmodule
