// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Input buffer: a ring of feature-map rows, filled by the input stream and read by window words.
///
/// The stream brings words of `LANES` channels in order (row, column, channel block). A row becomes readable when its
/// last word is in. The stream waits (`s_ready_o` low) while every row slot of the ring is taken; `free_i` gives the
/// oldest complete row back. A frame is `in_h` rows; `tlast` must come with its last word. A frame that ends early is
/// completed with zero words, a frame that goes on too long is dropped up to its `tlast`; both set `err_length_o`.
/// `abort_i` forgets the ring as `clear_i` does; the rest of a frame that has begun is dropped up to its `tlast`,
/// whether a run is on or not, and the next frame is the next run's first. `forget_i` ends dropping, `drop_i` begins it.
/// Latency: one cycle from `re_i` to `rdata_o`. A word written in cycle t is readable from t+1.
module epim_input_buffer #(
  /// Words.
  parameter int Depth = 1024,
  /// Bits of a word.
  parameter int Width = 72,
  /// Bits of a row, column or frame count.
  parameter int DimW = 16,
  /// Frames follow each other for ever; `cfg_frames_i` is not read.
  parameter bit Endless = 1'b0,
  /// Without a `clear_i` before the first word: rows of one word, frames of one row.
  parameter bit OneWord = 1'b0,
  parameter bit OneRow = 1'b0,
  /// Derived parameter, do not overwrite: address bits.
  localparam int AddrW = epim_pkg::idx_width(Depth),
  /// Derived parameter, do not overwrite: bits of a word count 0..Depth.
  localparam int CountW = epim_pkg::num_width(Depth)
) (
  /// Clock.
  input  logic              clk_i,
  /// Reset, active low, synchronous release.
  input  logic              rst_ni,
  /// Forget the ring and expect the first word of the first frame (after the `tlast` of a frame that is dropped).
  input  logic              clear_i,
  /// With `clear_i`: drop the rest of a frame that has begun.
  input  logic              abort_i,
  /// Drop words up to a `tlast`; drop no more.
  input  logic              drop_i,
  input  logic              forget_i,
  /// Accept words.
  input  logic              run_i,
  /// Words of a row.
  input  logic [CountW-1:0] cfg_row_words_i,
  /// Words of the ring: row slots times words of a row.
  input  logic [CountW-1:0] cfg_ring_words_i,
  /// Row slots of the ring.
  input  logic [DimW-1:0]   cfg_ring_rows_i,
  /// Rows of a frame.
  input  logic [DimW-1:0]   cfg_in_h_i,
  /// Frames to accept.
  input  logic [DimW-1:0]   cfg_frames_i,
  /// Input stream.
  input  logic              s_valid_i,
  output logic              s_ready_o,
  input  logic [Width-1:0]  s_data_i,
  input  logic              s_last_i,
  /// Complete rows in the ring.
  output logic [DimW-1:0]   rows_o,
  /// Give the oldest complete row back (only while `rows_o` > 0).
  input  logic              free_i,
  /// Read port.
  input  logic              re_i,
  input  logic [AddrW-1:0]  raddr_i,
  output logic [Width-1:0]  rdata_o,
  /// A word is written in this cycle.
  output logic              write_o,
  /// `tlast` came early or late (one cycle).
  output logic              err_length_o
);

  logic [AddrW-1:0]  wptr_q;
  logic [CountW-1:0] col_q;
  logic [DimW-1:0]   row_q, frame_q, rows_q;
  logic              fill_q, drop_q, full_q;  // full_q: a row in every slot

  logic active, space, accept, we, row_end, frame_end;
  assign active    = run_i && (Endless || (frame_q != cfg_frames_i)) && !drop_q;
  assign space     = !full_q;
  assign s_ready_o = (active && space && !fill_q) || drop_q;
  assign accept    = s_valid_i && active && space && !fill_q;
  assign we        = accept || (active && space && fill_q);
  // Words of a frame follow: some came, its `tlast` did not.
  logic unfinished;
  assign unfinished = accept ? !s_last_i : (col_q != '0 || row_q != '0) && !fill_q;
  // A cycle ahead, for a shorter path: last word of a row and last row are compared when the counters change.
  logic col_last_q, row_last_q;
  assign row_end   = col_last_q;
  assign frame_end = row_end && row_last_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      col_last_q <= OneWord;
      row_last_q <= OneRow;
    end else if (clear_i) begin
      col_last_q <= cfg_row_words_i == CountW'(1);
      row_last_q <= cfg_in_h_i == DimW'(1);
    end else if (we) begin
      col_last_q <= row_end ? (cfg_row_words_i == CountW'(1)) : ((col_q + CountW'(2)) == cfg_row_words_i);
      if (row_end) row_last_q <= frame_end ? (cfg_in_h_i == DimW'(1)) : ((row_q + DimW'(2)) == cfg_in_h_i);
    end
  end

  assign write_o      = we;
  assign err_length_o = accept && (s_last_i != frame_end);
  assign rows_o       = rows_q;

  logic wrap;
  assign wrap = (CountW'(wptr_q) + CountW'(1)) == cfg_ring_words_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wptr_q  <= '0;
      col_q   <= '0;
      row_q   <= '0;
      frame_q <= '0;
      rows_q  <= '0;
      fill_q  <= 1'b0;
      full_q  <= 1'b0;
    end else if (clear_i) begin
      wptr_q  <= '0;
      col_q   <= '0;
      row_q   <= '0;
      frame_q <= '0;
      rows_q  <= '0;
      fill_q  <= 1'b0;
      full_q  <= 1'b0;
    end else begin
      if (we) begin
        wptr_q <= wrap ? '0 : wptr_q + AddrW'(1);
        col_q  <= row_end ? '0 : col_q + CountW'(1);
        if (row_end) row_q <= frame_end ? '0 : row_q + DimW'(1);
        if (frame_end) frame_q <= frame_q + DimW'(1);
        if (frame_end) fill_q <= 1'b0;
        else if (accept && s_last_i) fill_q <= 1'b1;
      end
      if (we && row_end && !free_i) begin
        rows_q <= rows_q + DimW'(1);
        full_q <= (rows_q + DimW'(1)) == cfg_ring_rows_i;
      end else if (free_i && !(we && row_end)) begin
        rows_q <= rows_q - DimW'(1);
        full_q <= 1'b0;
      end
    end
  end

  // Dropping outlives the run.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) drop_q <= 1'b0;
    else if (forget_i) drop_q <= 1'b0;
    else if (drop_i) drop_q <= 1'b1;
    else if (drop_q) drop_q <= !(s_valid_i && s_last_i);
    else drop_q <= (abort_i && unfinished) || (accept && frame_end && !s_last_i);
  end

  epim_ram #(.Depth(Depth), .Width(Width)) u_ram (
    .clk_i, .re_i, .raddr_i, .rdata_o,
    .we_i(we), .waddr_i(wptr_q), .wdata_i(fill_q ? '0 : s_data_i)
  );

endmodule
