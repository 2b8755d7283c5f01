// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Reset synchroniser: `rst_no` falls with `rst_ni`, without a clock, and rises with the `Stages`-th rising edge of the
/// clock after `rst_ni` has risen. Only its registers see the asynchronous end of a reset.
module epim_reset_sync #(
  /// Registers in a row, >= 2.
  parameter int Stages = 2
) (
  /// Clock.
  input  logic clk_i,
  /// Reset, active low, asynchronous to the clock.
  input  logic rst_ni,
  /// The same, released synchronously.
  output logic rst_no
);

  generate
    if (Stages < 2) begin : gen_rule1 epim_rule_reset_stages_at_least_2 u_rule (); end
  endgenerate

  (* async_reg = "true" *) logic [Stages-1:0] stage_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) stage_q <= '0;
    else stage_q <= Stages'({stage_q, 1'b1});
  end

  assign rst_no = stage_q[Stages-1];

endmodule
