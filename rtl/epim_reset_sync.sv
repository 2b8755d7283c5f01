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

  // The last register stands alone: it is a reset, those before it are data.
  localparam int Data = (Stages > 1) ? Stages - 1 : 1;
  (* async_reg = "true" *) logic [Data-1:0] stage_q;
  (* async_reg = "true" *) logic            reset_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stage_q <= '0;
      reset_q <= 1'b0;
    end else begin
      stage_q <= Data'({stage_q, 1'b1});
      reset_q <= stage_q[Data-1];
    end
  end

  assign rst_no = reset_q;

endmodule
