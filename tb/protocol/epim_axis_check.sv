// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Rules of one valid/ready channel, as AXI4-Stream and every channel of AXI4-Lite have them.
///
/// Not part of the design: simulations and proofs watch ports with it. `broken_o` is of the cycle before the edge.
module epim_axis_check #(
  /// Bits of all that valid vouches for.
  parameter int Width = 8
) (
  /// Clock.
  input  logic             clk_i,
  /// Reset, active low.
  input  logic             rst_ni,
  /// The channel.
  input  logic             valid_i,
  input  logic             ready_i,
  input  logic [Width-1:0] payload_i,
  /// Broken rule: bit 0 valid during reset, 1 a beat is withdrawn before it is taken, 2 its payload changes.
  output logic [2:0]       broken_o
);

  logic             waiting_q;
  logic [Width-1:0] payload_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) waiting_q <= 1'b0;
    else waiting_q <= valid_i && !ready_i;
  end
  always_ff @(posedge clk_i) begin
    payload_q <= payload_i;
  end

  assign broken_o[0] = !rst_ni && valid_i;
  assign broken_o[1] = rst_ni && waiting_q && !valid_i;
  assign broken_o[2] = rst_ni && waiting_q && valid_i && (payload_i != payload_q);

endmodule
