// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_row_merge against one count of the words of a map: word n is word n modulo RowWords of row n / RowWords,
/// which comes from copy (n / RowWords) modulo Copies.
module proof #(
  parameter int Width = 2,
  parameter int Copies = 2,
  parameter int Rows = 3,
  parameter int RowWords = 2,
  localparam int Words = Rows * RowWords
) (
  input logic                    clk_i,
  input logic [Copies-1:0]       s_valid, s_last,
  input logic [Copies*Width-1:0] s_data,
  input logic                    m_ready
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic [Copies-1:0] s_ready;
  logic              m_valid, m_last, err;
  logic [Width-1:0]  m_data;
  epim_row_merge #(.Width(Width), .Copies(Copies), .Rows(Rows), .RowWords(RowWords)) dut (
    .clk_i, .rst_ni(rst_n), .s_valid_i(s_valid), .s_ready_o(s_ready), .s_data_i(s_data), .s_last_i(s_last),
    .m_valid_o(m_valid), .m_ready_i(m_ready), .m_data_o(m_data), .m_last_o(m_last), .err_length_o(err)
  );

  logic [7:0] n, row, turn;
  logic       row_end, wraps;
  assign row     = n / 8'(RowWords);
  assign turn    = row % 8'(Copies);
  assign row_end = n % 8'(RowWords) == 8'(RowWords - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      n     <= '0;
      wraps <= 1'b0;
    end else if (s_valid[turn] && m_ready) begin
      n     <= (n == 8'(Words - 1)) ? '0 : n + 8'd1;
      wraps <= wraps || (n == 8'(Words - 1));
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      assert (m_valid == s_valid[turn]);
      assert (m_data == s_data[turn*Width +: Width]);
      assert (m_last == (n == 8'(Words - 1)));
      for (int k = 0; k < Copies; k++) assert (s_ready[k] == (m_ready && 8'(k) == turn));
      // The last row of a copy is the last of its rows: no row Copies further is in the map.
      assert (err == (m_valid && m_ready && (s_last[turn] != (row_end && row + 8'(Copies) > 8'(Rows - 1)))));
      cover (wraps && n == 8'd1);
      cover (err);
    end
  end
endmodule
