// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_output against words that are filled channel by channel.
///
/// Runs are any legal ones: 1..JointLanes channels, a frame ends with a position, all frames with a frame. With `Clears`
/// the packer is cleared at any time: the offered beat alone stays, and counts for no run.
module proof #(
  parameter int Lanes = 3,
  parameter int OutBits = 1,
  parameter int JointLanes = 2,
  parameter bit Clears = 1'b0,
  localparam int LaneW = epim_pkg::idx_width(JointLanes),
  localparam int CountW = epim_pkg::num_width(JointLanes)
) (
  input logic                          clk_i,
  input logic                          valid, end_round, end_frame, end_all, m_ready, want_clear,
  input logic [LaneW-1:0]              offset,
  input logic [CountW-1:0]             count,
  input logic [JointLanes*OutBits-1:0] data
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic en, m_valid, m_last, done, beat, clear, old;
  assign clear = Clears && want_clear;
  logic [Lanes*OutBits-1:0] m_data;
  epim_output #(.Lanes(Lanes), .OutBits(OutBits), .JointLanes(JointLanes)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(clear), .en_o(en), .valid_i(valid), .offset_i(offset), .count_i(count),
    .data_i(data), .end_round_i(end_round), .end_frame_i(end_frame), .end_all_i(end_all), .m_valid_o(m_valid),
    .m_ready_i(m_ready), .m_data_o(m_data), .m_last_o(m_last), .beat_o(beat),
    .done_o(done)
  );

  logic [2:0] broken;
  epim_axis_check #(.Width(Lanes * OutBits + 1)) u_check (
    .clk_i, .rst_ni(rst_n), .valid_i(m_valid), .ready_i(m_ready), .payload_i({m_last, m_data}), .broken_o(broken)
  );

  // Words that are complete and not taken, and the one being filled.
  localparam int WordW = Lanes * OutBits;
  logic [WordW-1:0] word0, word1, part, n_word0, n_word1, n_part;
  logic             last0, last1, all0, all1, n_last0, n_last1, n_all0, n_all1;
  logic [1:0]       words, n_words;
  logic [2:0]       fill, n_fill;
  always_comb begin
    n_word0 = word0; n_word1 = word1; n_part = part;
    n_last0 = last0; n_last1 = last1; n_all0 = all0; n_all1 = all1;
    n_words = words; n_fill = fill;
    if (m_valid && m_ready) begin
      n_word0 = n_word1; n_last0 = n_last1; n_all0 = n_all1;
      n_words = n_words - 2'd1;
    end
    if (clear) begin
      // What is offered stays.
      if (n_words != 2'd0) n_words = (m_valid && m_ready) ? 2'd0 : 2'd1;
      n_all0 = 1'b0; n_part = '0; n_fill = '0;
    end else if (valid && en) begin
      for (int i = 0; i < JointLanes; i++) begin
        if (i < 32'(count)) begin
          n_part = n_part | (WordW'(data[((32'(offset) + i) % JointLanes)*OutBits +: OutBits]) << (32'(n_fill) * OutBits));
          n_fill = n_fill + 3'd1;
          if (n_fill == 3'(Lanes) || (end_round && i + 1 == 32'(count))) begin
            // Full, or the last channel of a position.
            if (n_words == 2'd0) begin
              n_word0 = n_part; n_last0 = end_frame && i + 1 == 32'(count); n_all0 = end_all && i + 1 == 32'(count);
            end else begin
              n_word1 = n_part; n_last1 = end_frame && i + 1 == 32'(count); n_all1 = end_all && i + 1 == 32'(count);
            end
            n_words = n_words + 2'd1;
            n_part = '0;
            n_fill = '0;
          end
        end
      end
    end
  end
  logic             stalled, old_last;
  logic [WordW-1:0] old_data;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      old <= 1'b0;
      words <= '0; fill <= '0; part <= '0; word0 <= '0; word1 <= '0;
      last0 <= 1'b0; last1 <= 1'b0; all0 <= 1'b0; all1 <= 1'b0;
    end else begin
      old <= (n_words != '0) && (clear || (old && !m_ready));
      words <= n_words; fill <= n_fill; part <= n_part; word0 <= n_word0; word1 <= n_word1;
      last0 <= n_last0; last1 <= n_last1; all0 <= n_all0; all1 <= n_all1;
    end
    stalled  <= rst_n && m_valid && !m_ready;
    old_data <= m_data;
    old_last <= m_last;
  end

  always_ff @(posedge clk_i) begin
    assume (count != '0 && 32'(offset) + 32'(count) <= JointLanes);
    assume (!end_frame || end_round);
    assume (!end_all || end_frame);
    // No valid during reset, none withdrawn, none changed.
    assert (broken == '0);
    if (rst_n) begin
      // Every channel once, in order, in the right lane; a word is offered as soon as it is complete.
      assert (m_valid == (words != '0));
      assert (words <= 2'd2);
      if (m_valid) assert (m_data == word0 && m_last == last0);
      assert (done == (m_valid && m_ready && all0));
      assert (beat == (m_valid && m_ready && !old));
      // Stable while stalled; the pipeline stops only for a word that waits.
      if (stalled) assert (m_valid && m_data == old_data && m_last == old_last);
      assert (en == (words == '0 || (words == 2'd1 && m_ready)));
      cover (words == 2'd2 && m_ready && last1);
      cover (done && stalled);
      cover (!Clears || (old && stalled && m_ready));
    end
  end
endmodule
