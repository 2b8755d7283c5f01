// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// max(0, x) of every lane of a signed stream. No register: handshake and `tlast` pass through.
module epim_stream_relu #(
  /// Channels per word.
  parameter int Lanes = 8,
  /// Bits of a channel.
  parameter int Bits = 8
) (
  /// Input stream.
  input  logic                  s_valid_i,
  output logic                  s_ready_o,
  input  logic [Lanes*Bits-1:0] s_data_i,
  input  logic                  s_last_i,
  /// Output stream.
  output logic                  m_valid_o,
  input  logic                  m_ready_i,
  output logic [Lanes*Bits-1:0] m_data_o,
  output logic                  m_last_o
);

  assign m_valid_o = s_valid_i;
  assign s_ready_o = m_ready_i;
  assign m_last_o  = s_last_i;

  generate
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      assign m_data_o[l*Bits +: Bits] = s_data_i[l*Bits+Bits-1] ? '0 : s_data_i[l*Bits +: Bits];
    end
  endgenerate

endmodule
