// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_reset_sync under any reset, sampled by the clock. The fall without a clock is the module test's.
module proof #(
  parameter int Stages = 3
) (
  input logic clk_i,
  input logic rst_n
);
  logic first = 1'b1;
  logic sync;
  epim_reset_sync #(.Stages(Stages)) dut (.clk_i, .rst_ni(rst_n && !first), .rst_no(sync));

  logic [3:0] edges;  // rising edges of the clock without reset
  always_ff @(posedge clk_i) begin
    first <= 1'b0;
    if (first || !rst_n) edges <= '0;
    else if (edges != 4'd15) edges <= edges + 4'd1;
  end
  always_ff @(posedge clk_i) begin
    if (!first) begin
      if (!rst_n) assert (!sync);
      else assert (sync == (32'(edges) >= Stages));
      cover (sync);
    end
  end
endmodule
