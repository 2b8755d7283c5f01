// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_input_buffer for one word of the ring, chosen freely.
///
/// Any map (rows of 1..2 words, rings of 1..3 rows, frames of 1..3 rows), any stream, `tlast` early and late too, a
/// reader that gives rows back and reads complete rows at any time. With `Aborts` the run is aborted at any time and
/// another one begins: the rest of a frame that has begun is dropped. Dropping may be asked for and given up.
module proof #(
  parameter int Depth = 6,
  parameter int Width = 2,
  parameter bit Aborts = 1'b0,
  localparam int AddrW = epim_pkg::idx_width(Depth),
  localparam int CountW = epim_pkg::num_width(Depth)
) (
  input logic             clk_i,
  input logic             s_valid, s_last, want_free, re, want_abort, want_drop, want_forget,
  input logic [Width-1:0] s_data,
  input logic [AddrW-1:0] raddr
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  (* anyconst *) logic [1:0] row_words, ring_rows, in_h, frames;
  logic [CountW-1:0] ring_words;
  assign ring_words = (row_words == 2'd1) ? CountW'(ring_rows) : CountW'({ring_rows, 1'b0});

  logic             s_ready, free, write, err, abort, drop, forget;
  logic up;  // the clear of a start has come
  always_ff @(posedge clk_i) up <= rst_n;
  assign abort  = Aborts && want_abort && up;
  assign drop   = Aborts && want_drop;
  assign forget = Aborts && want_forget;
  logic [2:0]       rows;
  logic [Width-1:0] rdata;
  epim_input_buffer #(.Depth(Depth), .Width(Width), .DimW(3)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(abort || !up), .abort_i(abort), .drop_i(drop), .forget_i(forget), .run_i(up),
    .cfg_row_words_i(CountW'(row_words)),
    .cfg_ring_words_i(ring_words), .cfg_ring_rows_i(3'(ring_rows)), .cfg_in_h_i(3'(in_h)), .cfg_frames_i(3'(frames)),
    .s_valid_i(s_valid), .s_ready_o(s_ready), .s_data_i(s_data), .s_last_i(s_last), .rows_o(rows), .free_i(free),
    .re_i(re), .raddr_i(raddr), .rdata_o(rdata), .write_o(write), .err_length_o(err)
  );

  // Place of the next word: ring row and column; frame row and frame. Oldest complete row, number of them.
  logic [1:0] slot, oldest, held, row, frame;
  logic       col, dropping, filling, begun;
  logic       row_end, frame_end, accept;
  assign accept    = s_valid && s_ready;
  assign row_end   = 2'(col) + 2'd1 == row_words;
  assign frame_end = row_end && row + 2'd1 == in_h;
  assign free      = want_free && up && held != 2'd0;
  function automatic logic [1:0] after(input logic [1:0] r, input logic [1:0] n);
    after = (r + 2'd1 == n) ? 2'd0 : r + 2'd1;
  endfunction
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      slot <= '0; oldest <= '0; held <= '0; row <= '0; frame <= '0; col <= 1'b0; dropping <= 1'b0; filling <= 1'b0; begun <= 1'b0;
    end else begin
      if (write) begin
        col <= row_end ? 1'b0 : 1'b1;
        if (row_end) begin
          slot <= after(slot, ring_rows);
          row  <= frame_end ? 2'd0 : row + 2'd1;
          if (frame_end) frame <= frame + 2'd1;
        end
        filling <= !frame_end && (filling || s_last);
        if (!filling && frame_end && !s_last) dropping <= 1'b1;
      end else if (accept && s_last) dropping <= 1'b0;
      // A frame of which a word came and tlast did not.
      if (accept) begun <= !s_last;
      if (free) oldest <= after(oldest, ring_rows);
      held <= held + 2'(write && row_end) - 2'(free);
      if (abort) begin
        slot <= '0; oldest <= '0; held <= '0; row <= '0; frame <= '0; col <= 1'b0; filling <= 1'b0;
        // Whatever the frame was: what follows up to its tlast is not of the next one.
        dropping <= (accept ? !s_last : begun) || (dropping && !(accept && s_last));
      end
      if (drop) dropping <= 1'b1;
      if (forget) dropping <= 1'b0;
      if (drop || forget) begun <= 1'b0;
    end
  end

  // One word of the ring.
  (* anyconst *) logic [1:0] watch_slot;
  (* anyconst *) logic       watch_col;
  logic [AddrW-1:0] watch_addr;
  logic [Width-1:0] value, want;
  logic             watch_held, read_q;
  assign watch_addr = (row_words == 2'd1) ? AddrW'(watch_slot) : AddrW'({watch_slot, watch_col});
  logic [2:0] age;   // of the watched row, 0 = oldest
  assign age = (watch_slot >= oldest) ? 3'(watch_slot) - 3'(oldest) : 3'(watch_slot) + 3'(ring_rows) - 3'(oldest);
  assign watch_held = age < 3'(held);
  always_ff @(posedge clk_i) begin
    if (write && slot == watch_slot && col == watch_col) value <= filling ? '0 : s_data;
    read_q <= rst_n && re && raddr == watch_addr && watch_held;
    want   <= value;
  end

  always_ff @(posedge clk_i) begin
    assume (row_words == 2'd1 || row_words == 2'd2);
    assume (ring_rows != 2'd0 && in_h != 2'd0 && frames != 2'd0);
    assume (watch_slot < ring_rows && 2'(watch_col) < row_words);
    assume (32'(raddr) < Depth);
    // As epim_regs gives them: dropping is asked for and given up between runs.
    assume (!(drop || forget) || (!abort && col == 1'b0 && row == 2'd0 && !filling && !s_valid));
    if (rst_n) begin
      // The rows of the ring are counted; none is written while it is held.
      assert (rows == 3'(held) && held <= ring_rows);
      assert (!(write && slot == watch_slot && watch_held));
      // A held row has the words of the stream, in order, or zeros where the frame ended early.
      if (read_q) assert (rdata == want);
      // Accepted: exactly what the frames need, and what follows a late tlast until it comes.
      assert (s_ready == (dropping || (up && frame != frames && held != ring_rows && !filling)));
      assert (write == (up && (accept || filling) && !dropping && frame != frames && held != ring_rows));
      assert (err == (accept && !dropping && s_last != frame_end));
      cover (read_q && want == 2'd3 && held == 2'd3);
      cover (frame == 2'd2 && free && write && slot == 2'd0 && oldest == 2'd1);
      cover (dropping && accept && s_last);
      cover (filling && frame_end);
      cover (!Aborts || (dropping && begun && accept && s_last));
    end
  end
endmodule
