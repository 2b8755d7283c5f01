// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// A function of one channel, from a table: y = table[x], x the low CodeBits bits of the channel.
///
/// Latency 1: a word taken in cycle t is offered in t+1. The reading register holds while an offered word waits, and a word
/// is taken in the cycle in which the one before it leaves. One table per lane. Put it between FIFOs.
module epim_stream_table #(
  /// Channels per word.
  parameter int Lanes = 8,
  /// Bits of a channel: input, output.
  parameter int InBits = 8,
  parameter int OutBits = 8,
  /// Bits of a code, 1..InBits; the table has 2^CodeBits entries.
  parameter int CodeBits = 8,
  /// Entries, `$readmemh` format, that of code 0 first.
  parameter InitFile = ""
) (
  /// Clock.
  input  logic                     clk_i,
  /// Reset, active low.
  input  logic                     rst_ni,
  /// Input stream.
  input  logic                     s_valid_i,
  output logic                     s_ready_o,
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [Lanes*InBits-1:0]  s_data_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic                     s_last_i,
  /// Output stream.
  output logic                     m_valid_o,
  input  logic                     m_ready_i,
  output logic [Lanes*OutBits-1:0] m_data_o,
  output logic                     m_last_o
);

  generate
    if (CodeBits < 1 || CodeBits > InBits) begin : gen_rule1 epim_rule_table_code_bits_1_to_in_bits u_rule (); end
  endgenerate

  logic valid_q, last_q;
  assign s_ready_o = !valid_q || m_ready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      last_q  <= 1'b0;
    end else if (s_ready_o) begin
      valid_q <= s_valid_i;
      last_q  <= s_last_i;
    end
  end
  assign m_valid_o = valid_q;
  assign m_last_o  = last_q;

  generate
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      epim_ram #(.Depth(2 ** CodeBits), .Width(OutBits), .InitFile(InitFile)) u_table (
        .clk_i, .re_i(s_valid_i && s_ready_o), .raddr_i(s_data_i[l*InBits +: CodeBits]), .rdata_o(m_data_o[l*OutBits +: OutBits]),
        .we_i(1'b0), .waddr_i({CodeBits{1'b0}}), .wdata_i({OutBits{1'b0}})
      );
    end
  endgenerate

endmodule
