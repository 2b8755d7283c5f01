// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Load port: takes a program as frames of an AXI4-Stream, checks them, writes the memories, and hands on what is for others.
///
/// A frame is a packet of 64-bit words: two header words, the payload, and the CRC-32 of all words before it
/// (docs/load.md). Cores of a chip form a chain: a frame whose core is not `core_i` leaves at `m_load`, unchanged, one
/// cycle later at the earliest; at the end of the chain (`ChainEnd`) it is dropped and is an error. An entry is stored in the cycle after its word is
/// taken; words are taken at one per cycle, but for those cycles in which the register port stores an entry (`hold_i`).
/// Nothing holds a frame back until its CRC is known: a frame that is damaged may have been stored. Its program
/// is then never committed: `open_o` stays until a good end frame, or `clear_i`. Of a frame that breaks a rule nothing is stored from the
/// word on at which it does; nothing is ever stored outside of the memories, nor while `locked_i`.
/// Handshake: valid/ready on both streams, functions of registers alone (and of `core_i`).
module epim_load #(
  /// No core behind this one.
  parameter bit ChainEnd = 1'b1,
  /// Bits of a number of frames of a run.
  parameter int FrameBits = 16,
  /// Entries of the memories that can be programmed, 32 bits each, kind 0 in the low word; PEs.
  parameter logic [32*epim_pkg::ProgKinds-1:0] ProgSizes = '1,
  parameter int Pes = 65536,
  /// Geometry words; the one that is a number of frames.
  parameter int GeometryWords = 24,
  parameter int FramesWord = 12
) (
  /// Clock.
  input  logic        clk_i,
  /// Reset, active low.
  input  logic        rst_ni,
  /// Number of this core in its chain.
  input  logic [15:0] core_i,
  /// Frames in.
  input  logic        s_load_valid_i,
  output logic        s_load_ready_o,
  input  logic [63:0] s_load_data_i,
  input  logic        s_load_last_i,
  /// Frames for the cores behind.
  output logic        m_load_valid_o,
  input  logic        m_load_ready_i,
  output logic [63:0] m_load_data_o,
  output logic        m_load_last_o,
  /// The register port stores something in this cycle.
  input  logic        hold_i,
  /// Memories must not be written: a run is on or starts.
  input  logic        locked_i,
  /// Forget the program so far, and the error; forget the error alone.
  input  logic        clear_i,
  input  logic        clear_error_i,
  /// A program has begun and is not complete, or has an error.
  output logic        open_o,
  /// The memories change: what was committed is so no longer (pulse).
  output logic        touch_o,
  /// The program is complete and right (pulse).
  output logic        commit_o,
  /// An error was found (pulse).
  output logic        error_o,
  /// Entry to store: kind, PE, address and data; or a geometry word, at `prog_addr_o` from `last_patch` on.
  output logic        prog_we_o,
  output logic        geometry_we_o,
  output logic [7:0]  prog_kind_o,
  output logic [15:0] prog_pe_o,
  output logic [31:0] prog_addr_o,
  output logic [63:0] prog_data_o,
  /// Registers load_status, load_frames, load_words, load_target, load_address, the first in the low word.
  output logic [159:0] state_o
);

  generate
    if (FrameBits < 1 || FrameBits > 31) begin : gen_rule1 epim_rule_frame_bits_1_to_31 u_rule (); end
    if (Pes < 1 || Pes > 65536)          begin : gen_rule2 epim_rule_pes_1_to_65536 u_rule (); end
  endgenerate

  localparam logic [7:0] KindGeometry = 8'hF0, KindBegin = 8'hF1, KindEnd = 8'hF2;
  localparam logic [3:0] ErrCrc = 4'd1, ErrLength = 4'd2, ErrTarget = 4'd3, ErrLocked = 4'd4, ErrValue = 4'd5,
                         ErrCount = 4'd6, ErrCore = 4'd7;

  localparam logic [2:0] StHead = 3'd0, StPlace = 3'd1, StData = 3'd2, StCheck = 3'd3, StForward = 3'd4, StDrop = 3'd5;

  logic        word_valid, word_take, word_last;
  logic [63:0] word;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [1:0]  unused_held;
  /* verilator lint_on UNUSEDSIGNAL */
  // Not ready during reset.
  logic live_q, room;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) live_q <= 1'b0;
    else live_q <= 1'b1;
  end
  assign s_load_ready_o = room && live_q;
  epim_fifo #(.Depth(2), .Width(65)) u_fifo (
    .clk_i, .rst_ni, .s_valid_i(s_load_valid_i && live_q), .s_ready_o(room), .s_data_i({s_load_last_i, s_load_data_i}),
    .m_valid_o(word_valid), .m_ready_i(word_take), .m_data_o({word_last, word}), .count_o(unused_held)
  );

  logic [2:0]  state_q, state_d;
  logic [31:0] crc_q;
  logic [15:0] pe_q;
  logic [7:0]  kind_q;
  logic [23:0] count_q, at_q;  // payload words of the frame; taken
  logic [31:0] addr_q, first_q, size_q;
  logic [15:0] step_q;
  logic        bad_q;        // the frame has broken a rule: nothing more of it is stored
  logic        store_q, geometry_q;
  logic [7:0]  store_kind_q;
  logic [15:0] store_pe_q;
  logic [31:0] store_addr_q;
  logic [63:0] store_data_q;
  logic        begun_q, error_q;
  logic [3:0]  reason_q;
  logic [15:0] failed_core_q, failed_pe_q;
  logic [7:0]  failed_kind_q;
  logic [31:0] failed_address_q, frames_q, words_q;

  // Fields of the header words.
  logic [15:0] h_core, h_pe, h_step, h_rest;
  logic [7:0]  h_kind;
  logic [23:0] h_count;
  assign {h_count, h_pe, h_kind, h_core} = word;
  assign {h_rest, h_step} = word[63:32];

  logic [31:0] size;
  always_comb begin
    size = '0;
    for (int k = 0; k < epim_pkg::ProgKinds; k++) begin
      if (kind_q == 8'(k)) size = ProgSizes[k*32 +: 32];
    end
    if (kind_q == KindGeometry) size = GeometryWords;
  end

  logic stall, foreign, forward, take, service, memory, data_ok, check_ok, end_ok;
  // A word that is stored waits for the register port.
  assign stall    = (store_q || geometry_q) && hold_i;
  assign foreign  = h_core != core_i;
  assign forward  = !ChainEnd && ((state_q == StForward) || ((state_q == StHead) && foreign));
  assign take     = word_valid && !forward && !stall;
  assign word_take = forward ? m_load_ready_i : !stall;
  assign m_load_valid_o = word_valid && forward;
  assign m_load_data_o  = word;
  assign m_load_last_o  = word_last;

  assign memory   = kind_q < 8'(epim_pkg::ProgKinds);
  assign service  = (kind_q == KindBegin) || (kind_q == KindEnd);
  assign check_ok = (word == {32'd0, ~crc_q});
  assign end_ok   = (first_q == frames_q) && (size_q == words_q);
  // The word that is about to be stored has a place, and the memory is free.
  logic place_ok, value_ok;
  assign place_ok = (addr_q < size_q) && (!memory || (kind_q < 8'd4) || (32'(pe_q) < 32'(Pes)));
  assign value_ok = !((kind_q == KindGeometry) && (addr_q == 32'(FramesWord)))
                    || ((word[FrameBits-1:0] != '0) && (32'(word[31:0]) >> FrameBits) == 32'd0);
  assign data_ok  = place_ok && value_ok && !locked_i && !bad_q;

  // What is wrong with the word in hand; 0: nothing.
  logic [3:0] wrong;
  always_comb begin
    wrong = 4'd0;
    state_d = state_q;
    case (state_q)
      StHead: begin
        state_d = StPlace;
        if (forward) state_d = word_last ? StHead : StForward;
        else if (foreign) begin
          wrong = ErrCore;
          state_d = word_last ? StHead : StDrop;
        end else if (word_last) begin
          wrong = ErrLength;
          state_d = StHead;
        end
      end
      StPlace: begin
        state_d = (count_q == 24'd0) ? StCheck : StData;
        if (word_last) begin
          wrong = ErrLength;
          state_d = StHead;
        end else if (service ? (count_q != 24'd0) : (size == 32'd0 || h_step == 16'd0 || h_rest != 16'd0)) wrong = ErrTarget;
        else if (locked_i && (kind_q != KindEnd)) wrong = ErrLocked;
      end
      StData: begin
        if (word_last) begin
          wrong = ErrLength;
          state_d = StHead;
        end else begin
          if (at_q + 24'd1 == count_q) state_d = StCheck;
          if (!bad_q) begin
            if (!place_ok) wrong = ErrTarget;
            else if (locked_i) wrong = ErrLocked;
            else if (!value_ok) wrong = ErrValue;
          end
        end
      end
      StCheck: begin
        state_d = word_last ? StHead : StDrop;
        if (!word_last) wrong = ErrLength;
        else if (!check_ok) wrong = ErrCrc;
        else if ((kind_q == KindEnd) && !bad_q && !error_q && !end_ok) wrong = ErrCount;
      end
      StForward: state_d = word_last ? StHead : StForward;
      default: state_d = word_last ? StHead : StDrop;
    endcase
  end

  logic good, begin_frame, end_frame;
  assign good        = take && (state_q == StCheck) && word_last && check_ok && !bad_q;
  assign begin_frame = good && (kind_q == KindBegin);
  assign end_frame   = good && (kind_q == KindEnd) && !error_q && end_ok;
  logic new_error;
  assign new_error   = take && (wrong != 4'd0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q    <= StHead;
      store_q    <= 1'b0;
      geometry_q <= 1'b0;
      begun_q    <= 1'b0;
      error_q    <= 1'b0;
      bad_q      <= 1'b0;
      reason_q   <= '0;
      frames_q   <= '0;
      words_q    <= '0;
      failed_core_q    <= '0;
      failed_pe_q      <= '0;
      failed_kind_q    <= '0;
      failed_address_q <= '0;
    end else begin
      if (word_valid && word_take) state_q <= state_d;
      if (!stall) begin
        store_q    <= take && (state_q == StData) && !word_last && data_ok && memory;
        geometry_q <= take && (state_q == StData) && !word_last && data_ok && !memory;
      end
      if (take) begin
        if (state_q == StHead) bad_q <= 1'b0;
        else if (wrong != 4'd0) bad_q <= 1'b1;
        if ((state_q == StPlace) && !word_last && !bad_q) begun_q <= 1'b1;
        if (good && !service) begin
          frames_q <= frames_q + 32'd1;
          words_q  <= words_q + 32'(count_q);
        end
      end
      // The first error stays.
      if (new_error && !error_q) begin
        error_q          <= 1'b1;
        reason_q         <= wrong;
        failed_core_q    <= (state_q == StHead) ? h_core : core_i;
        failed_kind_q    <= (state_q == StHead) ? h_kind : kind_q;
        failed_pe_q      <= (state_q == StHead) ? h_pe : pe_q;
        failed_address_q <= (state_q == StHead) ? 32'd0 : ((state_q == StPlace) ? word[31:0] : first_q);
      end else if (clear_error_i || begin_frame) begin
        error_q  <= 1'b0;
        reason_q <= '0;
      end
      if (begin_frame || end_frame) begin
        begun_q  <= begin_frame;
        frames_q <= '0;
        words_q  <= '0;
      end
      if (clear_i) begin
        begun_q  <= 1'b0;
        error_q  <= 1'b0;
        reason_q <= '0;
        frames_q <= '0;
        words_q  <= '0;
        bad_q    <= 1'b1;  // of a frame on its way nothing more counts
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      crc_q <= epim_pkg::crc32_word((state_q == StHead) ? 32'hFFFF_FFFF : crc_q, word);
      if (state_q == StHead) begin
        kind_q <= h_kind;
        pe_q   <= h_pe;
        count_q <= h_count;
        at_q    <= '0;
      end
      if (state_q == StPlace) begin
        first_q <= word[31:0];
        addr_q  <= word[31:0];
        step_q  <= h_step;
        size_q  <= service ? word[63:32] : size;
      end
      if (state_q == StData) begin
        addr_q <= addr_q + 32'(step_q);
        at_q   <= at_q + 24'd1;
      end
      store_kind_q <= kind_q;
      store_pe_q   <= pe_q;
      store_addr_q <= addr_q;
      store_data_q <= word;
    end
  end

  assign open_o        = begun_q || error_q;
  assign touch_o       = take && (state_q == StPlace) && !word_last && (wrong == 4'd0) && (kind_q != KindEnd);
  assign commit_o      = end_frame;
  assign error_o       = new_error;
  assign prog_we_o     = store_q && !hold_i;
  assign geometry_we_o = geometry_q && !hold_i;
  assign prog_kind_o   = store_kind_q;
  assign prog_pe_o     = store_pe_q;
  assign prog_addr_o   = store_addr_q;
  assign prog_data_o   = store_data_q;
  assign state_o       = {failed_address_q, {8'd0, failed_pe_q, failed_kind_q}, words_q, frames_q,
                          {failed_core_q, 8'd0, reason_q, 2'd0, error_q, begun_q}};

endmodule
