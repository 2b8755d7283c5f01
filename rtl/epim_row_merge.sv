// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Rows of a map from the copies of a block, put in order: row y comes from copy y modulo Copies, word after word, and every
/// map begins with copy 0. Words of a copy whose turn it is not wait.
///
/// No latency: a word passes in the cycle in which it is taken. `m_valid_o` and `m_data_o` are those of the copy whose turn it
/// is, `m_ready_i` goes to that copy alone; nothing depends on the words of the others. `tlast` comes with the last word of the
/// map. A copy ends its part of a map with the last word of its last row; `tlast` anywhere else, or missing there, is an error,
/// and the order is kept.
module epim_row_merge #(
  /// Bits of a word.
  parameter int Width = 64,
  /// Copies, at least 1.
  parameter int Copies = 2,
  /// Rows of the map, at least one per copy.
  parameter int Rows = 8,
  /// Words of a row, at least 1.
  parameter int RowWords = 8
) (
  /// Clock.
  input  logic                    clk_i,
  /// Reset, active low.
  input  logic                    rst_ni,
  /// Rows of the copies: copy k at [k*Width +: Width].
  input  logic [Copies-1:0]       s_valid_i,
  output logic [Copies-1:0]       s_ready_o,
  input  logic [Copies*Width-1:0] s_data_i,
  input  logic [Copies-1:0]       s_last_i,
  /// The map.
  output logic                    m_valid_o,
  input  logic                    m_ready_i,
  output logic [Width-1:0]        m_data_o,
  output logic                    m_last_o,
  /// `tlast` of a copy came early or late (in the cycle of the word that shows it).
  output logic                    err_length_o
);

  generate
    if (Copies < 1)    begin : gen_rule1 epim_rule_merge_copies_at_least_1 u_rule (); end
    if (Rows < Copies) begin : gen_rule2 epim_rule_merge_rows_at_least_copies u_rule (); end
    if (RowWords < 1)  begin : gen_rule3 epim_rule_merge_row_words_at_least_1 u_rule (); end
  endgenerate

  localparam int CopyW = epim_pkg::idx_width(Copies);
  localparam int RowW  = epim_pkg::idx_width(Rows);
  localparam int WordW = epim_pkg::idx_width(RowWords);

  logic [CopyW-1:0] copy_q;  // whose turn it is
  logic [RowW-1:0]  row_q;
  logic [WordW-1:0] word_q;
  logic             valid, last, take, row_end, map_end, ends;

  assign valid   = s_valid_i[copy_q];
  assign last    = s_last_i[copy_q];
  assign take    = valid && m_ready_i;
  assign row_end = word_q == WordW'(RowWords - 1);
  assign map_end = row_end && (row_q == RowW'(Rows - 1));
  // The last row of every copy is one of the last rows of the map.
  assign ends         = row_end && ((RowW + 1)'(row_q) + (RowW + 1)'(Copies) >= (RowW + 1)'(Rows));
  assign err_length_o = take && (last != ends);

  // A selection of words: a shift by whole words would be four times as large.
  function automatic logic [Width-1:0] word_of(input logic [Copies*Width-1:0] words, input logic [CopyW-1:0] turn);
    word_of = '0;
    for (int k = 0; k < Copies; k++) begin
      if (turn == CopyW'(k)) word_of = words[k*Width +: Width];
    end
  endfunction

  assign m_valid_o = valid;
  assign m_data_o  = word_of(s_data_i, copy_q);
  assign m_last_o  = map_end;
  generate
    for (genvar k = 0; k < Copies; k++) begin : gen_ready
      assign s_ready_o[k] = m_ready_i && (copy_q == CopyW'(k));
    end
  endgenerate

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      copy_q <= '0;
      row_q  <= '0;
      word_q <= '0;
    end else if (take) begin
      word_q <= row_end ? '0 : word_q + WordW'(1);
      if (row_end) begin
        row_q  <= map_end ? '0 : row_q + RowW'(1);
        copy_q <= (map_end || (copy_q == CopyW'(Copies - 1))) ? '0 : copy_q + CopyW'(1);
      end
    end
  end

endmodule
